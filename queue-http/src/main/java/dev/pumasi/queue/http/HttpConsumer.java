package dev.pumasi.queue.http;

import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.Topic;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A member of a group in another process. As long as somebody asks, one request is on its way that takes as many messages as are
 * asked for; what has come for who does not want it any more is kept for the next. While nobody answers it asks again, at
 * first soon, then less often. Its state belongs to the queue's loop.
 */
final class HttpConsumer implements Consumer {

    private static final int TAKE_MAX = 64;
    private static final long PAUSE_FIRST_NANOS = Duration.ofMillis(50).toNanos();
    private static final long PAUSE_MAX_NANOS = Duration.ofSeconds(2).toNanos();
    private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(2);

    /** Who dies tells nobody, and comes again under another name. */
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final System.Logger LOG = System.getLogger("dev.pumasi.queue");

    private final HttpTopic topic;
    private final String group;
    private final String name = "m" + Long.toHexString(RANDOM.nextLong());
    private final String settings;
    private final Deque<Asking> askings = new ArrayDeque<>();
    private final Deque<Delivery> ready = new ArrayDeque<>();
    private final Timer pause = Timer.of(this::ask);
    private @Nullable Operation<List<Delivery>> request;
    private long pauseNanos;
    private boolean closed;
    private @Nullable IOException over;

    HttpConsumer(HttpTopic topic, String group, GroupSettings settings) {
        this.topic = topic;
        this.group = group;
        this.settings = SettingsQuery.query(settings);
    }

    HttpQueue queue() {
        return topic.queue();
    }

    private Loop loop() {
        return queue().loop();
    }

    String target() {
        return topic.target(group);
    }

    String member() {
        return target() + "/members/" + name;
    }

    @Override
    public Topic topic() {
        return topic;
    }

    @Override
    public String group() {
        return group;
    }

    @Override
    public Operation<Delivery> startTake() {
        return new Asking().asked();
    }

    /** A wish for a message. */
    private final class Asking extends Promise<Delivery> {

        Asking() {
            super(topic.queue().loop());
        }

        Operation<Delivery> asked() {
            return begun();
        }

        @Override
        protected void begin() {
            IOException why = over;
            if (why != null) {
                broken(why);
            } else if (closed || queue().isClosed()) {
                broken(HttpQueue.closed(what()));
            } else {
                askings.addLast(this);
                give();
            }
        }

        void given(Delivery delivery) {
            kept(delivery);
        }

        void refused(IOException why) {
            broken(why);
        }

        @Override
        protected boolean abandon() {
            askings.remove(this);
            return true;
        }

        @Override
        protected String what() {
            return "take a message of " + topic.name() + " for " + group;
        }
    }

    private void give() {
        while (!askings.isEmpty() && !ready.isEmpty()) {
            askings.removeFirst().given(ready.removeFirst());
        }
        ask();
    }

    private void ask() {
        if (closed || over != null || askings.isEmpty() || request != null || pause.isRunning()) {
            return;
        }
        int most = Math.min(askings.size(), TAKE_MAX);
        Duration wait = queue().settings().patience();
        String target =
                target() + "/take?member=" + name + "&max=" + most + "&wait=" + wait.toMillis() + "ms&" + settings;
        Operation<List<Delivery>> sent = HttpCall.start(
                queue(),
                "take messages of " + topic.name() + " for " + group,
                queue().request("POST", target)
                        .withTimeout(wait.plus(queue().settings().limit())),
                answer -> deliveries(answer.body().text()));
        request = sent;
        sent.onDone(this::answered);
    }

    private List<Delivery> deliveries(String lines) {
        List<Delivery> all = new ArrayList<>();
        lines.lines().filter(line -> !line.isBlank()).forEach(line -> all.add(HttpDelivery.of(this, line)));
        return all;
    }

    private void answered(Operation.Outcome<? extends List<Delivery>> outcome) {
        request = null;
        switch (outcome) {
            case Operation.Success<? extends List<Delivery>>(List<Delivery> taken) -> {
                if (pauseNanos > 0) {
                    LOG.log(System.Logger.Level.INFO, "{0} is reached again", queue());
                }
                pauseNanos = 0;
                ready.addAll(taken);
            }
            case Operation.Failed<? extends List<Delivery>>(Throwable failure) -> {
                if (closed) {
                    return;
                }
                QueueException why = QueueException.in("take messages of " + topic.name(), failure);
                if (!mayPass(why.failure())) {
                    end(why);
                    return;
                }
                if (pauseNanos == 0) {
                    LOG.log(System.Logger.Level.WARNING, "{0}; trying again until it can be", why.getMessage());
                }
                pauseNanos = pauseNanos == 0 ? PAUSE_FIRST_NANOS : Math.min(2 * pauseNanos, PAUSE_MAX_NANOS);
                loop().start(pause, pauseNanos);
            }
        }
        give();
    }

    /** Whether it makes sense to ask again. The other process may be about to stop, or to start. */
    private boolean mayPass(QueueFailure failure) {
        return switch (failure) {
            case UNAVAILABLE, FULL, DISK_FULL, STALE, TOO_MANY -> true;
            case CLOSED -> !queue().isClosed();
            case TOO_LARGE, STOPPED, DAMAGED, IN_USE, INVALID, NOT_FOUND -> false;
        };
    }

    private void end(IOException why) {
        over = why;
        while (!askings.isEmpty()) {
            askings.removeFirst().refused(why);
        }
    }

    @Override
    public void close() {
        loop().run(this::startLeave);
    }

    /** Says good-bye; yields whether that was heard. On the loop. */
    Operation<Boolean> startLeave() {
        if (closed) {
            return Done.well(loop(), "leave", true);
        }
        closed = true;
        loop().cancel(pause);
        Operation<List<Delivery>> running = request;
        if (running != null) {
            running.cancel();
        }
        while (!askings.isEmpty()) {
            askings.removeFirst().refused(HttpQueue.closed("take a message of " + topic.name() + " for " + group));
        }
        ready.clear();
        Operation<Boolean> leaving = HttpCall.start(
                queue(),
                "leave the group " + group + " of " + topic.name(),
                queue().request("DELETE", member()).withTimeout(LEAVE_PATIENCE),
                _ -> true);
        queue().leaves(this, leaving);
        return leaving;
    }

    @Override
    public String toString() {
        return "consumer of " + group + " of " + topic;
    }
}
