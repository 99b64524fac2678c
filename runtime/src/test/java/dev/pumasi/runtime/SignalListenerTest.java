package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.SignalRefusedException.Refusal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Signals that arrive as events. */
final class SignalListenerTest extends OnEachDriverWithChildren {

    private static final Map<String, Refusal> REFUSED = Map.of(
            "KILL", Refusal.UNCATCHABLE,
            "STOP", Refusal.UNCATCHABLE,
            "SEGV", Refusal.JVM_FAULTS,
            "BUS", Refusal.JVM_FAULTS,
            "FPE", Refusal.JVM_FAULTS,
            "ILL", Refusal.JVM_FAULTS,
            "QUIT", Refusal.JVM_THREAD_DUMP,
            "USR2", Refusal.JVM_SUSPEND);

    private static void raise(UnixSignal signal) {
        sun.misc.Signal.raise(new sun.misc.Signal(signal.name()));
    }

    @Test
    void aSignalReachesItsHandlerOnTheLoop() throws Exception {
        Loop loop = loop();
        CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        closing(SignalListener.open(loop, UnixSignal.USR1, count -> onLoop.complete(loop.isCurrent() && count == 1)));
        raise(UnixSignal.USR1);
        assertTrue(get(onLoop));
        assertNoHops(loop);
    }

    @Test
    void anotherProcessTellsThisOne() throws Exception {
        Loop loop = loop();
        SignalListener listener = closing(SignalListener.open(loop, UnixSignal.USR1));
        for (int i = 0; i < 3; i++) {
            assertEquals(1, onGreen(loop, () -> {
                Operation<Integer> next = listener.next();
                ChildProcess child =
                        start(loop, sh("kill -USR1 " + ProcessHandle.current().pid()));
                assertEquals(new Exit.Status(0), child.exit().await());
                return next.await();
            }));
        }
        assertNoHops(loop);
        assertEquals(List.of("listen to SIGUSR1"), onLoop(loop, loop::interests));
    }

    @Test
    void thisProcessTellsAnother() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, Command.of("sleep", LONG));
        UnixSignal.TERM.sendTo(loop, child.id());
        assertEquals(
                isPortable() ? new Exit.Status(143) : new Exit.Signalled(UnixSignal.TERM, false),
                child.exit().await());
        assertFails(Failure.NO_SUCH_PROCESS, () -> UnixSignal.TERM.sendTo(loop, child.id()));
        assertFails(Failure.NO_SUCH_PROCESS, () -> UnixSignal.TERM.sendTo(loop, -1));
    }

    @Test
    void manyAreCountedAndFewerCallsAreMade() throws Exception {
        Loop loop = loop();
        AtomicInteger calls = new AtomicInteger();
        AtomicInteger sum = new AtomicInteger();
        closing(SignalListener.open(loop, UnixSignal.WINCH, count -> {
            calls.incrementAndGet();
            sum.addAndGet(count);
        }));
        CompletableFuture<Void> release = new CompletableFuture<>();
        loop.execute(release::join); // so that they pile up
        for (int i = 0; i < 100; i++) {
            raise(UnixSignal.WINCH);
        }
        Eventually.pass(50_000_000);
        release.complete(null);
        Eventually.until("they have come", () -> sum.get() > 0);
        Eventually.pass(50_000_000);
        assertTrue(sum.get() <= 100, "came " + sum);
        assertTrue(calls.get() <= sum.get(), calls + " calls for " + sum);
    }

    /** Those that the JVM leaves ignored if they were when it started. */
    private static final Set<UnixSignal> IGNORABLE = Set.of(UnixSignal.HUP, UnixSignal.INT, UnixSignal.TERM);

    private static boolean isIgnored(int number) throws IOException {
        String mask = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .findFirst()
                .orElseThrow()
                .substring("SigIgn:".length())
                .strip();
        return (Long.parseUnsignedLong(mask, 16) >>> number - 1 & 1) == 1;
    }

    @Test
    void eachSignalIsFreeOrRefusedWithItsReason() throws Exception {
        Loop loop = loop();
        for (int number = 1; number <= UnixSignal.NUMBER_MAX; number++) {
            UnixSignal signal = new UnixSignal(number);
            Refusal expected = number > 31 ? Refusal.REAL_TIME : REFUSED.get(signal.name());
            if (expected == null && IGNORABLE.contains(signal) && isIgnored(number)) {
                expected = Refusal.IGNORED; // under nohup, for example
            }
            if (expected == null) {
                SignalListener.open(loop, signal).close();
            } else {
                SignalRefusedException thrown =
                        assertThrows(SignalRefusedException.class, () -> SignalListener.open(loop, signal));
                assertEquals(expected, thrown.refusal(), thrown.getMessage());
                assertEquals(signal, thrown.signal());
            }
        }
        Eventually.until("none is left", () -> loop.status().interests() == 0);
    }

    @Test
    void theLastListenerPutsBackWhatWasThere() throws Exception {
        Loop loop = loop();
        AtomicInteger heardBefore = new AtomicInteger();
        sun.misc.Signal signal = new sun.misc.Signal("USR1");
        sun.misc.SignalHandler original = sun.misc.Signal.handle(signal, _ -> heardBefore.incrementAndGet());
        try {
            SignalListener one = SignalListener.open(loop, UnixSignal.USR1);
            SignalListener other = SignalListener.open(loop, UnixSignal.USR1);
            raise(UnixSignal.USR1);
            assertEquals(1, one.next().await());
            assertEquals(1, other.next().await(), "each listener hears it");
            one.close();
            raise(UnixSignal.USR1);
            assertEquals(1, other.next().await());
            Operation<Integer> inVain = other.next();
            other.close();
            assertFails(Failure.CLOSED, inVain::await);
            assertFails(Failure.CLOSED, () -> other.next().await());
            assertEquals(0, heardBefore.get());
            raise(UnixSignal.USR1);
            Eventually.until("the one before hears again", () -> heardBefore.get() == 1);

            LoopGroup others = loops(1);
            SignalListener.open(others.next(), UnixSignal.USR1);
            others.close();
            raise(UnixSignal.USR1);
            Eventually.until("a loop that stopped listens no more", () -> heardBefore.get() == 2);
        } finally {
            sun.misc.Signal.handle(signal, original);
        }
    }

    @Test
    void whereTheJvmDeliversNoneTheyAreRefused() throws Exception {
        if (isPortable()) {
            return; // what a JVM is started with has nothing to do with drivers: once is enough, and io_uring has that
        }
        assertEquals(
                List.of("TERM REDUCED_SIGNALS", "USR1 REDUCED_SIGNALS"), probe(List.of("-Xrs"), ":", "TERM", "USR1"));
        assertEquals(List.of("HUP IGNORED", "USR1 free"), probe(List.of(), "trap '' HUP", "HUP", "USR1"));
    }

    private static List<String> probe(List<String> flags, String before, String... signals) throws Exception {
        Process other = Child.start(before, SignalProbe.class, flags, List.of(signals));
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(other.getInputStream()))) {
            return lines.lines().toList();
        } finally {
            other.waitFor();
        }
    }
}
