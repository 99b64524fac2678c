package dev.pumasi.queue.http;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.queue.Topic;
import dev.pumasi.queue.TopicSettings;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.sync.Semaphore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Queue} for other processes and other languages: what they ask for over HTTP. It can be mounted in any server:
 *
 * <pre>{@code
 * QueueHandler face = QueueHandler.builder(queue).path("/queue").open();
 * Router.builder().any("/queue/*", face).get("/", page).build();
 * }</pre>
 *
 * <pre>
 *   POST   /topics/T/messages                            publish: the body is the message's
 *   POST   /topics/T/batch                               publish many: lines of JSON
 *   POST   /topics/T/groups/G/take[?max=N&amp;wait=20s]       the next message, or lines of several
 *   GET    /topics/T/groups/G/events[?window=N]          messages as server-sent events
 *   POST   /topics/T/groups/G/deliveries/D/acknowledge
 *   POST   /topics/T/groups/G/deliveries/D/reject[?delay=10s]    the body is the reason
 *   GET    /topics, /topics/T                            figures
 *   PUT    /topics/T?retention-age=7d…                   how a topic is kept
 *   PUT    /topics/T/groups/G/members/M, DELETE          a consumer comes, and goes
 *   DELETE /topics/T/groups/G                            forget a group
 * </pre>
 *
 * <p><b>What is promised</b> is what the queue promises. A publication is answered when it is durable, with its position; an
 * acknowledgement when a crash cannot undo it. To take is a POST, because it changes something: a GET may be repeated by any
 * client or proxy on the way.
 *
 * <p><b>Who dies.</b> A message that was taken and is not settled comes again after the group's {@code settle-within}; one whose
 * taker was gone before it was sent, at once; those of a stream of events when the stream ends.
 *
 * <p><b>Back-pressure.</b> When the queue is full a publication waits, up to a number of them (then 429) and for a time (then
 * 503), and so does whoever has sent it. A full disk is told at once (503). Each such answer says by Retry-After when to try again,
 * and nothing was stored then.
 *
 * <p><b>Who may ask.</b> Without a token programs of the same machine, and no web pages; with one whoever shows it. See {@link Guard}.
 *
 * <p><b>What it will not do:</b> keep a consumer's place in the middle of a group for it, or its own copy of anything. It holds
 * what {@link Members} says, up to {@link QueueLimits}. The queue's state stays on the queue's loop; handlers may run on any.
 *
 * <p>Errors are problem details (RFC 9457). docs/queue-http.md has an example of each.
 */
public final class QueueHandler implements Handler, AutoCloseable {

    /** What {@code take} looks for at least, when nothing shall be waited for: messages lie on a disk. */
    private static final Duration WAIT_MIN = Duration.ofMillis(100);

    private static final Duration WAIT = Duration.ofSeconds(1);
    private static final int WINDOW = 16;
    private static final Duration PAUSE_FIRST = Duration.ofMillis(5);
    private static final Duration PAUSE_MAX = Duration.ofMillis(100);
    private static final int REASON_BYTES_MAX = 4 * Delivery.REASON_CHARACTERS_MAX;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final MediaType EVENTS = MediaType.of("text/event-stream");

    /** What {@code curl} consumes as, unless told otherwise. */
    private static final String ANYBODY = "anybody";

    private final Queue queue;
    private final QueueLimits limits;
    private final Guard guard;
    private final Members members;
    private final Router router;
    private final AtomicReference<Map<String, Topic>> topics = new AtomicReference<>(Map.of());
    private final AtomicInteger publishersWaiting = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();

    /** What one of the routes does. */
    private interface Action {
        Response answer(Request request) throws Exception;
    }

