package dev.pumasi.examples;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Redirect;
import dev.pumasi.runtime.sync.Latch;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
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

    /** How many connections wait to be accepted at most. */
    private static final int CONNECTIONS_AT_ONCE = 200;

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

    /** The sockets are there before; what is measured is what it takes to read in direct style. */
    void greenThreadsInRead(int most) throws Exception {
        int fit = Math.min(most, (Proc.descriptorsLeft() - DESCRIPTORS_SPARED) / 2);
        if (loop.driverName().equals("select")) {
            fit = Math.min(fit, SELECT_CONNECTIONS_MAX);
        }
        String stoppedBy = fit == most ? ENOUGH : "descriptors; prlimit --nofile=N raises their number";
        Path folder = Files.createTempDirectory("pumasi-costs");
        List<StreamSocket> clients = new ArrayList<>();
        List<StreamSocket> sockets = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
        AtomicInteger accepted = new AtomicInteger();
        try (Listener listener = Listener.open(loop, address, socket -> {
            sockets.add(socket); // on the loop; read here when all have been accepted
            accepted.incrementAndGet();
        })) {
            for (int i = 0; i < fit; i++) {
                clients.add(StreamSocket.connect(loop, listener.address()).await());
                if (i % CONNECTIONS_AT_ONCE == 0) {
                    await(accepted, clients.size());
                }
            }
            await(accepted, fit);
            long before = heapBytes();
            AtomicInteger reading = new AtomicInteger();
            for (StreamSocket socket : sockets) {
                threads.add(loop.spawn(() -> {
                    try (socket) {
                        byte[] data = new byte[1];
                        reading.incrementAndGet();
                        socket.read(data, 0, 1);
                    }
                }));
            }
            await(reading, fit);
            awaitParked(threads);
            long each = (heapBytes() - before) / Math.max(1, fit);
            told.accept(new Held("green thread, parked in the read of a socket", each, fit, stoppedBy));
        } finally {
            for (StreamSocket client : clients) {
                client.close();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            Files.deleteIfExists(address.getPath()); // the loop is about to do it, too
            Files.delete(folder);
        }
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
    private static long heapBytes() {
        Runtime runtime = Runtime.getRuntime();
        runtime.gc();
        return used(runtime);
    }

    private static long used(Runtime runtime) {
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static void awaitParked(List<Thread> threads) {
        for (Thread thread : threads) {
            awaitTrue(() -> thread.getState() == Thread.State.WAITING);
        }
    }

    private static void await(AtomicInteger count, int wanted) {
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
