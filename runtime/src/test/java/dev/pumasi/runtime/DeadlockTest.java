package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Loops that nobody can free again, each in a process of its own. It does not depend on the driver what a lock does, so each
 * case runs on the best one here.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DeadlockTest {

    private static final String OPEN_LOOPS = "--add-opens=java.base/java.lang=ALL-UNNAMED";
    private static final String OPEN_MONITORS = "--add-opens=java.base/jdk.internal.vm=ALL-UNNAMED";

    @Test
    void aMonitorHeldByAGreenThreadOfTheSameLoopIsNamed() throws Exception {
        String report = report("monitor", "has not turned", OPEN_LOOPS, OPEN_MONITORS);
        assertTrue(
                report.matches(
                        "(?s)probe-0 has not turned for .*: it is held by its own thread, which waits for the monitor of"
                                + " java.lang.Object@\\p{XDigit}+, held by green thread #\\d+. That one is parked on this same loop"
                                + " for .*, waiting for sleep PT1H; it can only go on when the loop turns: it hangs for ever.*"),
                report);
        assertTrue(report.contains("DeadlockProbe.sleepHere("), report);
    }

    /** Without the flag that opens monitors, it cannot be known; the stacks of all that could be it are told. */
    @Test
    void whereTheOwnerCannotBeKnownTheStacksOfTheLoopsThreadsAreTold() throws Exception {
        String report = report("monitor", "has not turned", OPEN_LOOPS);
        assertTrue(
                report.contains("waits for a monitor (synchronized). Who can end that wait is not known here."),
                report);
        assertTrue(report.contains("other green threads of this loop: 1"), report);
        assertTrue(report.contains("DeadlockProbe.sleepHere("), report);
    }

    @Test
    void aLockWithoutAnOwnerIsToldWithTheStacksOfTheLoopsThreads() throws Exception {
        String report = report("read-lock", "has not turned", OPEN_LOOPS, OPEN_MONITORS);
        assertTrue(report.contains("ReentrantReadWriteLock$"), report);
        assertTrue(report.contains("DeadlockProbe.sleepHere("), report);
    }

    @Test
    void aGreenThreadThatWaitsForItsLoopInsideAClassInitialiserIsNamed() throws Exception {
        String report = report("initializer", "has not turned", OPEN_LOOPS);
        assertTrue(
                report.matches(
                        "(?s)probe-0 has not turned for .*: it is held by green thread #\\d+, which waits for sleep PT1H."
                                + " Only this loop can end that wait, and it cannot turn: it hangs for ever. The thread could not"
                                + " be parked, being inside the class initialiser of .*DeadlockProbe.Initialised.*"),
                report);
    }

    @Test
    void itIsAnEventOfFlightRecorderToo() throws Exception {
        String event = report("initializer", "event", OPEN_LOOPS);
        assertTrue(event.contains("hangs for ever"), event);
    }

    @Test
    void aDumpOfALoopThatHangsIsTakenFromOutside() throws Exception {
        String dump = report("dump", "operations in progress: ", OPEN_LOOPS, OPEN_MONITORS);
        assertTrue(dump.contains("probe-0 has not turned for"), dump);
        assertTrue(dump.contains("waits for sleep PT1H, for "), dump);
        assertTrue(dump.contains("DeadlockProbe.sleepHere("), dump);
    }

    /** The runtime needs nothing but java.base: without the other modules there is no event, and that is all. */
    @Test
    void withoutTheModulesOfToolsAStallIsFoundToo() throws Exception {
        Process process = Child.start(
                "true", BareProbe.class, List.of("--limit-modules=java.base,jdk.unsupported", OPEN_LOOPS), List.of());
        try (BufferedReader lines = process.inputReader()) {
            assertEquals(0, Child.expect(lines, "modules"));
            assertEquals(1, Child.expect(lines, "hops"));
            assertEquals(1, Child.expect(lines, "noticed"));
            assertEquals(1, Child.expect(lines, "stopped"));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** The first message of a process, hanging in that way, that holds this. */
    private static String report(String way, String part, String... flags) throws IOException, InterruptedException {
        Process process = Child.start("true", DeadlockProbe.class, List.of(flags), List.of(way));
        try (BufferedReader lines = process.inputReader()) {
            return message(lines, text -> text.contains(part));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static String message(BufferedReader lines, Predicate<String> wanted) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.equals("--")) {
                text.append(line).append('\n');
            } else if (wanted.test(text.toString())) {
                return text.toString();
            } else {
                text.setLength(0);
            }
        }
        throw new AssertionError("the process ended and said: " + text);
    }
}
