package dev.pumasi.runtime;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/** An operation that ends while threads begin to wait for it, or ask to be notified: each is told, and once. */
public class OperationModel {

    /** Done when told so. */
    private static final class Told extends dev.pumasi.runtime.Operation<Integer> {

        Told(Loop loop) {
            super(loop);
        }

        @Override
        void start() {}

        @Override
        void requestCancel() {}

        @Override
        String describe() {
            return "a model";
        }
    }

    private final Told operation = new Told(new LoopModel().loop());
    private final CompletionQueue queue = new CompletionQueue();
    private final AtomicInteger notifications = new AtomicInteger();
    private final AtomicBoolean ends = new AtomicBoolean();

    @Operation
    public void end() {
        if (ends.compareAndSet(false, true)) {
            operation.succeed(7);
        }
    }

    /** Waits if the end is near; otherwise nobody might bring it about. */
    @Operation
    public int await() throws IOException {
        return ends.get() ? operation.await() : 7;
    }

    @Operation
    public void askToBeNotified() {
        operation.notify(queue);
        notifications.incrementAndGet();
    }

    @Validate
    public void allWereNotified() {
        if (ends.get() && queue.drain().size() != notifications.getAndSet(0)) {
            throw new IllegalStateException("notified too often, or not often enough");
        }
    }
}
