package dev.pumasi.benchmarks.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Threads that publish, each one record after the other, for those whose publishers block. */
final class Publishers {

    /** Makes one record durable, and returns then. */
    @FunctionalInterface
    interface Publish {
        void one() throws Exception;
    }

    /** What each thread publishes with: of its own, if it cannot be shared. */
    @FunctionalInterface
    interface Opening {
        Publish open() throws Exception;
    }

    private Publishers() {}

    /** How many records so many threads of that kind have published in that time. */
    static long run(Thread.Builder kind, int count, long nanos, Opening opening) throws Exception {
        AtomicLong done = new AtomicLong();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        long begin = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(kind.name("publisher-" + i).start(() -> {
                try {
                    Publish publish = opening.open();
                    long published = 0;
                    for (publish.one(); System.nanoTime() - begin < nanos; publish.one()) {
                        published++; // what is durable only when time is over does not count
                    }
                    done.addAndGet(published);
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new IllegalStateException("a publisher failed", failure.get());
        }
        return done.get();
    }
}
