package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFile.Option;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.FileSpace;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.function.ThrowingSupplier;

/** The runtime's files on a simulated disk: slow, full, failing, and after a crash. */
@ExtendWith({LeakWatch.class, LogWatch.class, SeedParameter.class})
final class FileSimulationTest {

    private static final Duration LIMIT = Duration.ofHours(2);
    private static final Path FILE = Path.of("/data/file");
    private static final int PAGE = AsyncFile.DIRECT_BYTES;

    /** What a body answers on a green thread of a simulated loop; nothing is left open, and nothing hopped. */
    private static <T> T on(Simulation simulation, Loop loop, ThrowingSupplier<T> body) throws Throwable {
        List<T> answer = new ArrayList<>();
        Throwable[] failure = new Throwable[1];
        loop.spawn(() -> {
            try {
                answer.add(body.get());
            } catch (Throwable thrown) {
                failure[0] = thrown;
            }
        });
        simulation.runUntil(() -> !answer.isEmpty() || failure[0] != null, LIMIT);
        simulation.settle(LIMIT);
        if (failure[0] != null) {
            throw failure[0];
        }
        assertEquals(0, loop.status().hops(), "hops");
        assertEquals(0, loop.status().failures(), "failures");
        return answer.getFirst();
    }

    private static Failure failureOf(Executable body) {
        return assertThrows(OperationException.class, body).failure();
    }

