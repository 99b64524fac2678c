package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Virtual threads that run on their loop, and come back to it from every wait. */
final class GreenThreadTest extends OnEachDriver {

    /** So many that the cleaner comes in between again and again. */
    private static final int BUFFERS = 100_000;

    /** The platform thread beneath the caller. */
    private static Thread carrier() {
        return GreenThreads.BACK_END.carrier();
    }

    @Test
    void hereTheyRunOnTheirLoop() {
        assertTrue(Loop.greenThreadsRunOnLoop(), Loop::greenThreads);
        assertEquals("virtual threads on the loop", Loop.greenThreads());
    }

    @Test
    void fromEveryWaitTheyComeBackToTheirLoopsThreadWithoutAHop() throws Exception {
        LoopGroup group = loops(2);
        Loop loop = group.loops().get(0);
        Connection connection = connection(loop);
        StreamSocket socket = connection.socket();
        UdpSocket datagrams = closing(UdpSocket.open(loop, LOOPBACK));
        CompletableFuture<Integer> peer = elsewhere(() -> {
            for (int i = 0; i < 10; i++) {
                connection.peerSends((byte) 1);
                assertEquals(1, connection.peerReads(1).length);
            }
            return connection.peer().getInputStream().readNBytes(1 << 22).length;
        });
        List<String> waits = onGreen(loop, () -> {
            Thread home = carrier();
            List<String> back = new ArrayList<>();
            byte[] bytes = new byte[1];
            for (int i = 0; i < 10; i++) {
                assertEquals(1, socket.read(bytes, 0, 1));
                note(back, "read", home);
                socket.write(bytes, 0, 1);
                socket.flush();
                note(back, "write", home);
                loop.sleep(Duration.ofMillis(1)).await();
                note(back, "sleep", home);
                Operation<UdpSocket.Datagram> receive = datagrams.receive(Buffer.allocate(1), 0, 1);
                datagrams.send(Buffer.allocate(1), 0, 1, datagrams.address()).await();
                receive.await();
                note(back, "datagram", home);
                Thread.yield();
                note(back, "yield", home);
                Thread other = loop.spawn(() -> {});
                other.join();
                note(back, "join", home);
            }
            Gate gate = new Gate(loop, "pass", "a gate");
            boolean[] isOpen = new boolean[1];
            loop.start(
                    Timer.of(() -> {
                        isOpen[0] = true;
                        gate.open();
                    }),
                    1_000_000);
            assertEquals(3, gate.pass(() -> isOpen[0] ? 3 : Gate.WOULD_WAIT));
            note(back, "gate", home);
            for (int i = 0; i < 1 << 22; i += 1 << 15) {
                socket.write(new byte[1 << 15], 0, 1 << 15);
            }
            note(back, "a full output", home);
            socket.write(Buffer.allocate(1 << 15), 0, 1 << 15);
            note(back, "a write without copying", home);
            socket.shutdownOutput();
            try (Listener listener = Listener.open(loop, LOOPBACK, StreamSocket::close)) {
                StreamSocket.connect(loop, listener.address()).await().close();
                note(back, "connect", home);
            }
            return back;
        });
        get(peer);
        assertEquals(64, waits.size());
        assertEquals(
                List.of(),
                waits.stream().filter(wait -> wait.endsWith("elsewhere")).toList());
        assertNoHops(loop);
    }

    private static void note(List<String> back, String wait, Thread home) {
        back.add(wait + (carrier() == home && Loop.current().isPresent() ? " at home" : " elsewhere"));
    }

