package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.SignalRefusedException.Refusal;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A signal that asks for a thread dump. */
final class ThreadDumpSignalTest extends OnEachDriver {

    @AfterEach
    void noProperty() {
        System.clearProperty(ThreadDumpSignal.PROPERTY);
    }

    private static void raise() {
        sun.misc.Signal.raise(new sun.misc.Signal("USR1"));
    }

    @Test
    void aDumpComesForEachSignalAlsoWhenTheLoopDoesNotTurn() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        LinkedBlockingQueue<ThreadDump> dumps = new LinkedBlockingQueue<>();
        closing(ThreadDumpSignal.open(group.loops(), UnixSignal.USR1, dumps::add));
        Thread green = loop.spawn(() -> loop.sleep(java.time.Duration.ofDays(1)).await());
        Eventually.until("it waits", () -> green.getState() == Thread.State.WAITING);
        for (int i = 0; i < 3; i++) {
            raise();
            ThreadDump dump = dumps.poll(30, TimeUnit.SECONDS);
            assertTrue(dump.toString().contains("waits for sleep PT24H, for "), dump.toString());
        }
        CountDownLatch release = new CountDownLatch(1);
        loop.execute(() -> Eventually.until("it is let go", () -> release.getCount() == 0));
        raise();
        assertTrue(dumps.poll(30, TimeUnit.SECONDS).toString().contains("test-0 has not turned for"));
        release.countDown();
        loop.execute(green::interrupt);
        green.join();
        heard.take(); // the green thread's failure
        assertNoHops(loop);
    }

    /** Two dumps do not mix. */
    @Test
    void oneAtATime() throws Exception {
        LoopGroup group = loops(1);
        ConcurrentLinkedQueue<String> said = new ConcurrentLinkedQueue<>();
        CountDownLatch release = new CountDownLatch(1);
        closing(ThreadDumpSignal.open(group.loops(), UnixSignal.USR1, dump -> {
            said.add("begins");
            Eventually.until("it may end", () -> release.getCount() == 0);
            said.add("ends");
        }));
        raise();
        Eventually.until("one has begun", () -> said.size() == 1);
        raise();
        release.countDown();
        Eventually.until("both are over", () -> said.size() == 4);
        assertEquals(List.of("begins", "ends", "begins", "ends"), List.copyOf(said));
    }

    @Test
    void aPropertyAsksEachGroupForIt() {
        System.setProperty(ThreadDumpSignal.PROPERTY, "USR2");
        loops(1);
        List<String> told = heard.take();
        assertEquals(1, told.size());
        assertTrue(told.getFirst().contains("the JVM holds its own threads with it"), told::toString);
        System.setProperty(ThreadDumpSignal.PROPERTY, "no signal");
        loops(1);
        assertTrue(heard.take().getFirst().contains("no signal is called no signal"));
        System.setProperty(ThreadDumpSignal.PROPERTY, "SIGUSR1");
        LoopGroup group = loops(1);
        closing(ThreadDumpSignal.ofProperty(group.loops()).orElseThrow());
    }

    @Test
    void aSignalThatIsTheJvmsIsRefused() {
        SignalRefusedException refused = assertThrows(
                SignalRefusedException.class, () -> ThreadDumpSignal.open(List.of(), UnixSignal.QUIT, dump -> {}));
        assertEquals(Refusal.JVM_THREAD_DUMP, refused.refusal());
        assertFalse(refused.getMessage().isEmpty());
    }
}