    private QueueHandler(Builder builder) {
        queue = builder.queue;
        limits = builder.limits;
        guard = new Guard(builder.token);
        members = new Members(queue, limits);
        String topic = builder.path + "/topics/{topic}";
        String group = topic + "/groups/{group}";
        router = Router.builder()
                .get(builder.path + "/topics", asked(this::all))
                .get(topic, asked(this::one))
                .put(topic, asked(this::keep))
                .post(topic + "/messages", asked(this::publish))
                .post(topic + "/batch", asked(this::publishBatch))
                .delete(group, asked(this::forget))
                .post(group + "/take", asked(this::take))
                .get(group + "/events", asked(this::events))
                .put(group + "/members/{member}", asked(this::join))
                .delete(group + "/members/{member}", asked(this::leave))
                .post(group + "/deliveries/{delivery}/acknowledge", asked(this::acknowledge))
                .post(group + "/deliveries/{delivery}/reject", asked(this::reject))
                .otherwise(asked(_ -> Problem.of(
                                404,
                                "no-such-place",
                                "There is nothing here.",
                                "docs/queue-http.md lists what there is; figures are at " + builder.path + "/topics.")
                        .response()))
                .build();
    }

    /** A handler for that queue, which whoever opens it closes afterwards. */
    public static Builder builder(Queue queue) {
        return new Builder(queue);
    }

    /** How it is to be; every setting has a default. Not thread-safe. */
    public static final class Builder {

        private final Queue queue;
        private QueueLimits limits = QueueLimits.DEFAULTS;
        private String token = "";
        private String path = "";

        private Builder(Queue queue) {
            this.queue = queue;
        }

        public Builder limits(QueueLimits of) {
            limits = of;
            return this;
        }

        /** Where it is mounted: {@code "/queue"}, or nothing, which is the default. */
        public Builder path(String prefix) {
            if (!prefix.isEmpty() && (!prefix.startsWith("/") || prefix.endsWith("/"))) {
                throw new IllegalArgumentException("a path like /queue, with no slash at its end, and not " + prefix);
            }
            path = prefix;
            return this;
        }

        /** What everybody must show who asks; without one (the default) only this machine's programs may. */
        public Builder token(String secret) {
            token = secret;
            return this;
        }

        public QueueHandler open() {
            return new QueueHandler(this);
        }
    }

    @Override
    public Endpoint select(Request request) {
        return router.select(request);
    }

    @Override
    public Response handle(Request request) throws Exception {
        return router.handle(request);
    }

    /** Closes its consumers: who waits for messages is answered, what they have goes to others. Does not wait; the queue stays open. */
    @Override
    public void close() {
        members.close();
    }

    private Handler asked(Action action) {
        return request -> {
            Optional<Problem> refused = guard.refusal(request);
            if (refused.isPresent()) {
                Response response = refused.get().response();
                return response.status() == 401 ? response.withHeader("WWW-Authenticate", "Bearer") : response;
            }
            try {
                return action.answer(request);
            } catch (Refusal refusal) {
                return refusal.problem().response();
            } catch (IllegalArgumentException wrong) {
                return Problem.invalid(String.valueOf(wrong.getMessage())).response();
            } catch (QueueException failed) {
                return Problem.of(failed).response();
            }
        };
    }

    // ------------------------------------------------------------------------------------------- publishing

