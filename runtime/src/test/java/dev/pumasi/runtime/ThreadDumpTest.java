package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dump names every green thread of a loop, what it waits for, since when, and its stack; and makes none hop. */
final class ThreadDumpTest extends OnEachDriver {

    @Test
    void eachGreenThreadIsThereWithWhatItWaitsForAndItsStack() throws Exception {
        LoopGroup group = loops(2);
        Loop loop = group.loops().getFirst();
        Connection connection = connection(loop);
        CompletableFuture<Integer> read = new CompletableFuture<>();
        Thread reader = loop.spawn(() -> complete(read, () -> readHere(connection.socket())));
        CompletableFuture<Duration> slept = new CompletableFuture<>();
        Operation<Duration> sleep = loop.sleep(Duration.ofHours(1));
        Thread sleeper = loop.spawn(() -> complete(slept, sleep::await));
        sleeper.setName("sleeper");
        waits(reader);
        waits(sleeper);
        Eventually.pass(5_000_000);

        ThreadDump dump = group.threadDump();
        assertEquals(2, dump.loops().size());
        assertEquals(List.of(), dump.loops().get(1).greenThreads());
        List<GreenThreadStatus> seen = dump.loops().getFirst().greenThreads();
        assertEquals(2, seen.size(), dump.toString());
        GreenThreadStatus first = seen.stream()
                .filter(green -> green.number() == reader.threadId())
                .findFirst()
                .orElseThrow();
        GreenThreadStatus second = seen.stream()
                .filter(green -> green.name().equals("sleeper"))
                .findFirst()
                .orElseThrow();
        assertEquals(GreenThreadStatus.State.WAITS, first.state());
        assertTrue(first.waitsFor().startsWith("read from socket "), first.waitsFor());
        assertTrue(first.waited().orElseThrow().toMillis() >= 5, first.toString());
        assertTrue(first.toString().contains("ThreadDumpTest.readHere("), first.toString());
        assertEquals("sleep PT1H", second.waitsFor());
        assertTrue(second.waited().isPresent());

        connection.peerSends((byte) 1);
        assertEquals(1, get(read));
        sleep.cancel();
        assertThrows(OperationException.class, () -> get(slept));
        Eventually.until("both have left", () -> loop.status().greenThreadsAlive() == 0);
        assertEquals(List.of(), group.threadDump().loops().getFirst().greenThreads());
        assertNoHops(loop);
    }

    private static int readHere(StreamSocket socket) throws IOException {
        byte[] bytes = new byte[1];
        return socket.read(bytes, 0, 1);
    }

    /** Who holds a stock lock is named too, where the flag opens it; since when is not known. */
    @Test
    void whoWaitsForALockIsNamedWithItsOwner() throws Exception {
        Loop loop = loop();
        ReentrantLock lock = new ReentrantLock();
        lock.lock();
        Thread green = loop.spawn(() -> {
            lock.lock();
            lock.unlock();
        });
        waits(green);
        GreenThreadStatus seen =
                ThreadDump.of(List.of(loop)).loops().getFirst().greenThreads().getFirst();
        assertTrue(seen.waitsFor().startsWith("java.util.concurrent.locks.ReentrantLock$"), seen.waitsFor());
        assertTrue(seen.waited().isEmpty());
        lock.unlock();
        green.join();
    }

    /** Dumps while green threads begin, park, wake and end: none is lost, none hops, and all come to their end. */
    @Test
    void aDumpUnderLoadChangesNothing() throws Exception {
        Loop loop = loop();
        int threads = 300;
        List<CompletableFuture<Integer>> ends = new ArrayList<>();
        AtomicBoolean seen = new AtomicBoolean();
        for (int i = 0; i < threads; i++) {
            CompletableFuture<Integer> end = new CompletableFuture<>();
            ends.add(end);
            loop.spawn(() -> complete(end, () -> {
                int rounds = 0;
                while (rounds < 30 || !seen.get()) {
                    loop.sleep(Duration.ofNanos(200_000)).await();
                    Thread.yield();
                    rounds++;
                }
                return rounds;
            }));
        }
        Eventually.until("some were seen by the loop itself, and all have ended", () -> {
            LoopDump dump = LoopDump.of(loop);
            // A loop that stands still for long is looked at from outside, rightly.
            seen.compareAndSet(
                    false, dump.stall().isEmpty() && !dump.greenThreads().isEmpty());
            return ends.stream().allMatch(CompletableFuture::isDone);
        });
        for (CompletableFuture<Integer> end : ends) {
            assertTrue(get(end) >= 30);
        }
        Eventually.until("all have left", () -> loop.status().greenThreadsAlive() == 0);
        assertNoHops(loop);
    }

