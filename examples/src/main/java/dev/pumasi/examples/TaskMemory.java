package dev.pumasi.examples;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Redirect;
import dev.pumasi.runtime.sync.Latch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Holds as many tasks of a kind as it is told, or as the machine lets it, and looks at what they cost while it does. */
final class TaskMemory {

    /** What green threads may take of the heap before this stops, in percent. */
    private static final int HEAP_PERCENT_MAX = 70;

    private static final int HEAP_LOOKED_AT_EVERY = 10_000;

    /** Descriptors that are left to others. */
    private static final int DESCRIPTORS_SPARED = 200;

    /** {@code select} cannot have more than 1024. */
    private static final int SELECT_CONNECTIONS_MAX = 400;

    /** JVMs full of readers; each takes some 100 MiB. */
    private static final int READERS_PROCESSES_MAX = 16;

    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private static final String ENOUGH = "this example's own number";

    /**
     * Tasks of one kind that were there at the same time.
     *
     * @param bytesEach memory of one, as {@link Costs} says
     * @param stoppedBy why there were not more
     */
    record Held(String task, long bytesEach, int count, String stoppedBy) {}

    private final Loop loop;
    private final Consumer<Held> told;
    private long readersHops;

    TaskMemory(Loop loop, Consumer<Held> told) {
        this.loop = loop;
        this.told = told;
    }

    /** A JVM as small as flags make it, which says a byte when it is there and ends when nobody listens any more. */
    static List<String> idleJvm() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx16m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                IdleProcess.class.getName());
    }

    /** Each is asked for a byte, so that it is there when it is looked at; {@code cat} gives back what it is given. */
    void processes(String name, List<String> command, int most) throws IOException {
        List<ChildProcess> children = new ArrayList<>();
        long bytes = 0;
        String stoppedBy = ENOUGH;
        byte[] one = {'.'};
        try {
            while (children.size() < most) {
                ChildProcess child = Command.of(command)
                        .input(Redirect.Plain.PIPE)
                        .start(loop)
                        .await();
                children.add(child);
                child.input().write(one, 0, 1);
                child.input().flush();
                if (child.output().read(new byte[1], 0, 1) != 1) {
                    throw new IOException(name + " ended at once");
                }
            }
        } catch (OperationException refused) {
            stoppedBy = String.valueOf(refused.getMessage());
        }
        for (ChildProcess child : children) {
            bytes += Proc.proportionalBytes(child.id());
        }
        told.accept(new Held(name, bytes / Math.max(1, children.size()), children.size(), stoppedBy));
        for (ChildProcess child : children) {
            child.close();
            child.exit().await();
        }
    }

    void threads(int most) throws Exception {
        List<Thread> threads = new ArrayList<>();
        AtomicInteger parked = new AtomicInteger();
        boolean[] over = new boolean[1];
        long before = Proc.residentBytes();
        String stoppedBy = ENOUGH;
        try {
            while (threads.size() < most) {
                Thread thread = Thread.ofPlatform().daemon().name("held").unstarted(() -> {
                    parked.incrementAndGet();
                    synchronized (over) {
                        while (!over[0]) {
                            waitOn(over);
                        }
                    }
                });
                thread.start();
                threads.add(thread);
            }
        } catch (OutOfMemoryError refused) { // what the JVM throws when the system has no thread left
            stoppedBy = String.valueOf(refused.getMessage());
        }
        await(parked, threads.size());
        long each = (Proc.residentBytes() - before) / Math.max(1, threads.size());
        told.accept(new Held("platform thread, waiting", each, threads.size(), stoppedBy));
        synchronized (over) {
            over[0] = true;
            over.notifyAll();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void waitOn(Object monitor) {
        try {
            monitor.wait();
        } catch (InterruptedException stray) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * In JVMs of their own, with the flags of {@code ./pumasi}: as many as it takes, because a reader needs a descriptor for each
     * end of its connection, and a process may not have as many as it likes. All read at the same time.
     */
    void greenThreadsInRead(int most) throws IOException {
        int each = Math.min(most, (Proc.descriptorsLeft() - DESCRIPTORS_SPARED) / 2);
        if (loop.driverName().equals("select")) {
            each = Math.min(each, SELECT_CONNECTIONS_MAX);
        }
        List<ChildProcess> children = new ArrayList<>();
        int held = 0;
        long coldBytes = 0;
        long warmBytes = 0;
        while (held < most && children.size() < READERS_PROCESSES_MAX) {
            int count = Math.min(each, most - held);
            ChildProcess child = Command.of(ReadersProcess.command(loop.driverName(), count))
                    .input(Redirect.Plain.PIPE)
                    .start(loop)
                    .await();
            children.add(child);
            held += count;
        }
        try {
            for (ChildProcess child : children) {
                ReadersProcess.Told told = ReadersProcess.told(child);
                coldBytes += told.coldBytes() * told.count();
                warmBytes += told.warmBytes() * told.count();
                readersHops += told.hops();
            }
            String stoppedBy = held == most ? ENOUGH : "descriptors; prlimit --nofile=N raises their number";
            String where = children.size() == 1 ? "" : " in " + children.size() + " JVMs";
            told.accept(new Held("green thread, in its first read" + where, coldBytes / held, held, stoppedBy));
            told.accept(new Held("green thread, reading, compiled" + where, warmBytes / held, held, stoppedBy));
        } finally {
            for (ChildProcess child : children) {
                child.close();
                child.exit().await();
            }
        }
    }

    /** How many of the readers' wake-ups came from foreign threads. */
    long readersHops() {
        return readersHops;
    }

    void greenThreadsAtLatch(int most) throws Exception {
        Latch over = new Latch(1);
        List<Thread> threads = new ArrayList<>();
        AtomicInteger parked = new AtomicInteger();
        String stoppedBy = ENOUGH;
        long before = heapBytes();
        while (threads.size() < most) {
            threads.add(loop.spawn(() -> {
                parked.incrementAndGet();
                over.await();
            }));
            if (threads.size() % HEAP_LOOKED_AT_EVERY == 0 && heapIsFull()) {
                stoppedBy = HEAP_PERCENT_MAX + " % of the heap; -Xmx raises it";
                break;
            }
        }
        await(parked, threads.size());
        awaitParked(threads);
        long each = (heapBytes() - before) / threads.size();
        told.accept(new Held("green thread, waiting at a latch", each, threads.size(), stoppedBy));
        over.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static boolean heapIsFull() {
        Runtime runtime = Runtime.getRuntime();
        return used(runtime) > runtime.maxMemory() / 100 * HEAP_PERCENT_MAX
                && heapBytes() > runtime.maxMemory() / 100 * HEAP_PERCENT_MAX;
    }

    /** What is in use, garbage not counted. */
    static long heapBytes() {
        Runtime runtime = Runtime.getRuntime();
        runtime.gc();
        return used(runtime);
    }

    private static long used(Runtime runtime) {
        return runtime.totalMemory() - runtime.freeMemory();
    }

    static void awaitParked(List<Thread> threads) {
        for (Thread thread : threads) {
            awaitTrue(() -> thread.getState() == Thread.State.WAITING);
        }
    }

    static void await(AtomicInteger count, int wanted) {
        awaitTrue(() -> count.get() >= wanted);
    }

    private static void awaitTrue(java.util.function.BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new IllegalStateException("the machine is too slow for so many tasks");
            }
            LockSupport.parkNanos(100_000);
        }
    }
}