    @Test
    void what_is_written_is_read_whatever_the_disk_does_by_halves(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            simulation.disk().put(Path.of("/data/other"), "other");
            byte[] bytes = seed.split("bytes").dice().bytes(100_000);
            Loop loop = simulation.loop("loop");
            byte[] read = on(simulation, loop, () -> {
                try (AsyncFile file = loop.files().open(FILE, Option.READ, Option.WRITE, Option.CREATE)) {
                    file.write(0, bytes, 0, bytes.length);
                    file.sync();
                    byte[] back = new byte[bytes.length + 100];
                    assertEquals(bytes.length, file.read(0, back, 0, back.length), "up to the end");
                    assertEquals(bytes.length, file.size());
                    assertEquals(0, file.read(bytes.length, back, 0, 1), "at the end");
                    file.truncate(50_000);
                    file.allocate(0, 60_000);
                    assertEquals(60_000, file.size());
                    assertEquals(0, file.read(59_999, new byte[1], 0, 1) - 1, "zeros behind what was cut");
                    file.truncate(50_000);
                    file.write(50_000, bytes, 50_000, 50_000);
                    return file.readAll(bytes.length);
                }
            });
            assertArrayEquals(bytes, read);
            assertArrayEquals(bytes, simulation.disk().bytes(FILE));
        }
    }

    @Test
    void many_operations_at_once_on_one_thread(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            byte[] bytes = seed.split("bytes").dice().bytes(64 * 512);
            simulation.disk().put(FILE, bytes);
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                try (AsyncFile file = loop.files().startOpen(FILE, Option.READ).await()) {
                    List<Buffer> buffers = new ArrayList<>();
                    List<Operation<Integer>> reads = new ArrayList<>();
                    for (int i = 0; i < 64; i++) {
                        buffers.add(Buffer.allocate(512));
                        reads.add(file.startRead(i * 512L, buffers.get(i), 0, 512));
                    }
                    long inProgress =
                            reads.stream().filter(read -> !read.isDone()).count();
                    assertEquals(64, inProgress, "none of them is waited for by the start of the next");
                    for (int i = 0; i < 64; i++) {
                        int count = reads.get(i).await();
                        assertTrue(count > 0);
                        assertArrayEquals(
                                Arrays.copyOfRange(bytes, i * 512, i * 512 + count),
                                buffers.get(i).bytes(0, count));
                    }
                    return 0;
                }
            });
        }
    }

    @Test
    void timers_stay_on_time_while_the_disk_takes_minutes(Seed seed) throws Throwable {
        SimFaults faults = SimFaults.calm().withSlowDisk(Span.of(Duration.ofMinutes(3), Duration.ofMinutes(4)));
        try (Simulation simulation = new Simulation(seed, faults)) {
            simulation.disk().put(FILE, "slow");
            Loop loop = simulation.loop("loop");
            long[] latest = new long[1];
            int[] ticks = new int[1];
            boolean[] over = new boolean[1];
            Thread ticker = loop.spawn(() -> {
                while (!over[0]) {
                    long due = loop.nowNanos() + 10_000_000;
                    try {
                        loop.sleep(Duration.ofMillis(10)).await();
                    } catch (IOException impossible) {
                        throw new AssertionError(impossible);
                    }
                    ticks[0]++;
                    latest[0] = Math.max(latest[0], loop.nowNanos() - due);
                }
            });
            on(simulation, loop, () -> {
                try (AsyncFile file = loop.files().open(FILE, Option.READ, Option.WRITE)) {
                    file.write(0, new byte[] {1}, 0, 1);
                    over[0] = true;
                    return 0;
                }
            });
            simulation.runUntil(() -> !ticker.isAlive(), LIMIT);
            assertTrue(ticks[0] > 6 * 60 * 90, "ticks meanwhile: " + ticks[0]);
            assertTrue(latest[0] < 5_000_000, "late by " + latest[0] + " ns");
        }
    }

    @Test
    void a_full_disk_is_an_error_with_a_remedy_and_takes_what_it_can(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough().withDiskCapacity(10_000))) {
            simulation.disk().put(Path.of("/data/there"), new byte[4_000]);
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                try (AsyncFile file = loop.files().open(FILE, Option.WRITE, Option.CREATE)) {
                    OperationException full =
                            assertThrows(OperationException.class, () -> file.write(0, new byte[20_000], 0, 20_000));
                    assertEquals(Failure.DISK_FULL, full.failure());
                    assertTrue(String.valueOf(full.getMessage()).contains(FILE.toString()), full.getMessage());
                    assertEquals(6_000, file.size(), "what there was room for");
                    assertEquals(Failure.DISK_FULL, failureOf(() -> file.allocate(0, 20_000)));
                    return 0;
                }
            });
            on(simulation, loop, () -> {
                assertEquals(
                        Failure.DISK_FULL,
                        failureOf(() -> loop.files().writeAll(Path.of("/data/there"), new byte[9_000])));
                return 0;
            });
            assertEquals(List.of("/data/file", "/data/there"), simulation.disk().files(), "no temporary file is left");
            assertEquals(4_000, simulation.disk().bytes(Path.of("/data/there")).length, "and the old one is");
        }
    }

    @Test
    void errors_of_the_device_are_reported_and_leave_nothing_open(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withDiskErrors(1, 1, 1))) {
            simulation.disk().put(FILE, "content");
            SimDriver driver = simulation.driver("driver");
            Loop loop = Loop.open("loop", () -> driver);
            simulation.add(driver, () -> loop.turn(1_000_000_000), loop::hasWork);
            on(simulation, loop, () -> {
                assertEquals(Failure.IO, failureOf(() -> loop.files().readAll(FILE, 100)));
                assertEquals(Failure.IO, failureOf(() -> loop.files().writeAll(FILE, new byte[10])));
                try (AsyncFile file = loop.files().open(FILE, Option.WRITE)) {
                    assertEquals(Failure.IO, failureOf(file::sync));
                }
                return 0;
            });
            assertEquals(0, driver.openFiles());
            assertEquals(List.of("/data/file"), simulation.disk().files());
            loop.close();
        }
    }

    @Test
    void names_are_made_renamed_listed_and_deleted(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                Path deep = Path.of("/a/b/c");
                loop.files().makeFolders(deep);
                loop.files().makeFolders(deep);
                assertEquals(
                        FileAttributes.Kind.FOLDER, loop.files().status(deep).kind());
                assertEquals(
                        Failure.ALREADY_EXISTS, failureOf(() -> loop.files().makeFolder(deep)));
                for (int i = 0; i < 50; i++) {
                    loop.files().writeAll(deep.resolve("file-" + i), new byte[i]);
                }
                List<String> names = loop.files().list(deep).stream()
                        .map(entry -> entry.name().toString())
                        .sorted()
                        .toList();
                assertEquals(
                        IntStream.range(0, 50)
                                .mapToObj(i -> "file-" + i)
                                .sorted()
                                .toList(),
                        names);
                Path one = deep.resolve("file-1");
                Path other = deep.resolve("file-2");
                assertEquals(
                        Failure.ALREADY_EXISTS, failureOf(() -> loop.files().rename(one, other)));
                loop.files().replace(one, other);
                assertEquals(1, loop.files().status(other).length());
                assertFalse(loop.files().exists(one));
                assertFalse(loop.files().exists(other.resolve("below a file")));
                assertEquals(Failure.NOT_FOUND, failureOf(() -> loop.files().delete(one)));
                assertEquals(
                        Failure.FOLDER_NOT_EMPTY, failureOf(() -> loop.files().deleteFolder(deep)));
                assertEquals(Failure.IS_A_FOLDER, failureOf(() -> loop.files().delete(deep)));
                assertEquals(Failure.NOT_A_FOLDER, failureOf(() -> loop.files().list(other)));
                return 0;
            });
        }
    }

    @Test
    void nothing_leads_out_of_an_open_folder(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            simulation.disk().put(Path.of("/secret"), "secret");
            simulation.disk().put(Path.of("/site/sub/page"), "page");
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                try (AsyncFolder site = loop.files().openFolder(Path.of("/site"))) {
                    for (String way : List.of("../secret", "/secret", "sub/../../secret")) {
                        assertEquals(Failure.OUTSIDE, failureOf(() -> site.openBeneath(Path.of(way))), way);
                    }
                    try (AsyncFile page = site.openBeneath(Path.of("sub/../sub/page"))) {
                        assertArrayEquals("page".getBytes(), page.readAll(100));
                    }
                    return 0;
                }
            });
        }
    }

    @Test
    void names_are_made_and_moved_beneath_an_open_folder_and_outlive_a_crash(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            simulation.disk().put(Path.of("/secret"), "secret");
            simulation.disk().put(Path.of("/site/sub/page"), "old");
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                try (AsyncFolder site = loop.files().openFolder(Path.of("/site"))) {
                    Path page = Path.of("sub/page");
                    AsyncFile temporary = site.openTemporaryBeneath(page);
                    temporary.write(0, "new".getBytes(), 0, 3);
                    temporary.sync();
                    temporary.close();
                    site.replaceBeneath(site.temporaryOf(temporary), page);
                    site.makeFolderBeneath(Path.of("sub/made"));
                    assertEquals(
                            Failure.ALREADY_EXISTS, failureOf(() -> site.renameBeneath(page, Path.of("sub/made"))));
                    assertEquals(Failure.OUTSIDE, failureOf(() -> site.deleteBeneath(Path.of("../secret"))));
                    assertEquals(Failure.IS_A_FOLDER, failureOf(() -> site.deleteBeneath(Path.of("sub/made"))));
                    try (AsyncFolder sub = site.openFolderBeneath(Path.of("sub"))) {
                        sub.sync();
                    }
                    return 0;
                }
            });
            SimDisk found = simulation.disk().afterCrash(seed);
            assertEquals("new", new String(found.bytes(Path.of("/site/sub/page"))));
            assertEquals(List.of("/secret", "/site/sub/page"), found.files());
            assertTrue(found.exists(Path.of("/site/sub/made")));
        }
    }

    @Test
    void the_room_on_the_disk_is_what_the_files_leave(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withDiskCapacity(10_000))) {
            simulation.disk().put(Path.of("/data/file"), "0123456789");
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                assertEquals(new FileSpace(10_000, 9_990, 9_990), loop.files().space(Path.of("/data")));
                assertEquals(Failure.NOT_FOUND, failureOf(() -> loop.files().space(Path.of("/none"))));
                try (AsyncFolder data = loop.files().openFolder(Path.of("/data"))) {
                    loop.files().writeAll(Path.of("/data/more"), new byte[100]);
                    assertEquals(9_890, data.space().usableBytes());
                }
                return 0;
            });
        }
    }

    @Test
    void closing_with_operations_in_progress_lets_them_end(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                AsyncFile file = loop.files().open(Path.of("/file"), Option.READ, Option.WRITE, Option.CREATE);
                Buffer buffer = Buffer.of("0123456789");
                List<Operation<Integer>> writes = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    writes.add(file.startWrite(i, buffer, i, 1));
                }
                file.close();
                file.close();
                assertEquals(
                        Failure.CLOSED,
                        failureOf(() -> file.startRead(0, buffer, 0, 1).await()));
                for (Operation<Integer> write : writes) {
                    assertEquals(1, write.await());
                }
                return 0;
            });
            assertEquals("0123456789", new String(simulation.disk().bytes(Path.of("/file"))));
        }
    }

    @Test
    void a_cancelled_operation_was_done_or_was_not(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm().withSlowDisk(Span.millis(10, 20)))) {
            Loop loop = simulation.loop("loop");
            int[] cancelled = new int[1];
            on(simulation, loop, () -> {
                try (AsyncFile file = loop.files().open(Path.of("/file"), Option.READ, Option.WRITE, Option.CREATE)) {
                    for (int i = 0; i < 40; i++) {
                        int at = i;
                        Operation<Integer> write =
                                file.startWrite(i, Buffer.of((byte) 'x'), 0, 1).within(Duration.ofMillis(i % 2));
                        if (i % 3 == 0) {
                            write.cancel();
                        }
                        byte[] found = new byte[1];
                        try {
                            assertEquals(1, write.await());
                            file.read(at, found, 0, 1);
                            assertEquals('x', found[0]);
                        } catch (OperationException ended) {
                            cancelled[0]++;
                            assertTrue(
                                    ended.failure() == Failure.CANCELLED || ended.failure() == Failure.TIMED_OUT,
                                    ended.getMessage());
                            file.read(at, found, 0, 1);
                            assertEquals(0, found[0]);
                        }
                    }
                    return 0;
                }
            });
            assertTrue(cancelled[0] > 0 && cancelled[0] < 40, cancelled[0] + " of 40");
        }
    }

    @Test
    void a_loop_that_stops_closes_its_files(Seed seed) throws Throwable {
        Simulation simulation = new Simulation(seed, SimFaults.calm());
        SimDriver driver = simulation.driver("driver");
        Loop loop = Loop.open("loop", () -> driver);
        simulation.add(driver, () -> loop.turn(1_000_000_000), loop::hasWork);
        on(simulation, loop, () -> loop.files().open(Path.of("/file"), Option.WRITE, Option.CREATE));
        assertEquals(1, driver.openFiles());
        loop.close();
        assertEquals(0, driver.openFiles());
        simulation.close();
    }

    @Test
    void direct_access_asks_for_whole_blocks(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                try (AsyncFile file =
                        loop.files().open(Path.of("/file"), Option.READ, Option.WRITE, Option.CREATE, Option.DIRECT)) {
                    Buffer buffer = AsyncFile.directBuffer(2 * PAGE);
                    buffer.put(PAGE, (byte) 7);
                    file.write(0, buffer, 0, 2 * PAGE);
                    assertEquals(Failure.INVALID, failureOf(() -> file.write(1, buffer, 0, PAGE)));
                    assertEquals(Failure.INVALID, failureOf(() -> file.write(0, buffer, 1, PAGE)));
                    assertEquals(Failure.INVALID, failureOf(() -> file.write(0, buffer, 0, 100)));
                    byte[] bytes = new byte[2 * PAGE];
                    assertEquals(2 * PAGE, file.read(0, bytes, 0, 2 * PAGE));
                    assertEquals(7, bytes[PAGE]);
                    return 0;
                }
            });
        }
    }

    @Test
    void a_file_goes_to_a_socket_and_one_that_shrinks_is_noticed(Seed seed) throws Throwable {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);
        try (Simulation simulation = new Simulation(seed, SimFaults.rough())) {
            byte[] bytes = seed.split("bytes").dice().bytes(50_000);
            simulation.disk().put(FILE, bytes);
            Loop loop = simulation.loop("loop");
            List<Failure> failures = new ArrayList<>();
            Listener.open(
                    loop,
                    address,
                    socket -> loop.spawn(() -> {
                        try (socket;
                                AsyncFile file = loop.files().open(FILE, Option.READ)) {
                            socket.write(new byte[] {'<'});
                            socket.write(file, 100, bytes.length - 100);
                            socket.write(new byte[] {'>'});
                            socket.write(file, bytes.length - 5, 10);
                        } catch (OperationException ended) {
                            failures.add(ended.failure());
                        } catch (IOException impossible) {
                            throw new AssertionError(impossible);
                        }
                    }));
            byte[] expected = new byte[bytes.length - 100 + 2 + 5];
            expected[0] = '<';
            System.arraycopy(bytes, 100, expected, 1, bytes.length - 100);
            expected[bytes.length - 99] = '>';
            System.arraycopy(bytes, bytes.length - 5, expected, bytes.length - 98, 5);
            SimClient client = simulation.client("client").connect(address).expect(expected);
            simulation.runUntil(() -> client.isDone() && !failures.isEmpty(), LIMIT);
            assertEquals(Optional.empty(), client.broken());
            assertEquals(List.of(Failure.FILE_ENDED), failures);
            assertEquals(0, loop.status().hops());
        }
    }

    // ------------------------------------------------------------------------------------------- crashes

    @Test
    void what_was_synced_outlives_any_crash_and_the_rest_may_not(Seed seed) throws Throwable {
        byte[] old = new byte[8 * 512];
        byte[] younger = new byte[12 * 512];
        Arrays.fill(younger, (byte) 1);
        int lost = 0;
        int kept = 0;
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                loop.files().writeAll(Path.of("/file"), old);
                try (AsyncFile file = loop.files().open(Path.of("/file"), Option.WRITE)) {
                    file.write(0, younger, 0, 512);
                    file.sync();
                    file.write(512, younger, 0, younger.length - 512);
                    return 0;
                }
            });
            for (int i = 0; i < 50; i++) {
                byte[] found = simulation
                        .disk()
                        .afterCrash(seed.split("crash").split(i))
                        .bytes(Path.of("/file"));
                assertTrue(found.length >= old.length && found.length <= younger.length, "length " + found.length);
                assertArrayEquals(Arrays.copyOf(younger, 512), Arrays.copyOf(found, 512), "what was synced");
                for (int sector = 1; (sector + 1) * 512 <= found.length; sector++) {
                    byte first = found[sector * 512];
                    for (int at = sector * 512; at < (sector + 1) * 512; at++) {
                        assertEquals(first, found[at], "a sector is whole");
                    }
                    lost += first == 0 ? 1 : 0;
                    kept += first == 1 ? 1 : 0;
                }
            }
        }
        assertTrue(lost > 0 && kept > 0, lost + " sectors lost, " + kept + " kept");
    }

    @Test
    void a_name_is_durable_once_its_folder_was_synced(Seed seed) throws Throwable {
        int found = 0;
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                loop.files().writeAll(Path.of("/durable"), new byte[1]);
                try (AsyncFile file = loop.files().open(Path.of("/draft"), Option.WRITE, Option.CREATE_NEW)) {
                    file.write(0, new byte[2], 0, 2);
                    file.syncAll();
                }
                loop.files().replace(Path.of("/draft"), Path.of("/durable"));
                return 0;
            });
            for (int i = 0; i < 50; i++) {
                SimDisk after = simulation.disk().afterCrash(seed.split("crash").split(i));
                int length = after.bytes(Path.of("/durable")).length;
                assertTrue(length == 1 || length == 2, "the old one or the new one, not " + length);
                found += length - 1;
            }
        }
        assertTrue(found > 0 && found < 50, "the rename survived " + found + " of 50 crashes");
    }

    @Test
    void write_all_is_all_or_nothing_at_whatever_moment_the_machine_dies(Seed seed, LogWatch log) throws Throwable {
        // A few slow operations one after another take longer than a loop that is stopped waits for.
        log.allow("closes with operations in progress");
        byte[] old = new byte[3_000];
        byte[] younger = new byte[5_000];
        Arrays.fill(younger, (byte) 1);
        int replaced = 0;
        for (int i = 0; i < 60; i++) {
            Seed one = seed.split(i);
            SimDisk disk;
            boolean[] returned = new boolean[1];
            try (Simulation simulation = new Simulation(one, SimFaults.rough())) {
                simulation.disk().put(FILE, old);
                Loop loop = simulation.loop("loop");
                loop.spawn(() -> {
                    try {
                        loop.files().writeAll(FILE, younger);
                        returned[0] = true;
                    } catch (IOException stopped) {
                        // The simulation is over.
                    }
                });
                simulation.runFor(Duration.ofMillis(one.dice().below(400)));
                boolean durable = returned[0];
                disk = simulation.disk().afterCrash(one);
                byte[] found = disk.bytes(FILE);
                assertTrue(
                        Arrays.equals(found, younger) || !durable && Arrays.equals(found, old),
                        "found " + found.length + " bytes, returned: " + durable);
                replaced += found.length == younger.length ? 1 : 0;
            }
            // The next simulation works on what was left, and what a crash left behind is not in its way.
            try (Simulation simulation = new Simulation(one, SimFaults.rough())) {
                simulation.insert(Simulation.host(1), disk);
                Loop loop = simulation.loop("loop");
                on(simulation, loop, () -> {
                    loop.files().writeAll(FILE, old);
                    return 0;
                });
                assertArrayEquals(old, disk.afterCrash(one.split("again")).bytes(FILE));
            }
        }
        assertTrue(replaced > 0 && replaced < 60, replaced + " of 60 were replaced");
    }

    @Test
    void a_sync_that_failed_is_not_mended_by_the_next(Seed seed) throws Throwable {
        int lost = 0;
        SimFaults faults = SimFaults.calm().withDiskErrors(0, 0, 0.5);
        for (int i = 0; i < 40; i++) {
            Seed one = seed.split(i);
            try (Simulation simulation = new Simulation(one, faults)) {
                simulation.disk().put(FILE, new byte[4 * 512]);
                Loop loop = simulation.loop("loop");
                boolean mended = on(simulation, loop, () -> {
                    byte[] ones = new byte[4 * 512];
                    Arrays.fill(ones, (byte) 1);
                    try (AsyncFile file = loop.files().open(FILE, Option.WRITE)) {
                        file.write(0, ones, 0, ones.length);
                        boolean failed = failsToSync(file);
                        return failed && !failsToSync(file);
                    }
                });
                byte[] found = simulation.disk().afterCrash(one).bytes(FILE);
                lost += mended && IntStream.range(0, 4).anyMatch(s -> found[s * 512] == 0) ? 1 : 0;
            }
        }
        assertTrue(lost > 0, "no sector was ever lost");
    }

    private static boolean failsToSync(AsyncFile file) throws IOException {
        try {
            file.sync();
            return false;
        } catch (OperationException failed) {
            assertEquals(Failure.IO, failed.failure());
            return true;
        }
    }

    @Test
    void written_and_synced_as_one_is_durable(Seed seed) throws Throwable {
        try (Simulation simulation = new Simulation(seed, SimFaults.calm())) {
            simulation.disk().put(FILE, "");
            Loop loop = simulation.loop("loop");
            on(simulation, loop, () -> {
                try (AsyncFile log = loop.files().open(FILE, Option.APPEND)) {
                    for (int i = 0; i < 10; i++) {
                        Gather record =
                                new Gather(2).add(Buffer.of("record "), 0, 7).add(Buffer.of(i + "\n"), 0, 2);
                        assertEquals(9, log.startAppendAndSync(record).await());
                    }
                    return 0;
                }
            });
            for (int i = 0; i < 10; i++) {
                assertEquals(90, simulation.disk().afterCrash(seed.split(i)).bytes(FILE).length);
            }
        }
    }

    @Test
    void a_run_with_files_replays_event_for_event(Seed seed) throws Throwable {
        List<Trace> traces = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (Simulation simulation = new Simulation(seed, SimFaults.rough().withDiskErrors(0.05, 0.05, 0.05))) {
                Loop loop = simulation.loop("loop");
                on(simulation, loop, () -> {
                    for (int n = 0; n < 20; n++) {
                        try {
                            loop.files().writeAll(Path.of("/file-" + n), new byte[n * 100]);
                            loop.files().readAll(Path.of("/file-" + n), 10_000);
                        } catch (OperationException failed) {
                            assertEquals(Failure.IO, failed.failure());
                        }
                    }
                    return 0;
                });
                traces.add(simulation.trace());
            }
        }
        assertEquals(Optional.empty(), traces.get(0).difference(traces.get(1)));
        assertTrue(traces.getFirst().count() > 50, traces.getFirst() + " is too little to prove anything");
    }
}
