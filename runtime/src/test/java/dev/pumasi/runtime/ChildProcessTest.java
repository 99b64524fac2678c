package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.Redirect;
import dev.pumasi.runtime.driver.ResourceLimit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How processes are started, and how their end arrives. */
final class ChildProcessTest extends OnEachDriverWithChildren {

    @TempDir
    Path folder;

    @Test
    void aProcessIsJoinedInEveryWay() throws Exception {
        Loop loop = loop();
        for (int code : new int[] {0, 1, 42, 255}) {
            Exit expected = new Exit.Status(code);
            Command command = sh("exit " + code);

            assertEquals(
                    expected, onGreen(loop, () -> start(loop, command).exit().await()), "awaited on a green thread");
            ChildProcess child = start(loop, command);
            assertEquals(expected, child.exit().await(), "awaited on a platform thread");
            assertEquals(expected, child.exit().await(), "and again");
            assertEquals(
                    expected, child.exit().toStage().toCompletableFuture().get(30, TimeUnit.SECONDS), "as a stage");
            CompletionQueue queue = new CompletionQueue();
            Operation<Exit> notified = child.exit().notify(queue);
            Eventually.until(
                    "it is notified",
                    () -> queue.next().filter(notified::equals).isPresent());
            assertEquals(expected, notified.value());
            assertFalse(child.isRunning());
            assertEquals(code == 0, expected.isSuccess());
        }
        assertNoHops(loop);
        assertEquals(0, loop.status().failures());
    }

