package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.Redirect;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of processes when their loop stops. */
final class ChildrenOfAStoppedLoopTest extends OnEachDriverWithChildren {

    @Test
    void theyAreAskedToEnd() throws Exception {
        LoopGroup loops = loops(1);
        List<ChildProcess> children = new ArrayList<>();
        List<Operation<Exit>> exits = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            ChildProcess child = Command.of("sleep", LONG).start(loops.next()).await();
            children.add(child);
            exits.add(child.exit());
        }
        loops.close();
        for (int i = 0; i < 10; i++) {
            assertEquals(
                    new Exit.Signalled(UnixSignal.TERM, false), exits.get(i).value());
            assertFalse(Family.isAlive(children.get(i).id()));
        }
        assertEquals(List.of(), Family.zombies());
    }

    @Test
    void whoDoesNotListenIsKilled() throws Exception {
        LoopGroup loops = loops(1);
        ChildProcess deaf = sh("trap '' TERM; echo deaf; while :; do sleep 0.05; done")
                .start(loops.next())
                .await();
        assertEquals("deaf", readLine(deaf.output()));
        Operation<Exit> exit = deaf.exit();
        loops.close();
        assertEquals(new Exit.Signalled(UnixSignal.KILL, false), exit.value());
    }

    @Test
    void theirGroupsGoToo() throws Exception {
        if (isPortable()) {
            return;
        }
        LoopGroup loops = loops(1);
        ChildProcess child = sh("sleep " + LONG + " & echo $!; wait")
                .group(ProcessGroup.OWN)
                .start(loops.next())
                .await();
        long grandchild = Long.parseLong(readLine(child.output()));
        loops.close();
        Eventually.until("the grandchild is gone", () -> !Family.isAlive(grandchild));
    }

    @Test
    void whoOutlivesItsLoopIsReapedAllTheSame() throws Exception {
        LoopGroup loops = loops(1);
        ChildProcess child = Command.of("sleep", LONG)
                .output(Redirect.Plain.DISCARD)
                .outlivesLoop()
                .start(loops.next())
                .await();
        Operation<Exit> exit = child.exit();
        loops.close();
        assertTrue(Family.isAlive(child.id()));
        assertFails(Failure.CLOSED, exit::value);
        ProcessHandle.of(child.id()).orElseThrow().destroyForcibly();
        Eventually.until("it is gone", () -> !Family.isAlive(child.id()));
    }

    @Test
    void aLoopThatStopsWhileProcessesAreBeingStartedLeavesNone() throws Exception {
        LoopGroup loops = loops(1);
        List<Operation<ChildProcess>> starts = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            starts.add(Command.of("sleep", LONG).start(loops.next()));
        }
        loops.close();
        for (Operation<ChildProcess> start : starts) {
            switch (start.poll().orElseThrow()) {
                case Operation.Success<ChildProcess>(ChildProcess child) -> assertFalse(Family.isAlive(child.id()));
                case Operation.Failed<ChildProcess>(Throwable failure) ->
                    assertTrue(failure instanceof OperationException, failure.toString());
            }
        }
        Eventually.until(
                "no child is left",
                () -> ProcessHandle.current()
                        .children()
                        .noneMatch(
                                child -> child.info().commandLine().orElse("").contains("sleep " + LONG)));
    }
}
