package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
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

    /** How many threads have not ended. */
    private final AtomicInteger working;

    /** What the threads wait for. */
    private final Set<Operation<Delivery>> asking = ConcurrentHashMap.newKeySet();

    /**
     * Written by whoever closes, before he looks at what is asked for; read by the threads after they have added what they ask
     * for. So either he cancels it, or they see that it is over and cancel it themselves.
     */
    private volatile boolean closed;

    private volatile @Nullable IOException end;

    Handling(Consumer consumer, Loop loop, int parallel, Handler handler) {
        if (parallel < 1 || parallel > Consumer.HANDLERS_MAX) {
            throw new IllegalArgumentException("1 to " + Consumer.HANDLERS_MAX + " at once, not " + parallel);
        }
        this.consumer = consumer;
        this.loop = loop;
        this.handler = handler;
        working = new AtomicInteger(parallel);
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

    /** Takes no more messages; handlers that are at it finish, then the consumer is closed. Does not wait for them: {@link #join} does. */
    @Override
    public void close() {
        closed = true;
        asking.forEach(Operation::cancel);
    }

    /** Waits until no handler runs any more. Parks a green thread, blocks a platform thread. */
    public void join() throws IOException {
        for (Thread thread : threads) {
            loop.join(thread).await();
        }
    }

    private void work() {
        try {
            while (!closed) {
                handle(take());
            }
        } catch (IOException over) {
            if (!closed) {
                end = over;
            }
        } finally {
            if (working.decrementAndGet() == 0) {
                consumer.close();
            }
        }
    }

    private Delivery take() throws IOException {
        Operation<Delivery> take = consumer.startTake();
        asking.add(take);
        try {
            if (closed) {
                take.cancel();
            }
            return QueueException.await(take);
        } finally {
            asking.remove(take);
        }
    }

    private void handle(Delivery delivery) {
        try {
            handler.handle(delivery);
            settled(delivery.startAcknowledge(), true);
        } catch (Throwable thrown) {
            failed.increment();
            loop.report("the handler of " + consumer.topic().name() + " for " + consumer.group(), thrown);
            settled(delivery.startReject(reason(thrown)), false);
        }
        handled.increment();
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

    private static String reason(Throwable thrown) {
        String message = thrown.getMessage();
        return message == null ? thrown.getClass().getName() : thrown.getClass().getSimpleName() + ": " + message;
    }
}
