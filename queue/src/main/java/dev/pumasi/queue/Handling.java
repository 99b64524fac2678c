package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Handler} at work: some green threads, each of which takes a message, handles it, settles it, and takes the next.
 *
 * <p>An acknowledgement is sent off and not waited for: the next message is taken meanwhile. If it fails, the message is
 * delivered again, as is promised. Counted, and reported once per kind by the loop: what handlers throw, and settlements
 * that fail.
 */
public final class Handling implements AutoCloseable {

    private final Consumer consumer;
    private final Loop loop;
    private final Handler handler;
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder handled = new LongAdder();
    private final LongAdder failed = new LongAdder();

    /** Written by whoever closes, read by the threads: those that do not see it yet take one message more. */
    private volatile boolean closed;

    private volatile @Nullable IOException end;

    Handling(Consumer consumer, Loop loop, int parallel, Handler handler) {
        if (parallel < 1 || parallel > Consumer.HANDLERS_MAX) {
            throw new IllegalArgumentException("1 to " + Consumer.HANDLERS_MAX + " at once, not " + parallel);
        }
        this.consumer = consumer;
        this.loop = loop;
        this.handler = handler;
        for (int i = 0; i < parallel; i++) {
            threads.add(loop.spawn(this::work));
        }
    }

    /** How many messages the handler has come back from, well or not. */
    public long handled() {
        return handled.sum();
    }

    /** How often the handler threw. */
    public long failed() {
        return failed.sum();
    }

    /** Why it ended by itself: the queue was closed, or cannot be read any more. Null as long as it works. */
    public @Nullable IOException end() {
        return end;
    }

    /** Takes no more messages; handlers that are at it finish. Does not wait for them: {@link #join} does. */
    @Override
    public void close() {
        closed = true;
        consumer.close();
    }

    /** Waits until no handler runs any more. Parks a green thread, blocks a platform thread. */
    public void join() throws IOException {
        for (Thread thread : threads) {
            loop.join(thread).await();
        }
    }

    private void work() {
        while (!closed) {
            Delivery delivery;
            try {
                delivery = consumer.take();
            } catch (IOException over) {
                if (!closed) {
                    end = over;
                }
                return;
            }
            try {
                handler.handle(delivery);
                settled(delivery.startAcknowledge(), true);
            } catch (Exception thrown) {
                failed.increment();
                loop.report("the handler of " + consumer.topic().name() + " for " + consumer.group(), thrown);
                settled(delivery.startReject(reason(thrown)), false);
            }
            handled.increment();
        }
    }

    /** A handler may have settled it itself; then this comes too late, and that is as it should be. */
    private void settled(Operation<Position> settlement, boolean well) {
        settlement.onDone(outcome -> {
            if (outcome instanceof Operation.Failed<?>(Throwable failure)
                    && !(failure instanceof QueueException known
                            && (known.failure() == QueueFailure.STALE || known.failure() == QueueFailure.CLOSED))) {
                loop.report(
                        (well ? "an acknowledgement to " : "a rejection to ")
                                + consumer.topic().name(),
                        failure);
            }
        });
    }

    private static String reason(Exception thrown) {
        String message = thrown.getMessage();
        return message == null ? thrown.getClass().getName() : thrown.getClass().getSimpleName() + ": " + message;
    }
}
