package dev.pumasi.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Operations that are done, in the order in which they ended: a notification that waits for you instead of calling you.
 * Hand it to {@link Operation#notify}, go on with other work, and drain it when it suits you. Any thread may offer and
 * drain; nothing blocks. It holds as many entries as operations were told to notify it, and no more.
 */
public final class CompletionQueue {

    private final ConcurrentLinkedQueue<Operation<?>> done = new ConcurrentLinkedQueue<>();

    /** The one that has waited longest, or empty if none is done. */
    public Optional<Operation<?>> next() {
        return Optional.ofNullable(done.poll());
    }

    /** All that are done by now. */
    public List<Operation<?>> drain() {
        List<Operation<?>> all = new ArrayList<>();
        for (@Nullable Operation<?> operation = done.poll(); operation != null; operation = done.poll()) {
            all.add(operation);
        }
        return all;
    }

    void offer(Operation<?> operation) {
        done.add(operation);
    }
}