    @Test
    void manyAreParked() throws Exception {
        Loop loop = loop();
        int count = 10_000;
        AtomicInteger parked = new AtomicInteger();
        AtomicInteger resumed = new AtomicInteger();
        Operation<Duration> forAll = loop.sleep(Duration.ofDays(1));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(loop.spawn(() -> complete(new CompletableFuture<>(), () -> {
                parked.incrementAndGet();
                try {
                    return forAll.await();
                } finally {
                    resumed.incrementAndGet();
                }
            })));
        }
        Eventually.until("all wait", () -> parked.get() == count);
        assertEquals(0, resumed.get());
        assertEquals(count, loop.status().greenThreads());
        forAll.cancel();
        Eventually.until("all have resumed", () -> resumed.get() == count);
        for (Thread thread : threads) {
            thread.join();
        }
        assertNoHops(loop);
    }

    @Test
    void theyAreSpawnedFromAnywhereAndJoined() throws Exception {
        LoopGroup group = loops(2);
        Loop loop = group.loops().get(0);
        Loop other = group.loops().get(1);
        AtomicInteger ran = new AtomicInteger();
        Loop.Body body = () -> {
            assertTrue(loop.isCurrent());
            assertTrue(Thread.currentThread().isVirtual());
            ran.incrementAndGet();
        };
        loop.spawn(body).join(); // from a foreign thread
        onLoop(loop, () -> loop.spawn(body)).join();
        onGreen(loop, () -> loop.spawn(body)).join();
        onLoop(other, () -> loop.spawn(body)).join();
        onGreen(other, () -> loop.spawn(body)).join();
        assertEquals(5, ran.get());
        assertEquals(0, loop.status().failures());
        assertNoHops(loop);
    }

    @Test
    void anExceptionIsReportedAndTheThreadIsOver() throws Exception {
        Loop loop = loop();
        Thread failing = loop.spawn(() -> {
            throw new IllegalStateException("on purpose: a green thread");
        });
        failing.join();
        assertEquals(1, loop.status().failures());
        List<String> reported = heard.take();
        assertEquals(1, reported.size());
        assertTrue(reported.getFirst().contains("a green thread failed"), reported::toString);
    }

    /** While one is parked inside, others wait for the lock; and the loop goes on. */
    @Test
    void locksMayBeHeldAcrossWaits() throws Exception {
        Loop loop = loop();
        Object monitor = new Object();
        ReentrantLock lock = new ReentrantLock();
        int threads = 20;
        int[] inside = new int[1]; // guarded by both
        AtomicInteger most = new AtomicInteger();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            all.add(one);
            loop.spawn(() -> complete(one, () -> {
                lock.lock();
                try {
                    synchronized (monitor) {
                        most.accumulateAndGet(++inside[0], Math::max);
                        loop.sleep(Duration.ofNanos(100_000)).await();
                        assertTrue(loop.isCurrent());
                        inside[0]--;
                    }
                } finally {
                    lock.unlock();
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> one : all) {
            get(one);
        }
        assertEquals(1, most.get(), "one at a time");
        assertNoHops(loop);
    }

    @Test
    void aMonitorIsContendedByGreenThreadsOfOneLoopWithoutHangingIt() throws Exception {
        Loop loop = loop();
        Object monitor = new Object();
        AtomicInteger done = new AtomicInteger();
        for (int i = 0; i < 10; i++) {
            loop.spawn(() -> complete(new CompletableFuture<>(), () -> {
                synchronized (monitor) {
                    loop.sleep(Duration.ofNanos(100_000)).await();
                }
                return done.incrementAndGet();
            }));
        }
        Eventually.until("all have been inside", () -> done.get() == 10);
    }

    /** What wakes a green thread from elsewhere is counted: this is what a server should see as zero. */
    @Test
    void aWakeUpFromElsewhereIsCountedAsAHopAndStillComesHome() throws Exception {
        Loop loop = loop();
        Semaphore semaphore = new Semaphore(0);
        CompletableFuture<Boolean> home = new CompletableFuture<>();
        Thread green = loop.spawn(() -> complete(home, () -> {
            Thread before = carrier();
            semaphore.acquire();
            return carrier() == before;
        }));
        Eventually.until("it waits", () -> green.getState() == Thread.State.WAITING);
        assertNoHops(loop);
        semaphore.release();
        assertTrue(get(home));
        assertEquals(1, loop.status().hops());
    }

    @Test
    void threadLocalsOfTheLoopAreNotInherited() throws Exception {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        local.set("the test's");
        Loop loop = loop();
        assertSame(null, onGreen(loop, local::get));
        local.remove();
    }

    /** The notes' hazard (S18): one call that blocks its thread stops all the others of that loop. Offload cures it. */
    @Test
    void aBlockingCallStopsTheOthersAndOffloadingItCuresThat(@TempDir Path folder) throws Exception {
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Loop loop = loop();
        AtomicLong beats = new AtomicLong();
        AtomicInteger over = new AtomicInteger();
        Thread heart = loop.spawn(() -> complete(new CompletableFuture<>(), () -> {
            while (over.get() == 0) {
                beats.incrementAndGet();
                loop.sleep(Duration.ofMillis(1)).await();
            }
            return null;
        }));
        Eventually.until("the heart beats", () -> beats.get() > 3);

        CompletableFuture<Void> writer = elsewhere(() -> writeLater(pipe));
        long whileBlocked = onGreen(loop, () -> {
            long before = beats.get();
            assertEquals(1, Files.readAllBytes(pipe).length);
            return beats.get() - before;
        });
        get(writer);
        assertEquals(0, whileBlocked, "while it blocked, nothing else ran");

        try (Offload offload = Offload.open(1, 10)) {
            AtomicLong before = new AtomicLong(Long.MAX_VALUE);
            CompletableFuture<Void> again = elsewhere(() -> {
                Eventually.until("the heart goes on meanwhile", () -> beats.get() - 3 > before.get());
                Files.write(pipe, new byte[1]);
                return null;
            });
            int read = onGreen(loop, () -> {
                before.set(beats.get());
                return offload.submit(loop, () -> Files.readAllBytes(pipe)).await().length;
            });
            get(again);
            assertEquals(1, read);
        }
        over.set(1);
        heart.join();
        assertNoHops(loop);
    }

    /** The JDK's own cleaner locks the list in which each new buffer is entered. */
    @Test
    void aBufferIsAllocatedWithoutAHopWhileOthersAreFreed() throws Exception {
        Loop loop = loops(1).loops().getFirst();
        CompletableFuture<Void> allocated = new CompletableFuture<>();
        loop.spawn(() -> {
            for (int i = 0; i < BUFFERS; i++) {
                Buffer.allocate(1);
            }
            allocated.complete(null);
        });
        while (!allocated.isDone()) {
            System.gc();
        }
        assertNoHops(loop);
    }

    /** Until then, who reads the pipe is held in a system call. */
    private static Void writeLater(Path pipe) throws IOException {
        Eventually.pass(60_000_000);
        Files.write(pipe, new byte[1]);
        return null;
    }

    /** The other process has no {@code --add-opens}: the same program, on the JDK's scheduler. */
    @Test
    void withoutTheFlagTheFallBackServesTheSameAndSaysSo() throws Exception {
        Process process = Child.start("true", FallBackProbe.class, List.of(), List.of(driver));
        try (BufferedReader lines = process.inputReader()) {
            String described = lines.readLine();
            assertTrue(
                    described != null && described.contains("--add-opens java.base/java.lang=ALL-UNNAMED"),
                    () -> "it says: " + described);
            assertEquals(0, Child.expect(lines, "on loop"));
            assertEquals(100, Child.expect(lines, "echoed"));
            assertTrue(Child.expect(lines, "hops") > 0);
            assertEquals(0, Child.expect(lines, "failures"));
            assertEquals(1, Child.expect(lines, "slept"));
            assertEquals(3, Child.expect(lines, "joined"));
            assertEquals(1, Child.expect(lines, "stopped"));
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it does not end");
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