    private Response publish(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), Set.of());
        Message message = MessageFields.message(
                request.header(MessageFields.KEY, ""),
                request.header(MessageFields.ID, ""),
                request.headers(MessageFields.HEADER),
                request.body().bytes());
        List<Position> positions = published(topic(request), List.of(message));
        return Response.bytes(MediaType.JSON, Texts.line(MessageJson.line(positions.getFirst())))
                .withStatus(201)
                .withHeader(MessageFields.POSITION, positions.getFirst().toString());
    }

    private Response publishBatch(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), Set.of());
        List<Message> messages = messages(request.body().text());
        StringBuilder answer = new StringBuilder();
        for (Position position : published(topic(request), messages)) {
            answer.append(MessageJson.line(position)).append('\n');
        }
        return Response.bytes(Texts.LINES, answer.toString().getBytes(StandardCharsets.UTF_8))
                .withStatus(201);
    }

    private List<Message> messages(String lines) throws Refusal {
        List<Message> messages = new ArrayList<>();
        int number = 0;
        for (String line : lines.split("\n", -1)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            if (messages.size() == limits.batchMessagesMax()) {
                throw new Refusal(Problem.of(
                        413,
                        "batch-too-large",
                        "The batch is over the limit.",
                        "A batch has " + limits.batchMessagesMax()
                                + " messages at most; nothing of it was published."));
            }
            try {
                messages.add(MessageJson.message(line));
            } catch (IllegalArgumentException wrong) {
                throw new IllegalArgumentException(
                        "line " + number + ": " + wrong.getMessage() + "; nothing was published", wrong);
            }
        }
        return messages;
    }

    /**
     * Publishes them in their order, and waits for room, for a while, where there is none. The first that finds none ends the
     * attempt: those behind it wait with it, so that their order stays.
     */
    private List<Position> published(Topic topic, List<Message> messages) throws IOException {
        Publication publication = new Publication(topic, messages);
        long leftNanos = limits.publishPatience().toNanos();
        Duration pause = PAUSE_FIRST;
        boolean waits = false;
        try {
            while (true) {
                try {
                    publication.goOn();
                    return publication.positions();
                } catch (QueueException full) {
                    if (full.failure() != QueueFailure.FULL || leftNanos <= 0) {
                        throw new Refusal(told(Problem.of(full), publication, messages));
                    }
                }
                if (!waits && publishersWaiting.incrementAndGet() > limits.publishersWaitingMax()) {
                    publishersWaiting.decrementAndGet();
                    throw new Refusal(told(
                            Problem.tooMany(
                                    "too-many-publishers",
                                    "The queue is full, and " + limits.publishersWaitingMax()
                                            + " publications wait for room already."),
                            publication,
                            messages));
                }
                waits = true;
                Timer.sleep(pause);
                leftNanos -= pause.toNanos();
                pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : pause.multipliedBy(2);
            }
        } finally {
            if (waits) {
                publishersWaiting.decrementAndGet();
            }
        }
    }

    /** With what of a batch is durable, so that its sender knows where to go on. */
    private static Problem told(Problem problem, Publication publication, List<Message> messages) {
        return messages.size() == 1
                ? problem
                : problem.with(Map.of(
                        "published",
                        publication.positions().stream().map(Position::toString).toList()));
    }

    // ------------------------------------------------------------------------------------------- consuming

    private Response take(Request request) throws Exception {
        Set<String> known = new HashSet<>(SettingsQuery.OF_GROUPS);
        known.addAll(List.of("max", "wait", "member"));
        SettingsQuery.requireOnly(request.query(), known);
        Duration wait = SettingsQuery.time(request::queryParameter, "wait", WAIT);
        wait = wait.compareTo(WAIT_MIN) < 0 ? WAIT_MIN : wait.compareTo(limits.waitMax()) > 0 ? limits.waitMax() : wait;
        boolean inLines = request.queryParameter("max").isPresent();
        int most = (int) Math.min(
                SettingsQuery.number(request::queryParameter, "max", 1, 1, Integer.MAX_VALUE), limits.takeMax());
        Members.Member member = enter(
                key(request), name(request.queryParameter("member").orElse(ANYBODY)), settings(request), null, most);
        boolean handedOver = false;
        try {
            Consumer consumer = QueueException.await(member.opening);
            if (inLines) {
                Taking lines = Taking.lines(members, member, consumer, most, wait);
                handedOver = true;
                return Response.stream(Texts.LINES, counted(lines));
            }
            // What is on its way to a client that goes away meanwhile goes to the next one.
            Duration patience = wait;
            Optional<Delivery> taken = request.untilGone(() -> Taking.take(consumer, patience));
            if (taken.isEmpty()) {
                return Response.of(204);
            }
            OnLoop.<Boolean>ask(members.loop(), () -> {
                members.took(member, List.of(taken.get()));
                return true;
            });
            return response(taken.get());
        } finally {
            if (!handedOver) {
                waiting.decrementAndGet();
                members.loop().run(() -> members.leave(member));
            }
        }
    }

    private static Response response(Delivery delivery) {
        return Response.bytes(MediaType.OCTETS, delivery.message().body())
                .withFields(MessageFields.of(delivery.message()))
                .withHeader(MessageFields.POSITION, delivery.position().toString())
                .withHeader(MessageFields.DELIVERY, MessageJson.deliveryName(delivery.position(), delivery.attempt()))
                .withHeader(MessageFields.ATTEMPT, Integer.toString(delivery.attempt()))
                .withHeader(MessageFields.STORED, delivery.storedAt().toString())
                .withHeader("Cache-Control", "no-store");
    }

    private Response events(Request request) throws IOException {
        Set<String> known = new HashSet<>(SettingsQuery.OF_GROUPS);
        known.add("window");
        SettingsQuery.requireOnly(request.query(), known);
        int most = (int) Math.min(
                SettingsQuery.number(request::queryParameter, "window", WINDOW, 1, Integer.MAX_VALUE),
                limits.windowMax());
        Semaphore window = new Semaphore("window of a stream of events", most);
        // With a blank in front, which no name has that somebody chose.
        String name = " stream " + streams.incrementAndGet();
        Members.Member member = enter(key(request), name, settings(request), window, most);
        boolean handedOver = false;
        try {
            Consumer consumer = QueueException.await(member.opening);
            Taking events = Taking.events(members, member, consumer, window);
            handedOver = true;
            return Response.stream(EVENTS, counted(events)).withHeader("Cache-Control", "no-store");
        } finally {
            if (!handedOver) {
                waiting.decrementAndGet();
                members.loop().run(() -> members.close(member));
            }
        }
    }

    /** It counts as waiting until its body has been written, or is not to be. */
    private Counted counted(Taking taking) {
        return new Counted(taking, waiting);
    }

    private Members.Member enter(
            Members.Key key, String name, Optional<GroupSettings> settings, @Nullable Semaphore window, int most)
            throws IOException {
        if (waiting.incrementAndGet() > limits.waitingMax()) {
            waiting.decrementAndGet();
            throw new Refusal(Problem.tooMany(
                    "too-many-consumers", limits.waitingMax() + " requests wait for messages already."));
        }
        boolean entered = false;
        try {
            Members.Member member = OnLoop.ask(members.loop(), () -> {
                if (!members.hasRoom(most)) {
                    throw new QueueException(
                            "take messages of " + key.topic(),
                            QueueFailure.TOO_MANY,
                            "too many deliveries are not settled: the limit is " + limits.outMax());
                }
                return members.enter(key, name, settings, window);
            });
            entered = true;
            return member;
        } finally {
            if (!entered) {
                waiting.decrementAndGet();
            }
        }
    }

    private Response join(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), SettingsQuery.OF_GROUPS);
        Members.Member member = enter(key(request), name(request.pathParameter("member")), settings(request), null, 1);
        try {
            QueueException.await(member.opening);
            return Response.of(204);
        } finally {
            waiting.decrementAndGet();
            members.loop().run(() -> members.leave(member));
        }
    }

    private Response leave(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), Set.of());
        Members.Key key = key(request);
        String name = name(request.pathParameter("member"));
        OnLoop.<Boolean>ask(members.loop(), () -> {
            members.close(key, name);
            return true;
        });
        return Response.of(204);
    }

    private Response acknowledge(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), Set.of());
        return settled(request, Delivery::acknowledge);
    }

    private Response reject(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), Set.of("delay"));
        byte[] body = request.body().bytes();
        if (body.length > REASON_BYTES_MAX) {
            throw new Refusal(Problem.of(
                    413, "reason-too-long", "The reason is too long.", REASON_BYTES_MAX + " bytes are enough for it."));
        }
        String reason = new String(body, StandardCharsets.UTF_8);
        Optional<Duration> delay = request.queryParameter("delay").isEmpty()
                ? Optional.empty()
                : Optional.of(SettingsQuery.time(request::queryParameter, "delay", Duration.ZERO));
        return settled(request, delivery -> {
            if (delay.isPresent()) {
                delivery.reject(reason, delay.get());
            } else {
                delivery.reject(reason);
            }
        });
    }

    /** How a delivery is settled. */
    private interface Settling {
        void settle(Delivery delivery) throws IOException;
    }

    private Response settled(Request request, Settling settling) throws IOException {
        Members.Key key = key(request);
        String name = request.pathParameter("delivery");
        int dash = name.lastIndexOf('-');
        String position =
                dash < 0 ? "" : Position.parse(name.substring(0, dash)).toString();
        int attempt;
        try {
            attempt = Integer.parseInt(name.substring(dash + 1));
        } catch (NumberFormatException none) {
            throw new IllegalArgumentException("no delivery: " + name + "; one looks like 0-42-1", none);
        }
        if (position.isEmpty()) {
            throw new IllegalArgumentException("no delivery: " + name + "; one looks like 0-42-1");
        }
        Members.Out out = OnLoop.ask(members.loop(), () -> members.settle(key, position, attempt));
        try {
            settling.settle(out.delivery());
        } catch (QueueException failed) {
            if (failed.failure() != QueueFailure.STALE) {
                members.loop().run(() -> members.restore(out));
            }
            throw failed;
        }
        return Texts.json(Map.of("position", position));
    }

    private Response forget(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), Set.of());
        Members.Key key = key(request);
        if (!queue.topics().contains(key.topic())) {
            throw new QueueException(
                    "forget the group " + key.group(), QueueFailure.NOT_FOUND, "there is no topic " + key.topic());
        }
        OnLoop.<Boolean>ask(members.loop(), () -> {
            members.close(key, ANYBODY);
            return true;
        });
        QueueException.await(topic(request).startForget(key.group()));
        return Response.of(204);
    }

    // ------------------------------------------------------------------------------------------- topics

    private Response all(Request request) {
        SettingsQuery.requireOnly(request.query(), Set.of());
        return Texts.json(
                Map.of("topics", queue.status().stream().map(StatusJson::of).toList()));
    }

    private Response one(Request request) throws QueueException {
        SettingsQuery.requireOnly(request.query(), Set.of());
        String name = request.pathParameter("topic");
        for (TopicStatus status : queue.status()) {
            if (status.name().equals(name)) {
                return Texts.json(StatusJson.of(status));
            }
        }
        throw new QueueException("look at " + name, QueueFailure.NOT_FOUND, "there is no topic " + name);
    }

    private Response keep(Request request) throws IOException {
        SettingsQuery.requireOnly(request.query(), SettingsQuery.OF_TOPICS);
        queue.topic(request.pathParameter("topic"), SettingsQuery.topic(request::queryParameter));
        return Response.of(204);
    }

    private Topic topic(Request request) throws IOException {
        String name = request.pathParameter("topic");
        Topic known = topics.get().get(name);
        if (known == null) {
            Topic found = queue.topic(name, TopicSettings.DEFAULT);
            known = found;
            topics.updateAndGet(before -> {
                Map<String, Topic> more = new HashMap<>(before);
                more.put(name, found);
                return Map.copyOf(more);
            });
        }
        return known;
    }

    private static Members.Key key(Request request) {
        return new Members.Key(request.pathParameter("topic"), request.pathParameter("group"));
    }

    private static String name(String said) {
        if (!NAME.matcher(said).matches()) {
            throw new IllegalArgumentException(
                    "a member has 1 to 128 letters, digits, '-', '_', '.', and not '" + said + "'");
        }
        return said;
    }

    /** What is said about the group; empty if nothing is, so that what holds goes on to hold. */
    private static Optional<GroupSettings> settings(Request request) {
        for (String name : SettingsQuery.OF_GROUPS) {
            if (request.queryParameter(name).isPresent()) {
                return Optional.of(SettingsQuery.group(request::queryParameter));
            }
        }
        return Optional.empty();
    }
}
