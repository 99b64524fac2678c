package dev.pumasi.queue.http;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.MediaType;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What this process publishes to one topic of another one, in the order in which it was asked to: there is one request on its way,
 * and what comes meanwhile goes with the next, together. Two requests could overtake each other.
 *
 * <p>Of several messages that go together the beginning is stored if something fails. The first one behind it fails with that; so do
 * the others, unless it has to do with that one message alone: then they are tried again. Belongs to the queue's loop.
 */
final class HttpLane {

    /** How many may wait for their turn; beyond that they are refused as {@link QueueFailure#FULL}. */
    private static final int WAITING_MAX = 4_096;

    private static final long WAITING_BYTES_MAX = 16L << 20;

    /** Of one request. A single message may be longer. */
    private static final int TOGETHER_MAX = 256;

    /** As they are encoded, which may be six times their length: a server's limit for bodies is 1 MiB, unless it was told another. */
    private static final long TOGETHER_BYTES_MAX = 512 << 10;

    /** What fits into fields of HTTP whatever the encoding makes of it. */
    private static final int FIELD_CHARACTERS_MAX = 1_500;

    private final HttpQueue queue;
    private final String topic;
    private final String target;
    private final Deque<Sending> waiting = new ArrayDeque<>();
    private final List<Runnable> whenIdle = new ArrayList<>();
    private long waitingBytes;
    private boolean busy;

    HttpLane(HttpQueue queue, String topic) {
        this.queue = queue;
        this.topic = topic;
        target = "/topics/" + HttpQueue.encoded(topic);
    }

    /** Any thread. */
    Operation<Position> publish(Message message) {
        return new Sending(message).asked();
    }

    private final class Sending extends Promise<Position> {

        private final Message message;
        private byte @Nullable [] line;

        Sending(Message message) {
            super(queue.loop());
            this.message = message;
        }

        Operation<Position> asked() {
            return begun();
        }

        @Override
        protected void begin() {
            if (queue.isClosing()) {
                broken(new QueueException(what(), QueueFailure.CLOSED));
            } else if (waiting.size() >= WAITING_MAX
                    || waitingBytes + bytes() > WAITING_BYTES_MAX && waitingBytes > 0) {
                broken(new QueueException(what(), QueueFailure.FULL));
            } else {
                waiting.addLast(this);
                waitingBytes += bytes();
                send();
            }
        }

        long bytes() {
            return message.body().length;
        }

        /** What it is in a batch. */
        byte[] line() {
            byte[] encoded = line;
            if (encoded == null) {
                encoded = (MessageJson.line(message) + "\n").getBytes(StandardCharsets.UTF_8);
                line = encoded;
            }
            return encoded;
        }

        void stored(Position at) {
            kept(at);
        }

        void failed(QueueException why) {
            broken(why);
        }

        @Override
        protected boolean abandon() {
            return false;
        }

        @Override
        protected String what() {
            return "publish to " + topic;
        }
    }

    /** Runs it when nothing is on its way or waits. On the loop. */
    void whenIdle(Runnable then) {
        if (busy || !waiting.isEmpty()) {
            whenIdle.add(then);
        } else {
            then.run();
        }
    }

    private void send() {
        if (busy) {
            return;
        }
        if (waiting.isEmpty()) {
            List<Runnable> all = List.copyOf(whenIdle);
            whenIdle.clear();
            all.forEach(Runnable::run);
            return;
        }
        busy = true;
        List<Sending> together = new ArrayList<>();
        together.add(takeFirst());
        if (!waiting.isEmpty()) { // else nothing need be encoded
            long bytes = together.getFirst().line().length;
            while (!waiting.isEmpty()
                    && together.size() < TOGETHER_MAX
                    && bytes + waiting.getFirst().line().length <= TOGETHER_BYTES_MAX) {
                Sending next = takeFirst();
                bytes += next.line().length;
                together.add(next);
            }
        }
        HttpCall.startTakingProblems(
                        queue, "publish to " + topic, request(together), answer -> stored(together, answer))
                .onDone(outcome -> answered(together, outcome));
    }

    private Sending takeFirst() {
        Sending first = waiting.removeFirst();
        waitingBytes -= first.bytes();
        return first;
    }

    private ClientRequest request(List<Sending> together) {
        if (together.size() == 1 && fitsIntoFields(together.getFirst().message)) {
            Message message = together.getFirst().message;
            return queue.request("POST", target + "/messages")
                    .withFields(MessageFields.of(message))
                    .withBody(MediaType.OCTETS, message.body());
        }
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        together.forEach(one -> lines.writeBytes(one.line()));
        return queue.request("POST", target + "/batch").withBody(Texts.LINES, lines.toByteArray());
    }

    private static boolean fitsIntoFields(Message message) {
        int characters = message.key().length() + message.id().length();
        for (Map.Entry<String, String> header : message.headers().entrySet()) {
            characters += header.getKey().length() + header.getValue().length();
        }
        return characters <= FIELD_CHARACTERS_MAX && message.headers().size() <= Message.HEADERS_MAX;
    }

    /** What of it is stored, and why not the rest. */
    private record Stored(
            List<Position> positions, @Nullable QueueException why) {}

    private Stored stored(List<Sending> together, ClientResponse answer) throws IOException {
        String body = answer.body().text();
        List<Position> positions = new ArrayList<>();
        if (answer.isSuccessful()) {
            body.lines()
                    .filter(line -> !line.isBlank())
                    .forEach(line -> positions.add(Position.parse(MessageJson.text(Json.object(line), "position"))));
            if (positions.size() != together.size()) {
                throw new IOException(positions.size() + " positions for " + together.size() + " messages");
            }
            return new Stored(positions, null);
        }
        QueueException why = HttpCall.refused(queue, "publish to " + topic, answer.status(), body);
        try {
            if (Json.object(body).get("published") instanceof List<?> published) {
                published.forEach(one -> positions.add(Position.parse(String.valueOf(one))));
            }
        } catch (IllegalArgumentException notOurs) {
            // somebody else has answered, and nothing is known to be stored
        }
        return new Stored(positions.size() < together.size() ? positions : List.of(), why);
    }

    private void answered(List<Sending> together, Operation.Outcome<? extends Stored> outcome) {
        switch (outcome) {
            case Operation.Success<? extends Stored>(Stored stored) -> {
                int count = stored.positions.size();
                for (int i = 0; i < count; i++) {
                    together.get(i).stored(stored.positions.get(i));
                }
                QueueException why = stored.why;
                if (why != null) {
                    together.get(count).failed(why);
                    rest(together.subList(count + 1, together.size()), why);
                }
            }
            case Operation.Failed<? extends Stored>(Throwable failure) -> {
                QueueException why = QueueException.in("publish to " + topic, failure);
                together.forEach(one -> one.failed(why));
            }
        }
        busy = false;
        send();
    }

    private void rest(List<Sending> behind, QueueException why) {
        switch (why.failure()) {
            case TOO_LARGE, INVALID -> {
                for (Sending one : behind.reversed()) {
                    waiting.addFirst(one);
                    waitingBytes += one.bytes();
                }
            }
            case FULL, DISK_FULL, STOPPED, DAMAGED, IN_USE, STALE, TOO_MANY, NOT_FOUND, CLOSED, UNAVAILABLE ->
                behind.forEach(one -> one.failed(why));
        }
    }
}
