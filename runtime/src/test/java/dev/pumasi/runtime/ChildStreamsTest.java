package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.Redirect;
import dev.pumasi.runtime.memory.Buffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What goes through the pipes of a child process. */
final class ChildStreamsTest extends OnEachDriverWithChildren {

    private static final int TEN_MEBIBYTES = 10 << 20;

    /** Two pipes, twice the kernel's and twice a pump's, what cat holds, our buffers: far less than what is sent. */
    private static final int UNDERWAY_MAX = 1 << 20;

    private static Command cat() {
        return Command.of("cat").input(Redirect.Plain.PIPE);
    }

    @Test
    void tenMebibytesThroughCatBothWays() throws Exception {
        Loop loop = loop();
        byte[] sent = new byte[TEN_MEBIBYTES];
        new Random(42).nextBytes(sent);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        AtomicLong written = new AtomicLong();
        AtomicLong read = new AtomicLong();
        AtomicLong mostUnderway = new AtomicLong();
        ChildProcess child = start(loop, cat());
        CompletableFuture<Boolean> writer = new CompletableFuture<>();
        loop.spawn(() -> complete(writer, () -> {
            for (int at = 0; at < sent.length; at += 4096) {
                child.input().write(sent, at, 4096);
                written.addAndGet(4096);
                mostUnderway.accumulateAndGet(written.get() - read.get(), Math::max);
            }
            child.input().shutdownOutput();
            return true;
        }));
        assertTrue(onGreen(loop, () -> {
            byte[] chunk = new byte[50_000];
            for (int count = child.output().read(chunk, 0, chunk.length);
                    count > 0;
                    count = child.output().read(chunk, 0, chunk.length)) {
                digest.update(chunk, 0, count);
                read.addAndGet(count);
            }
            return true;
        }));
        assertTrue(get(writer));
        assertEquals(TEN_MEBIBYTES, read.get());
        assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(sent), digest.digest());
        assertTrue(mostUnderway.get() < UNDERWAY_MAX, "at most under way: " + mostUnderway);
        assertEquals(new Exit.Status(0), child.exit().await());
        assertNoHops(loop);
    }

    @Test
    void whoDoesNotReadMakesTheChildWait() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, cat());
        AtomicLong written = new AtomicLong();
        CompletableFuture<Boolean> writer = new CompletableFuture<>();
        loop.spawn(() -> complete(writer, () -> {
            byte[] chunk = new byte[4096];
            for (int i = 0; i < 1000; i++) {
                child.input().write(chunk);
                written.addAndGet(chunk.length);
            }
            child.input().shutdownOutput();
            return true;
        }));
        long before = -1;
        while (before != written.get()) {
            before = written.get();
            Eventually.pass(50_000_000);
        }
        assertTrue(before < UNDERWAY_MAX && !writer.isDone(), "written before anybody read: " + before);
        assertEquals(1000 * 4096, onGreen(loop, () -> readAll(child.output()).length()));
        assertTrue(get(writer));
    }

    @Test
    void operationsEventsAndGatheredSends() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, cat());
        Gather pieces = new Gather(3)
                .add(Buffer.of("soup "), 0, 5)
                .add(Buffer.of("and rice"), 0, 4)
                .add(Buffer.of("spam"), 0, 4);
        assertEquals(13, child.input().send(pieces).await());
        Buffer into = Buffer.allocate(100);
        int count = child.output().receive(into, 0, 100).await();
        assertEquals("soup and spam", into.utf8(0, count));
        assertEquals(5, child.input().send(Buffer.of("again"), 0, 5).await());
        count = child.output().receive(into, 0, 100).await();
        assertEquals("again", into.utf8(0, count));
        child.input().shutdownOutput();
        assertEquals(0, child.output().receive(into, 0, 100).await(), "the end of the stream");

        ChildProcess other = start(loop, cat());
        AtomicLong received = new AtomicLong();
        onLoop(loop, () -> {
            other.output().onReceive(OnBytes.counting(received));
            other.input().output().append(new byte[10], 0, 10);
            other.input().output().flush();
            return null;
        });
        Eventually.until("ten bytes have come", () -> received.get() == 10);
        assertNoHops(loop);
    }

    @Test
    void aChildThatStopsReadingIsNoticed() throws Exception {
        Loop loop = loop();
        ChildProcess child =
                start(loop, sh("exec <&-; echo closed; exec sleep " + LONG).input(Redirect.Plain.PIPE));
        assertEquals("closed", readLine(child.output()));
        assertFails(Failure.PEER_CLOSED, () -> {
            byte[] chunk = new byte[8192];
            for (int i = 0; i < 1000; i++) {
                child.input().write(chunk);
                child.input().flush();
            }
        });
        assertTrue(child.isRunning());
    }

    @Test
    void aGrandchildThatHoldsThePipeDoesNotHoldUpTheEnd() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, sh("sleep " + LONG + " & echo $!; exit 3"));
        assertEquals(new Exit.Status(3), child.exit().await());
        long grandchild = Long.parseLong(readLine(child.output()));
        assertTrue(Family.isAlive(grandchild));
        try {
            if (!isPortable()) { // the JDK may end the pipe together with the process
                child.output().setTimeout(Duration.ofMillis(100));
                assertFails(Failure.TIMED_OUT, () -> child.output().read(new byte[1], 0, 1));
            }
        } finally {
            ProcessHandle.of(grandchild).orElseThrow().destroyForcibly();
        }
        child.output().setTimeout(Duration.ofSeconds(30));
        assertEquals(-1, child.output().read(new byte[1], 0, 1), "now nobody holds it");
    }

    @Test
    void whatWasWrittenBeforeTheEndIsStillThereAfterIt() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, sh("echo last words"));
        assertEquals(new Exit.Status(0), child.exit().await());
        assertEquals("last words\n", readAll(child.output()));
    }

    @Test
    void aReadThatIsCancelledLosesNothing() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, cat());
        Buffer into = Buffer.allocate(10);
        for (int i = 0; i < 20; i++) {
            Operation<Integer> receiving = child.output().receive(into, 0, 10);
            receiving.cancel();
            assertFails(Failure.CANCELLED, receiving::await);
        }
        assertEquals(2, child.input().send(Buffer.of("ab"), 0, 2).await());
        assertEquals(2, child.output().receive(into, 0, 10).await());
    }
}
