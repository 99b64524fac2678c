package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Processes, as every driver runs them. */
final class DriverProcessTest extends EachDriver {

    private static final List<Redirect> PIPES =
            List.of(Redirect.Plain.PIPE, Redirect.Plain.PIPE, Redirect.Plain.INHERIT);
    private static final int SIGKILL = 9;

    private static Launch sh(String script) {
        return new Launch(
                List.of("/bin/sh", "-c", script), List.of(), null, PIPES, List.of(), ProcessGroup.SHARED, Map.of());
    }

    private long spawn(Launch launch) {
        long token = rig.token();
        driver.processes().spawn(launch, token);
        return token;
    }

    private int spawned(Launch launch) {
        int process = rig.result(spawn(launch));
        assertTrue(process >= 0, () -> "not started: error " + -process);
        for (int stream = 0; stream < 2; stream++) {
            rig.opened(driver.processes().pipe(process, stream));
        }
        assertEquals(-1, driver.processes().pipe(process, 2));
        return process;
    }

    private long awaitExit(int process) {
        long token = rig.token();
        driver.processes().awaitExit(process, token);
        return token;
    }

    @Test
    void aProcessIsFedReadAndReaped() {
        int process = spawned(sh("read line; echo got $line; exit 7"));
        ProcessOperations processes = driver.processes();
        int input = processes.pipe(process, 0);
        long receiving = rig.receive(processes.pipe(process, 1));
        long ending = awaitExit(process);
        rig.assertNothingFrom(ending);
        assertEquals(
                3,
                rig.result(
                        rig.send(input, new Gather(2).add(Buffer.of("ab"), 0, 2).add(Buffer.of("\n"), 0, 1))));
        rig.until("what it says", () -> rig.hasArrived(receiving));
        assertEquals("got ab\n", rig.await(receiving).text());
        assertTrue(rig.result(ending) >= 0);
        assertEquals(new ExitReport(false, 7, false), processes.reap(process));
        assertEquals(-Errno.ESRCH, processes.signal(process, SIGKILL, false));
        processes.close(process);
    }

    @Test
    void aWaitThatIsCancelledLosesNothing() {
        int process = spawned(sh("read line; exit 9"));
        for (int i = 0; i < 10; i++) {
            assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(awaitExit(process)));
        }
        rig.close(driver.processes().pipe(process, 0));
        // Ended, and waited for, and the wait is cancelled: the status is still there.
        long ending = awaitExit(process);
        rig.until("its end", () -> rig.hasArrived(ending));
        long again = awaitExit(process);
        driver.cancel(again);
        rig.until("the end of the wait", () -> rig.hasArrived(again));
        assertTrue(rig.result(awaitExit(process)) >= 0);
        assertEquals(new ExitReport(false, 9, false), driver.processes().reap(process));
        driver.processes().close(process);
    }

    @Test
    void aSignalReachesIt() {
        int process = spawned(sh("exec sleep 600"));
        ProcessOperations processes = driver.processes();
        long ending = awaitExit(process);
        assertEquals(0, processes.signalTo(processes.id(process), SIGKILL));
        assertTrue(rig.result(ending) >= 0);
        ExitReport report = processes.reap(process);
        assertEquals(
                kind == DriverUnderTest.NIO
                        ? new ExitReport(false, 128 + SIGKILL, false) // it was not sent through its handle
                        : new ExitReport(true, SIGKILL, false),
                report);
        processes.close(process);
        assertEquals(-Errno.ESRCH, processes.signalTo(Integer.MAX_VALUE, SIGKILL));
    }

    @Test
    void whatCannotBeStartedIsAnError() {
        Launch missing =
                new Launch(List.of("/nowhere"), List.of(), null, PIPES, List.of(), ProcessGroup.SHARED, Map.of());
        assertEquals(-Errno.ENOENT, rig.result(spawn(missing)));
    }

    @Test
    void processesInProgressOfAClosedDriverAreLeftToNobody() {
        for (int i = 0; i < 5; i++) {
            try (Driver other = kind.open()) {
                for (int j = 0; j < 5; j++) {
                    other.processes().spawn(sh("read line"), 1 + j);
                }
            }
        }
        rig.until("all are gone", () -> ProcessHandle.current().children().noneMatch(ProcessHandle::isAlive));
    }
}
