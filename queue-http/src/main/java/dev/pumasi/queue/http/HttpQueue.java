package dev.pumasi.queue.http;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.HttpClient;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.QueueUrl;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A queue in another process, by way of one HTTP client on one loop. What differs from others is said in {@link HttpEngine}. */
final class HttpQueue implements Queue {

    private final Loop loop;
    private final QueueUrl url;
    private final HttpEngine.Settings settings;
    private final HttpClient client =
            HttpClient.builder().limits(HttpEngine.Settings.LIMITS).open();

    /** That are open. Of the loop. */
    private final Set<HttpConsumer> consumers = new LinkedHashSet<>();

    /** Are about to leave. Of the loop. */
    private final Map<HttpConsumer, Operation<Boolean>> leaving = new LinkedHashMap<>();

    /** By topic. Copied on write; a lane itself is the loop's. */
    private final AtomicReference<Map<String, HttpLane>> lanes = new AtomicReference<>(Map.of());

    private volatile List<TopicStatus> seen = List.of();
    private volatile boolean closingBegun;
    private volatile boolean closed;
    private @Nullable Operation<Queue> closing;

    HttpQueue(Loop loop, QueueUrl url, HttpEngine.Settings settings) {
        this.loop = loop;
        this.url = url;
        this.settings = settings;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public QueueUrl url() {
        return url;
    }

    HttpClient client() {
        return client;
    }

    HttpEngine.Settings settings() {
        return settings;
    }

    /** Whom it asks, for people: without what may be a secret. */
    String place() {
        return "http://" + settings.origin().authority() + settings.path();
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether nothing new is taken any more. */
    boolean isClosing() {
        return closingBegun;
    }

    /** What keeps publications to that topic in their order. Any thread. */
    HttpLane lane(String topic) {
        HttpLane known = lanes.get().get(topic);
        return known != null
                ? known
                : Objects.requireNonNull(lanes.updateAndGet(before -> {
                            if (before.containsKey(topic)) {
                                return before;
                            }
                            Map<String, HttpLane> more = new HashMap<>(before);
                            more.put(topic, new HttpLane(this, topic));
                            return Map.copyOf(more);
                        })
                        .get(topic));
    }

    /** @param target what follows the path of the queue; its parts are encoded */
    ClientRequest request(String method, String target) {
        ClientRequest request = ClientRequest.of(method, settings.origin(), settings.path() + target)
                .withTimeout(settings.limit());
        return settings.token().isEmpty() ? request : request.withHeader("Authorization", "Bearer " + settings.token());
    }

    static String encoded(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Asks once, so that a wrong address or token is told now. */
    Operation<Queue> opening() {
        return HttpCall.<Queue>start(this, "open the queue at " + place(), request("GET", "/topics"), answer -> {
                    seen = read(answer.body().text());
                    return this;
                })
                .onDone(outcome -> {
                    if (outcome instanceof Operation.Failed<? extends Queue>) {
                        closed = true;
                        client.close();
                    }
                });
    }

    private static List<TopicStatus> read(String text) {
        Map<String, @Nullable Object> answer = Json.object(text);
        if (!answer.containsKey("topics")) {
            throw new IllegalArgumentException("no queue answers there");
        }
        return StatusJson.objects(answer.get("topics")).stream()
                .map(StatusJson::topic)
                .toList();
    }

    // ------------------------------------------------------------------------------------------- topics

    @Override
    public Operation<Topic> startTopic(String name, TopicSettings how) {
        return HttpCall.start(
                this,
                "open the topic " + name,
                request("PUT", "/topics/" + encoded(name) + "?" + SettingsQuery.query(how)),
                _ -> new HttpTopic(this, name));
    }

    @Override
    public List<String> topics() {
        return status().stream().map(TopicStatus::name).toList();
    }

    /** Asks for them. On a loop's own thread, which cannot wait, and where nobody answers, those that were seen last. */
    @Override
    public List<TopicStatus> status() {
        Operation<List<TopicStatus>> asked =
                HttpCall.start(this, "look at " + place(), request("GET", "/topics"), answer -> {
                    List<TopicStatus> all = read(answer.body().text());
                    seen = all;
                    return all;
                });
        if (Loop.current().isPresent() && !Thread.currentThread().isVirtual()) {
            return seen;
        }
        try {
            return asked.await();
        } catch (IOException unanswered) {
            return seen;
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    void opened(HttpConsumer consumer) {
        consumers.add(consumer);
    }

    void leaves(HttpConsumer consumer, Operation<Boolean> until) {
        consumers.remove(consumer);
        leaving.put(consumer, until);
        until.onDone(_ -> leaving.remove(consumer));
    }

    /** The good-byes to that group that have not been heard yet. On the loop. */
    List<Operation<Boolean>> leaving(String group) {
        return leaving.entrySet().stream()
                .filter(each -> each.getKey().target().equals(group))
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public Operation<Queue> startClose() {
        return new Closing().asked();
    }

    @Override
    public void close() throws IOException {
        QueueException.await(startClose());
    }

    /**
     * What is being published is waited for. Consumers leave, so that what they have goes to others now; who cannot be reached is
     * not waited for long.
     */
    private final class Closing extends Promise<Queue> {

        private int left;

        Closing() {
            super(loop);
        }

        Operation<Queue> asked() {
            return begun();
        }

        @Override
        protected void begin() {
            Operation<Queue> first = closing;
            if (first != null) {
                first.onDone(_ -> kept(HttpQueue.this));
                return;
            }
            closing = this;
            closingBegun = true;
            List<Operation<Boolean>> leaving = new ArrayList<>();
            for (HttpConsumer consumer : List.copyOf(consumers)) {
                leaving.add(consumer.startLeave());
            }
            List<HttpLane> publishing = List.copyOf(lanes.get().values());
            left = leaving.size() + publishing.size() + 1;
            leaving.forEach(one -> one.onDone(_ -> oneLess()));
            publishing.forEach(lane -> lane.whenIdle(this::oneLess));
            oneLess();
        }

        private void oneLess() {
            left--;
            if (left == 0) {
                closed = true;
                client.close();
                kept(HttpQueue.this);
            }
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "close the queue at " + place();
        }
    }

    static QueueException closed(String attempt) {
        return new QueueException(attempt, QueueFailure.CLOSED);
    }

    @Override
    public String toString() {
        return "queue at " + place();
    }
}
