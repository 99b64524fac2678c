package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch.Snapshot;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Leaks something on purpose, sees that it is found, and cleans up. */
final class LeakWatchTest {

    private static final long NO_TIME = 0;
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(30);

    @Test
    void an_open_descriptor_is_found_until_it_is_closed() throws IOException {
        try (Pipe.SourceChannel warm = Pipe.open().source()) {
            assertTrue(warm.isOpen()); // whatever the JDK opens for the first pipe is open now
        }
        Snapshot before = Snapshot.take();
        Pipe pipe = Pipe.open();
        List<String> left = LeakWatch.leftAfter(before, NO_TIME);
        pipe.source().close();
        pipe.sink().close();
        assertTrue(left.stream().anyMatch(one -> one.startsWith("descriptor pipe:[")), left.toString());
        assertEquals(List.of(), LeakWatch.leftAfter(before, SETTLE_NANOS));
    }

    @Test
    void a_thread_is_found_if_it_keeps_the_process_alive_or_is_ours() throws InterruptedException {
        Snapshot before = Snapshot.take();
        CountDownLatch end = new CountDownLatch(1);
        Runnable body = () -> {
            try {
                end.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        };
        List<Thread> threads = List.of(
                Thread.ofPlatform().name("forgotten").daemon(false).start(body),
                Thread.ofPlatform().name("pumasi-loop-7").daemon(true).start(body),
                Thread.ofPlatform().name("harmless").daemon(true).start(body));
        List<String> left = LeakWatch.leftAfter(before, NO_TIME);
        end.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        String text = left.toString();
        assertTrue(text.contains("thread \"forgotten\"") && text.contains("thread \"pumasi-loop-7\""), text);
        assertFalse(text.contains("harmless"), text);
        assertEquals(List.of(), LeakWatch.leftAfter(before, SETTLE_NANOS));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void a_child_process_is_found_while_it_lives() throws IOException, InterruptedException {
        Snapshot before = Snapshot.take();
        Process child = new ProcessBuilder("sleep", "60").start();
        List<String> left = LeakWatch.leftAfter(before, NO_TIME);
        child.destroyForcibly().waitFor();
        child.getInputStream().close();
        child.getErrorStream().close();
        child.getOutputStream().close();
        assertTrue(left.stream().anyMatch(one -> one.startsWith("process " + child.pid() + ",")), left.toString());
        assertEquals(List.of(), LeakWatch.leftAfter(before, SETTLE_NANOS));
    }

    @Test
    void what_was_there_before_does_not_count() {
        assertEquals(List.of(), LeakWatch.leftAfter(Snapshot.take(), SETTLE_NANOS));
    }
}
