package dev.pumasi.queue.http;

import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.util.List;

/**
 * Forgets a group, when its members of this process that are about to leave it have left: who closes his consumer and then forgets
 * the group means both in that order, and requests on two connections have none.
 */
final class Forgetting extends Promise<Topic> {

    private final HttpTopic topic;
    private final String group;
    private int left;

    Forgetting(HttpTopic topic, String group) {
        super(topic.queue().loop());
        this.topic = topic;
        this.group = group;
    }

    Operation<Topic> asked() {
        return begun();
    }

    @Override
    protected void begin() {
        List<Operation<Boolean>> leaving = topic.queue().leaving(topic.target(group));
        left = leaving.size() + 1;
        leaving.forEach(one -> one.onDone(_ -> oneLess()));
        oneLess();
    }

    private void oneLess() {
        left--;
        if (left > 0) {
            return;
        }
        HttpCall.<Topic>start(topic.queue(), what(), topic.queue().request("DELETE", topic.target(group)), _ -> topic)
                .onDone(outcome -> {
                    switch (outcome) {
                        case Operation.Success<? extends Topic> _ -> kept(topic);
                        case Operation.Failed<? extends Topic>(Throwable failure) -> broken(failure);
                    }
                });
    }

    @Override
    protected boolean abandon() {
        return false; // the other process may have done it
    }

    @Override
    protected String what() {
        return "forget the group " + group + " of " + topic.name();
    }
}
