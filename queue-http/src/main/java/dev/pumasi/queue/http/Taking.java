package dev.pumasi.queue.http;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Semaphore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Messages on their way to somebody who waits for them, as a body that is written while it is sent.
 *
 * <p>A client that has gone is not noticed until something is sent to it. So while there is nothing to say, nothing is said
 * every now and then: an empty line, or a comment. What was taken for a client that turns out to be gone is given back at once.
 */
abstract class Taking implements BodyWriter {

    private static final byte[] EMPTY_LINE = {'\n'};
    private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    /** How long the second and further messages may take that go along with the first. */
    private static final Duration GATHER = Duration.ofMillis(1);

    private static final String GONE = "the consumer was gone before it was sent";

    final Members members;
    final Members.Member member;
    final Consumer consumer;

    private Taking(Members members, Members.Member member, Consumer consumer) {
        this.members = members;
        this.member = member;
        this.consumer = consumer;
    }

    /** Up to {@code most} messages as lines of JSON; none if none come within {@code wait}. */
    static Taking lines(Members members, Members.Member member, Consumer consumer, int most, Duration wait) {
        return new Lines(members, member, consumer, most, wait);
    }

    /** Messages as events, for as long as the client listens. */
    static Taking events(Members members, Members.Member member, Consumer consumer, Semaphore window) {
        return new Events(members, member, consumer, window);
    }

    /** The next message, if one comes in that time. */
    static Optional<Delivery> take(Consumer consumer, Duration wait) throws IOException {
        try {
            return Optional.of(QueueException.await(consumer.startTake().within(wait)));
        } catch (OperationException late) {
            if (late.failure() == Failure.TIMED_OUT) {
                return Optional.empty();
            }
            throw late;
        }
    }

    /** Up to {@code most}: the first within {@code wait}, others if they are there as well. */
    static List<Delivery> take(Consumer consumer, int most, Duration wait) throws IOException {
        List<Delivery> taken = new ArrayList<>();
        Optional<Delivery> first = take(consumer, wait);
        if (first.isPresent()) {
            taken.add(first.get());
            List<Operation<Delivery>> more = new ArrayList<>();
            for (int i = 1; i < most; i++) {
                more.add(consumer.startTake().within(GATHER));
            }
            for (Operation<Delivery> each : more) {
                try {
                    taken.add(each.await());
                } catch (IOException none) {
                    // not there in time; what was on its way goes to whoever asks next
                }
            }
        }
        return taken;
    }

    /** The loop learns what was taken before the client does, so that the client's answer finds it. */
    final void took(List<Delivery> taken) throws IOException {
        OnLoop.<Boolean>ask(members.loop(), () -> {
            members.took(member, taken);
            return true;
        });
    }

    final void giveBack(List<Delivery> taken) {
        members.loop().run(() -> {
            for (Delivery delivery : taken) {
                try {
                    members.settle(member.desk.key, delivery.position().toString(), delivery.attempt());
                    delivery.startReject(GONE, Duration.ZERO);
                } catch (QueueException settled) {
                    // by somebody who has seen it after all, or taken back already
                }
            }
        });
    }

    private static final class Lines extends Taking {

        private final int most;
        private final Duration wait;

        Lines(Members members, Members.Member member, Consumer consumer, int most, Duration wait) {
            super(members, member, consumer);
            this.most = most;
            this.wait = wait;
        }

        @Override
        public void writeTo(BodyOutput out) throws IOException {
            try {
                long leftNanos = wait.toNanos();
                List<Delivery> taken = List.of();
                while (taken.isEmpty() && leftNanos > 0) {
                    Duration slice =
                            Duration.ofNanos(Math.min(leftNanos, members.beat().toNanos()));
                    taken = take(consumer, most, slice);
                    leftNanos -= slice.toNanos();
                    if (taken.isEmpty() && leftNanos > 0) {
                        out.write(EMPTY_LINE);
                        out.flush();
                    }
                }
                took(taken);
                try {
                    for (Delivery delivery : taken) {
                        out.write(Texts.line(MessageJson.line(delivery)));
                    }
                    out.flush();
                } catch (IOException gone) {
                    giveBack(taken);
                    throw gone;
                }
            } catch (QueueException over) {
                if (over.failure() != QueueFailure.CLOSED) {
                    throw over;
                }
                // its member was closed: there is no more to come
            } finally {
                discard();
            }
        }

        @Override
        public void discard() {
            members.loop().run(() -> members.leave(member));
        }
    }

    private static final class Events extends Taking {

        private final Semaphore window;

        Events(Members members, Members.Member member, Consumer consumer, Semaphore window) {
            super(members, member, consumer);
            this.window = window;
        }

        @Override
        public void writeTo(BodyOutput out) throws IOException {
            try {
                out.write(COMMENT);
                out.flush();
                while (true) {
                    if (!mayGoOn()) {
                        out.write(COMMENT);
                        out.flush();
                        continue;
                    }
                    Optional<Delivery> next = take(consumer, members.beat());
                    if (next.isEmpty()) {
                        window.release();
                        out.write(COMMENT);
                    } else {
                        Delivery delivery = next.get();
                        took(List.of(delivery));
                        String event = "id: " + delivery.position() + "\ndata: " + MessageJson.line(delivery) + "\n\n";
                        out.write(event.getBytes(StandardCharsets.UTF_8));
                    }
                    out.flush();
                }
            } catch (QueueException over) {
                if (over.failure() != QueueFailure.CLOSED) {
                    throw over;
                }
            } finally {
                discard();
            }
        }

        private boolean mayGoOn() throws OperationException {
            try {
                window.acquire(members.beat());
                return true;
            } catch (OperationException full) {
                if (full.failure() == Failure.TIMED_OUT) {
                    return false;
                }
                throw full;
            }
        }

        /** Its member is nobody else's: what it has goes to others at once. */
        @Override
        public void discard() {
            members.loop().run(() -> members.close(member));
        }
    }
}