    @Test
    void twoHundredAtOnceEachWithItsOwnStatus() throws Exception {
        Loop loop = loop();
        List<Operation<ChildProcess>> starts = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            starts.add(sh("read line; exit " + i)
                    .input(Redirect.Plain.PIPE)
                    .output(Redirect.Plain.DISCARD)
                    .start(loop));
        }
        List<ChildProcess> children = new ArrayList<>();
        for (Operation<ChildProcess> start : starts) {
            children.add(closing(start.await()));
        }
        assertTrue(children.stream().allMatch(ChildProcess::isRunning), "all run, and wait for a line");
        assertEquals(200, new HashSet<>(children.stream().map(ChildProcess::id).toList()).size());
        Set<Integer> codes = onGreen(loop, () -> {
            for (ChildProcess child : children) {
                child.input().shutdownOutput();
            }
            Set<Integer> seen = new HashSet<>();
            for (int i = 0; i < children.size(); i++) {
                assertEquals(new Exit.Status(i), children.get(i).exit().await());
                seen.add(i);
            }
            return seen;
        });
        assertEquals(200, codes.size());
        assertNoHops(loop);
    }

    @Test
    void aSignalEndsIt() throws Exception {
        Loop loop = loop();
        for (UnixSignal signal : List.of(UnixSignal.TERM, UnixSignal.KILL)) {
            ChildProcess child = start(loop, Command.of("sleep", LONG));
            child.kill(signal);
            assertEquals(new Exit.Signalled(signal, false), child.exit().await());
            assertFails(Failure.NO_SUCH_PROCESS, () -> child.kill(signal));
        }
        ChildProcess child = start(loop, Command.of("sleep", LONG));
        if (isPortable()) {
            assertFails(Failure.NOT_SUPPORTED, () -> child.kill(UnixSignal.USR1));
        } else {
            child.kill(UnixSignal.USR1);
            assertEquals(
                    new Exit.Signalled(UnixSignal.USR1, false), child.exit().await());
            assertEquals(
                    new Exit.Signalled(UnixSignal.USR1, false),
                    start(loop, sh("kill -USR1 $$")).exit().await());
        }
    }

    @Test
    void whoWaitsInVainStopsWaitingAndTheProcessGoesOn() throws Exception {
        Loop loop = loop();
        ChildProcess child = start(loop, Command.of("sleep", LONG));
        assertFails(
                Failure.TIMED_OUT,
                () -> child.exit().within(Duration.ofMillis(20)).await());
        Operation<Exit> cancelled = child.exit();
        cancelled.cancel();
        assertFails(Failure.CANCELLED, cancelled::await);
        assertTrue(child.isRunning());
        child.kill(UnixSignal.KILL);
        assertEquals(new Exit.Signalled(UnixSignal.KILL, false), child.exit().await());
    }

    @Test
    void aTimeLimitAsksFirstAndThenKills() throws Exception {
        Loop loop = loop();
        ChildProcess obeys = start(loop, Command.of("sleep", LONG).timeLimit(Duration.ofMillis(50)));
        assertEquals(new Exit.Signalled(UnixSignal.TERM, false), obeys.exit().await());
        assertTrue(obeys.isOverdue());

        ChildProcess killed = deaf(loop);
        assertEquals(new Exit.Signalled(UnixSignal.KILL, false), killed.exit().await());
        assertTrue(killed.isOverdue());

        ChildProcess inTime = start(loop, sh("exit 3").timeLimit(Duration.ofSeconds(30)));
        assertEquals(new Exit.Status(3), inTime.exit().await());
        assertFalse(inTime.isOverdue());
        Eventually.until("its timer is gone", () -> loop.status().timers() == 0);
    }

    /** One that had become deaf before its time was over, which on a machine that stands still takes a longer one. */
    private ChildProcess deaf(Loop loop) throws IOException {
        Duration limit = Duration.ofMillis(500);
        while (true) {
            ChildProcess child = start(
                    loop,
                    sh("trap '' TERM; echo deaf; while :; do sleep 0.05; done")
                            .timeLimit(limit)
                            .patience(Duration.ofMillis(100)));
            if (readLine(child.output()).equals("deaf")) {
                return child;
            }
            assertEquals(
                    new Exit.Signalled(UnixSignal.TERM, false), child.exit().await(), "it came before the trap");
            limit = limit.multipliedBy(4);
        }
    }

    @Test
    void whatCannotBeStartedSaysWhy() throws Exception {
        Loop loop = loop();
        Path text = Files.writeString(folder.resolve("text"), "no program\n");
        Path odd = Files.writeString(folder.resolve("odd"), "no program either\n");
        Files.setPosixFilePermissions(odd, PosixFilePermissions.fromString("rwxr-xr-x"));

        assertFails(
                Failure.NOT_FOUND,
                () -> Command.of("no-such-program-anywhere").start(loop).await());
        assertFails(
                Failure.NOT_FOUND,
                () -> Command.of("/nowhere/at/all").start(loop).await());
        assertFails(
                Failure.PERMISSION_DENIED,
                () -> Command.of(text.toString()).start(loop).await());
        assertFails(
                Failure.PERMISSION_DENIED,
                () -> Command.of(folder.toString()).start(loop).await());
        if (!isPortable()) { // the JDK hands such a file to a shell
            assertFails(
                    Failure.NOT_EXECUTABLE,
                    () -> Command.of(odd.toString()).start(loop).await());
        }
        assertFails(
                Failure.NOT_FOUND,
                () -> Command.of("true")
                        .folder(folder.resolve("no"))
                        .start(loop)
                        .await());
        assertFails(
                Failure.NOT_A_FOLDER,
                () -> Command.of("true").folder(text).start(loop).await());
        assertFails(
                Failure.NOT_FOUND,
                () -> Command.of("true")
                        .input(new Redirect.File(folder.resolve("no"), false))
                        .start(loop)
                        .await());
        assertFails(
                Failure.ARGUMENTS_TOO_LONG,
                () -> Command.of("true", "x".repeat(4 << 20)).start(loop).await());
        assertThrows(IllegalArgumentException.class, () -> Command.of("true", "a\0b"));
        assertThrows(IllegalArgumentException.class, () -> Command.of(""));
        assertThrows(IllegalArgumentException.class, () -> Command.of("true").environment("a=b", "c"));
        assertEquals(0, loop.status().interests());
    }

    @Test
    void environmentFolderAndArgumentsArrive() throws Exception {
        Loop loop = loop();
        assertEquals(
                "rice and soup|a b|*|" + folder.toRealPath() + "\n",
                said(
                        loop,
                        sh("echo \"$DISH|$1|$2|$(pwd -P)\"", "a b", "*")
                                .environment("DISH", "rice and soup")
                                .folder(folder)));
        assertEquals("DISH=밥\n", said(loop, Command.of("env").emptyEnvironment().environment("DISH", "밥")));
        assertTrue(said(loop, Command.of("env")).contains("PATH=" + System.getenv("PATH") + "\n"));
    }

    @Test
    void streamsLeadWhereTheyAreTold() throws Exception {
        Loop loop = loop();
        Path file = folder.resolve("file");
        Redirect over = new Redirect.File(file, false);
        Redirect behind = new Redirect.File(file, true);
        assertEquals(
                new Exit.Status(0),
                start(loop, sh("echo long line; echo error >&2").output(over).error(Redirect.Plain.OUTPUT))
                        .exit()
                        .await());
        assertEquals("long line\nerror\n", Files.readString(file));
        assertEquals(
                new Exit.Status(0),
                start(loop, sh("echo new").output(over)).exit().await());
        assertEquals(
                new Exit.Status(0),
                start(loop, sh("echo more").output(behind)).exit().await());
        assertEquals("new\nmore\n", Files.readString(file));
        assertEquals("new\nmore\n", said(loop, Command.of("cat").input(behind)));
        assertEquals("", said(loop, Command.of("cat")), "nothing to read");
        assertEquals("out\nerr\n", said(loop, sh("echo out; echo err >&2").error(Redirect.Plain.OUTPUT)));
        ChildProcess both = start(loop, sh("echo out; echo err >&2").error(Redirect.Plain.PIPE));
        assertEquals("err\n", readAll(both.error()));
        assertEquals("out\n", readAll(both.output()));
        assertThrows(IllegalStateException.class, both::input);
        assertThrows(IllegalArgumentException.class, () -> sh("").output(Redirect.Plain.OUTPUT));
    }

    @Test
    void aChildHasNothingThatItWasNotGiven() throws Exception {
        Loop loop = loop();
        try (ServerSocket inheritable = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertTrue(inheritable.isBound());
            assertEquals("0\n1\n2\n", said(loop, sh("ls /proc/$$/fd")));
        }
        String status = said(loop, Command.of("cat", "/proc/self/status"));
        if (!isPortable()) {
            assertTrue(status.contains("SigBlk:\t0000000000000000"), status);
        }
    }

    @Test
    void aGroupIsKilledWithAllDescendants() throws Exception {
        Loop loop = loop();
        String grandchildren = "sleep " + LONG + " & echo $!; sh -c 'sleep " + LONG + " & echo $!; wait' & wait";
        if (isPortable()) {
            Command command = sh(grandchildren).group(ProcessGroup.OWN);
            assertFails(Failure.NOT_SUPPORTED, () -> command.start(loop).await());
            return;
        }
        for (ProcessGroup group : List.of(ProcessGroup.OWN, ProcessGroup.SESSION)) {
            ChildProcess child = start(loop, sh(grandchildren).group(group));
            long one = Long.parseLong(readLine(child.output()));
            long other = Long.parseLong(readLine(child.output()));
            assertEquals(child.id(), Family.group(child.id()));
            assertEquals(child.id(), Family.group(other));
            assertEquals(group == ProcessGroup.SESSION, Family.session(child.id()) == child.id());
            assertTrue(Family.isAlive(one) && Family.isAlive(other));
            child.killGroup(UnixSignal.KILL);
            assertEquals(
                    new Exit.Signalled(UnixSignal.KILL, false), child.exit().await());
            Eventually.until("the grandchildren are gone", () -> !Family.isAlive(one) && !Family.isAlive(other));
            assertEquals("", readAll(child.output()), "nobody holds the pipe");
        }
        ChildProcess shared = start(loop, Command.of("sleep", LONG));
        assertThrows(IllegalStateException.class, () -> shared.killGroup(UnixSignal.TERM));
        assertThrows(IllegalStateException.class, () -> sh("").takesGroupAlong().start(loop));
    }

    @Test
    void whoTakesTheGroupAlongLeavesNobody() throws Exception {
        if (isPortable()) {
            return;
        }
        Loop loop = loop();
        ChildProcess child = start(
                loop,
                sh("sleep " + LONG + " & echo $!; exit 5")
                        .group(ProcessGroup.OWN)
                        .takesGroupAlong());
        long grandchild = Long.parseLong(readLine(child.output()));
        assertEquals(new Exit.Status(5), child.exit().await());
        Eventually.until("the grandchild is gone", () -> !Family.isAlive(grandchild));
    }

    @Test
    void aTimeLimitLeavesNobodyOfTheGroup() throws Exception {
        if (isPortable()) {
            return;
        }
        Loop loop = loop();
        ChildProcess child = start(
                loop,
                sh("(trap '' TERM; echo $$; while :; do sleep 0.05; done) & wait")
                        .group(ProcessGroup.OWN)
                        .timeLimit(Duration.ofMillis(500)));
        readLine(child.output());
        assertEquals(new Exit.Signalled(UnixSignal.TERM, false), child.exit().await());
        assertEquals("", readAll(child.output()), "the deaf grandchild has closed the pipe too");
    }

    @Test
    void limitsHold() throws Exception {
        Loop loop = loop();
        if (isPortable()) {
            assertFails(
                    Failure.NOT_SUPPORTED,
                    () -> Command.of("true")
                            .limit(ResourceLimit.DESCRIPTORS, 10)
                            .start(loop)
                            .await());
            return;
        }
        ChildProcess limited = start(
                loop,
                sh("read line; echo $(ulimit -n) $(ulimit -c)")
                        .input(Redirect.Plain.PIPE)
                        .limit(ResourceLimit.DESCRIPTORS, 64)
                        .limit(ResourceLimit.CORE_BYTES, 0));
        limited.input().shutdownOutput(); // it has been started, so its limits have been set
        assertEquals("64 0\n", readAll(limited.output()));
        assertEquals(new Exit.Status(0), limited.exit().await());
        ChildProcess busy = start(loop, sh("while :; do :; done").limit(ResourceLimit.CPU_SECONDS, 1));
        assertEquals(new Exit.Signalled(UnixSignal.KILL, false), busy.exit().await());
    }

    @Test
    void nobodyWhoForgetsAProcessLeavesAZombie() throws IOException {
        Loop loop = loop();
        for (int i = 0; i < 20; i++) {
            sh("exit 0").output(Redirect.Plain.DISCARD).start(loop).await();
        }
        Eventually.until("all are gone", () -> loop.status().interests() == 0);
        assertEquals(List.of(), Family.zombies());
    }
}