    @Test
    void aLoopThatDoesNotTurnIsLookedAtFromOutside() throws Exception {
        LoopGroup group = closing(LoopGroup.start("test", 1, factory(), Duration.ZERO));
        Loop loop = group.next();
        CompletableFuture<Duration> slept = new CompletableFuture<>();
        Operation<Duration> sleep = loop.sleep(Duration.ofHours(1));
        waits(loop.spawn(() -> complete(slept, sleep::await)));
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        loop.execute(() -> {
            inside.countDown();
            try {
                release.await();
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
        });
        inside.await();
        LoopDump dump = group.threadDump().loops().getFirst();
        assertTrue(dump.stall().orElseThrow().contains("ThreadDumpTest"), dump.toString());
        assertEquals("sleep PT1H", dump.greenThreads().getFirst().waitsFor());
        release.countDown();
        sleep.cancel();
        assertThrows(OperationException.class, () -> get(slept));
        assertNoHops(loop);
    }

    @Test
    void onTheLoopItselfADumpIsTakenAtOnce() throws Exception {
        Loop loop = loop();
        CompletableFuture<Long> number = new CompletableFuture<>();
        LoopDump dump = onGreen(loop, () -> {
            number.complete(Thread.currentThread().threadId());
            return LoopDump.of(loop);
        });
        GreenThreadStatus self = dump.greenThreads().getFirst();
        assertEquals(get(number), self.number());
        assertEquals(GreenThreadStatus.State.RUNS, self.state());
    }

    @Test
    void aLoopThatIsOverIsSaidToBe() {
        LoopGroup group = loops(1);
        group.close();
        assertEquals(
                "it is closed", group.threadDump().loops().getFirst().stall().orElseThrow());
    }

    @Test
    void aHopIsListedWithWhoWaitedAndWhoWoke() throws Exception {
        Loop loop = loop();
        Semaphore semaphore = new Semaphore(0);
        CompletableFuture<String> home = new CompletableFuture<>();
        Thread green = loop.spawn(() -> complete(home, () -> {
            semaphore.acquire();
            return "home";
        }));
        waits(green);
        semaphore.release();
        get(home);
        assertEquals(1, loop.status().hops());
        List<String> places = LoopDump.of(loop).hops();
        assertEquals(1, places.size(), places.toString());
        String place = places.getFirst();
        assertTrue(place.startsWith("1 × java.util.concurrent.Semaphore.acquire called by "), place);
        assertTrue(place.contains("aHopIsListedWithWhoWaitedAndWhoWoke"), place);
        assertTrue(
                place.contains(", woken by thread \"" + Thread.currentThread().getName() + "\" at "), place);
    }

    /** For who looks with JDK Flight Recorder: who waited where, and who woke it. */
    @Test
    void aHopIsAnEventWithBothStacks(@TempDir Path folder) throws Exception {
        Loop loop = loop();
        Path file = folder.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.pumasi.Hop");
            recording.start();
            Semaphore semaphore = new Semaphore(0);
            Thread green = loop.spawn(semaphore::acquire);
            waits(green);
            semaphore.release();
            green.join();
            onLoop(loop, () -> "the event has been committed");
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.pumasi.Hop"))
                .toList();
        assertEquals(1, events.size());
        RecordedEvent event = events.getFirst();
        assertEquals("test-0", event.getString("loop"));
        assertTrue(event.getString("waiter").startsWith("green thread #"), event::toString);
        assertTrue(event.getString("waitersStack").contains("Semaphore.acquire("), event::toString);
        assertTrue(event.getString("waker").contains(Thread.currentThread().getName()), event::toString);
        assertTrue(event.getString("wakersStack").contains("aHopIsAnEventWithBothStacks"), event::toString);
    }

    /** The JDK's timed waits come back from a thread of its own, whose stack says nothing: who waited says it. */
    @Test
    void aSleepOfTheJdksIsListedAsAHop() throws Exception {
        Loop loop = loop();
        onGreen(loop, () -> {
            Thread.sleep(50); // a shorter one may be over before the thread has parked: that is no hop
            return "slept";
        });
        String place = LoopDump.of(loop).hops().getFirst();
        assertTrue(place.startsWith("1 × java.lang.Thread.sleep called by "), place);
        assertTrue(place.contains("aSleepOfTheJdksIsListedAsAHop"), place);
        assertTrue(place.contains(", woken by thread \"VirtualThread-unparker"), place);
    }

    @Test
    void anotherProcessCanAskThroughTheSocket() throws Exception {
        LoopGroup group = loops(1);
        Path path;
        try (ThreadDumpSocket socket = ThreadDumpSocket.open(group.loops())) {
            path = socket.path();
            for (int i = 0; i < 3; i++) {
                Eventually.until(
                        "the loop answers itself",
                        () -> dumpHere().startsWith("test-0 (" + driver + "), green threads: 0, "));
            }
            assertEquals(
                    "rwx------",
                    java.nio.file.attribute.PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(path.getParent())));
        }
        assertFalse(Files.exists(path));
        assertThrows(NoSuchFileException.class, () -> ThreadDumpSocket.read(ProcessHandle.current()));
        Eventually.until(
                "its thread has gone",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals("pumasi-thread-dumps")));
    }

    private static String dumpHere() {
        try {
            return ThreadDumpSocket.read(ProcessHandle.current());
        } catch (IOException unread) {
            throw new AssertionError(unread);
        }
    }

    private static void waits(Thread green) {
        Eventually.until("it waits", () -> green.getState() == Thread.State.WAITING);
    }
}
