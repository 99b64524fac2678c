package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.AsyncFile.Option;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Files on each driver, on the machine's own disk. What a disk does that fails or is slow is {@code FileSimulationTest}'s. */
final class AsyncFileTest extends OnEachDriver {

    private static final long SEED = Long.getLong("pumasi.seed", System.nanoTime());
    private static final int PAGE = AsyncFile.DIRECT_BYTES;

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);

    @AfterEach
    void nothingIsOpen() {
        Eventually.until("files are closed, seed " + SEED, () -> openBelow(folder) == 0);
    }

    private static int openBelow(Path folder) {
        int count = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : all) {
                try {
                    count += Files.readSymbolicLink(descriptor).startsWith(folder) ? 1 : 0;
                } catch (IOException closedMeanwhile) {
                    // It is not open.
                }
            }
        } catch (IOException notLinux) {
            return 0;
        }
        return count;
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static Failure failureOf(Executable body) {
        OperationException thrown = assertThrows(OperationException.class, body);
        assertTrue(String.valueOf(thrown.getMessage()).contains(thrown.failure().remedy()));
        return thrown.failure();
    }

    /** The body on a green thread, on whose loop nothing hopped and nothing failed. */
    private <T> T green(Loop loop, java.util.concurrent.Callable<T> body) throws Exception {
        T answer = onGreen(loop, body);
        assertNoHops(loop);
        assertEquals(0, loop.status().failures(), "failures");
        return answer;
    }

    // ------------------------------------------------------------------------------------------- contents

    @Test
    void whatIsWrittenIsRead() throws Exception {
        Loop loop = loop();
        Path path = folder.resolve("file");
        byte[] bytes = bytes(700_000);
        green(loop, () -> {
            try (AsyncFile file = loop.files().open(path, Option.READ, Option.WRITE, Option.CREATE_NEW)) {
                file.write(0, bytes, 0, bytes.length);
                file.sync();
                file.syncAll();
                assertEquals(bytes.length, file.size());
                assertArrayEquals(bytes, file.readAll(bytes.length));
                assertEquals(Failure.FILE_TOO_LARGE, failureOf(() -> file.readAll(bytes.length - 1)));
                byte[] end = new byte[100];
                assertEquals(10, file.read(bytes.length - 10, end, 0, 100), "up to the end");
                assertEquals(0, file.read(bytes.length, end, 0, 100), "at the end");
                assertEquals(0, file.read(bytes.length + 1000, end, 0, 100), "beyond it");
                file.truncate(1000);
                assertEquals(1000, file.size());
                file.truncate(2000);
                file.read(1000, end, 0, 100);
                assertArrayEquals(new byte[100], end);
                return 0;
            }
        });
        assertArrayEquals(Arrays.copyOf(Arrays.copyOf(bytes, 1000), 2000), Files.readAllBytes(path));
    }

    @Test
    void appendingGoesToTheEnd() throws Exception {
        Loop loop = loop();
        Path path = Files.writeString(folder.resolve("log"), "begin\n");
        green(loop, () -> {
            try (AsyncFile log = loop.files().open(path, Option.APPEND);
                    AsyncFile other = loop.files().open(path, Option.APPEND)) {
                log.append("one\n".getBytes(StandardCharsets.UTF_8), 0, 4);
                other.append(Buffer.of("two\n"), 0, 4);
                Gather pieces = new Gather(2).add(Buffer.of("thr"), 0, 3).add(Buffer.of("ee\n"), 0, 3);
                assertEquals(6, log.startAppendAndSync(pieces).await());
                assertEquals(5, other.startAppend(Buffer.of("four\n"), 0, 5).await());
                return 0;
            }
        });
        assertEquals("begin\none\ntwo\nthree\nfour\n", Files.readString(path));
    }

    @Test
    void gatheredAndScattered() throws Exception {
        Loop loop = loop();
        Path path = folder.resolve("file");
        green(loop, () -> {
            try (AsyncFile file = loop.files().open(path, Option.READ, Option.WRITE, Option.CREATE)) {
                Gather written = new Gather(3)
                        .add(Buffer.of("abc"), 0, 3)
                        .add(Buffer.of("-def-"), 1, 3)
                        .add(Buffer.of("gh"), 0, 2);
                assertEquals(8, file.startWriteAndSync(2, written).await());
                assertEquals(8, file.startWrite(10, written).await());
                Buffer one = Buffer.allocate(5);
                Buffer other = Buffer.allocate(20);
                Gather read = new Gather(2).add(one, 0, 5).add(other, 0, 20);
                assertEquals(16, file.startRead(2, read).await());
                assertEquals("abcde", one.latin1(0, 5));
                assertEquals("fghabcdefgh", other.latin1(0, 11));
                return 0;
            }
        });
    }

    @Test
    void manyReadsAtOnceOnOneThreadWithoutAnyOther() throws Exception {
        Loop loop = byHand();
        byte[] bytes = bytes(256 * 1024);
        Path path = Files.write(folder.resolve("file"), bytes);
        Operation<AsyncFile> opening = loop.files().startOpen(path, Option.READ);
        turnUntil(loop, "it is open", opening::isDone);
        AsyncFile file = opening.value();
        List<Buffer> buffers = new ArrayList<>();
        List<Operation<Integer>> reads = new ArrayList<>();
        AtomicInteger called = new AtomicInteger();
        for (int i = 0; i < 64; i++) {
            buffers.add(Buffer.allocate(PAGE));
            reads.add(file.startRead((long) i * PAGE, buffers.get(i), 0, PAGE).onDone(_ -> called.incrementAndGet()));
        }
        assertTrue(reads.stream().noneMatch(Operation::isDone), "nothing completes within the call that starts it");
        turnUntil(loop, "all are read", () -> called.get() == 64);
        for (int i = 0; i < 64; i++) {
            assertEquals(PAGE, reads.get(i).value());
            assertArrayEquals(
                    Arrays.copyOfRange(bytes, i * PAGE, (i + 1) * PAGE),
                    buffers.get(i).bytes(0, PAGE));
        }
        file.close();
        turnUntil(loop, "it is closed", () -> openBelow(folder) == 0);
    }

    @Test
    void directAccessAsksForWholeBlocks() throws Exception {
        Loop loop = loop();
        Path path = folder.resolve("direct");
        green(loop, () -> {
            AsyncFile file;
            try {
                file = loop.files().open(path, Option.READ, Option.WRITE, Option.CREATE, Option.DIRECT);
            } catch (OperationException unknown) {
                // tmpfs before Linux 6.6 does not have it, and says so.
                assertTrue(unknown.failure() == Failure.INVALID || unknown.failure() == Failure.NOT_SUPPORTED);
                return 0;
            }
            try (file) {
                byte[] bytes = bytes(3 * PAGE);
                file.write(0, bytes, 0, bytes.length);
                file.sync();
                byte[] back = new byte[bytes.length];
                assertEquals(bytes.length, file.read(0, back, 0, back.length));
                assertArrayEquals(bytes, back);
                Buffer block = AsyncFile.directBuffer(2 * PAGE);
                assertEquals(PAGE, file.read(2 * PAGE, block, 0, 2 * PAGE), "up to the end");
            }
            return 0;
        });
    }

    @Test
    void otherThreadsWaitForFilesToo() throws Exception {
        Loop loop = loop();
        Path path = folder.resolve("file");
        byte[] bytes = bytes(100_000);
        int length = elsewhere(() -> {
                    try (AsyncFile file = loop.files().open(path, Option.READ, Option.WRITE, Option.CREATE)) {
                        file.write(0, bytes, 0, bytes.length);
                        loop.files().writeAll(folder.resolve("other"), bytes);
                        assertArrayEquals(bytes, loop.files().readAll(folder.resolve("other"), bytes.length));
                        return file.readAll(bytes.length).length;
                    }
                })
                .get(10, TimeUnit.SECONDS);
        assertEquals(bytes.length, length);
        assertNoHops(loop);
    }

    @Test
    void manyGreenThreadsOnManyFiles() throws Exception {
        LoopGroup group = loops(2);
        List<CompletableFuture<Integer>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Loop loop = group.next();
            Path path = folder.resolve("file-" + i);
            byte[] bytes = bytes(1 + random.nextInt(60_000));
            CompletableFuture<Integer> one = new CompletableFuture<>();
            all.add(one);
            loop.spawn(() -> complete(one, () -> {
                for (int round = 0; round < 5; round++) {
                    loop.files().writeAll(path, bytes);
                    assertArrayEquals(bytes, loop.files().readAll(path, bytes.length));
                }
                return bytes.length;
            }));
        }
        for (CompletableFuture<Integer> one : all) {
            get(one);
        }
        group.loops().forEach(loop -> assertEquals(0, loop.status().hops(), "hops, seed " + SEED));
    }

    // ------------------------------------------------------------------------------------------- names

    /** It was tried for ever: the folder above is there, and yet the kernel says "not found". */
    @Test
    void whereNobodyMakesFoldersThatIsTold() throws Exception {
        Loop loop = loop();
        green(loop, () -> {
            assertEquals(Failure.NOT_FOUND, failureOf(() -> loop.files().makeFolders(Path.of("/proc/nobody/here"))));
            return null;
        });
    }

    @Test
    void namesAreMadeRenamedListedAndDeleted() throws Exception {
        Loop loop = loop();
        Path deep = folder.resolve("a/b/c");
        green(loop, () -> {
            AsyncFiles files = loop.files();
            files.makeFolders(deep);
            files.makeFolders(deep);
            assertEquals(FileAttributes.Kind.FOLDER, files.status(deep).kind());
            assertEquals(Failure.ALREADY_EXISTS, failureOf(() -> files.makeFolder(deep)));
            for (int i = 0; i < 300; i++) {
                try (AsyncFile file = files.open(deep.resolve("file-" + i), Option.WRITE, Option.CREATE_NEW)) {
                    file.write(0, new byte[i], 0, i);
                }
            }
            List<String> names = files.list(deep).stream()
                    .map(entry -> entry.name().toString())
                    .sorted()
                    .toList();
            assertEquals(
                    IntStream.range(0, 300).mapToObj(i -> "file-" + i).sorted().toList(), names);
            Path one = deep.resolve("file-1");
            Path other = deep.resolve("file-2");
            assertEquals(Failure.ALREADY_EXISTS, failureOf(() -> files.rename(one, other)));
            files.replace(one, other);
            assertEquals(1, files.status(other).length());
            assertFalse(files.exists(one));
            assertFalse(files.exists(other.resolve("below a file")));
            files.rename(other, one);
            assertTrue(files.exists(one));
            assertEquals(Failure.NOT_FOUND, failureOf(() -> files.delete(other)));
            assertEquals(Failure.FOLDER_NOT_EMPTY, failureOf(() -> files.deleteFolder(deep)));
            assertEquals(Failure.NOT_A_FOLDER, failureOf(() -> files.list(one)));
            files.delete(one);
            Path empty = deep.resolve("empty");
            files.makeFolder(empty);
            assertEquals(List.of(), files.list(empty));
            files.deleteFolder(empty);
            assertFalse(files.exists(empty));
            return 0;
        });
    }

    @Test
    void aFileIsReplacedAsAWholeAndItsDraftIsGone() throws Exception {
        Loop loop = loop();
        Path path = Files.writeString(folder.resolve("settings"), "old");
        Files.writeString(folder.resolve(".settings.tmp-0"), "left behind by a crash");
        green(loop, () -> {
            loop.files().writeAll(path, "new".getBytes(StandardCharsets.UTF_8));
            return 0;
        });
        assertEquals("new", Files.readString(path));
        assertEquals(
                List.of(".settings.tmp-0", "settings"),
                Arrays.stream(folder.toFile().list()).sorted().toList());
    }

    @Test
    void nothingLeadsOutOfAnOpenFolder() throws Exception {
        Loop loop = loop();
        Files.writeString(folder.resolve("secret"), "secret");
        Path site = Files.createDirectories(folder.resolve("site/sub"));
        Files.writeString(site.resolve("page"), "page");
        Files.createSymbolicLink(site.resolve("out"), Path.of("../../secret"));
        Files.createSymbolicLink(site.resolve("absolute"), folder.resolve("secret"));
        green(loop, () -> {
            try (AsyncFolder open = loop.files().openFolder(folder.resolve("site"))) {
                for (String way : List.of("../secret", "sub/../../secret", "/etc/passwd", "sub/out", "sub/absolute")) {
                    Failure failure = failureOf(() -> open.openBeneath(Path.of(way)));
                    assertTrue(failure == Failure.OUTSIDE || failure == Failure.TOO_MANY_LINKS, way + ": " + failure);
                }
                try (AsyncFile page = open.openBeneath(Path.of("sub/page"), Option.READ)) {
                    assertEquals("page", new String(page.readAll(10), StandardCharsets.UTF_8));
                }
                assertEquals(1, open.list().size());
                assertEquals(FileAttributes.Kind.FOLDER, open.status().kind());
                open.sync();
            }
            return 0;
        });
    }

    // ------------------------------------------------------------------------------------------- failures

    @Test
    void eachErrorHasANameAndARemedy() throws Exception {
        Loop loop = loop();
        Path file = Files.writeString(folder.resolve("file"), "content");
        green(loop, () -> {
            AsyncFiles files = loop.files();
            assertEquals(Failure.NOT_FOUND, failureOf(() -> files.open(folder.resolve("missing"))));
            assertEquals(Failure.NOT_FOUND, failureOf(() -> files.status(folder.resolve("missing"))));
            assertEquals(Failure.NOT_A_FOLDER, failureOf(() -> files.open(file.resolve("below"))));
            assertEquals(Failure.NAME_TOO_LONG, failureOf(() -> files.open(folder.resolve("x".repeat(300)))));
            assertEquals(Failure.ALREADY_EXISTS, failureOf(() -> files.open(file, Option.WRITE, Option.CREATE_NEW)));
            assertEquals(Failure.IS_A_FOLDER, failureOf(() -> files.open(folder, Option.WRITE)));
            assertEquals(Failure.NOT_A_FOLDER, failureOf(() -> files.openFolder(file)));
            try (AsyncFile read = files.open(file)) {
                assertInstanceOf(
                        OperationException.class,
                        assertThrows(IOException.class, () -> read.write(0, new byte[1], 0, 1)));
            }
            assertThrows(IllegalArgumentException.class, () -> files.open(file, Option.CREATE));
            return 0;
        });
    }

    /** The device that is always full ({@code full(4)}). */
    @Test
    void aFullDiskIsAnErrorAtTheWrite() throws Exception {
        Loop loop = loop();
        green(loop, () -> {
            try (AsyncFile full = loop.files().open(Path.of("/dev/full"), Option.WRITE)) {
                assertEquals(Failure.DISK_FULL, failureOf(() -> full.write(0, new byte[10], 0, 10)));
            }
            return 0;
        });
    }

    @Test
    void closedMeansClosedAndWhatWasInProgressEnds() throws Exception {
        Loop loop = loop();
        Path path = folder.resolve("file");
        green(loop, () -> {
            AsyncFile file = loop.files().open(path, Option.READ, Option.WRITE, Option.CREATE);
            Buffer digits = Buffer.of("0123456789");
            List<Operation<Integer>> writes = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                writes.add(file.startWrite(i, digits, i, 1));
            }
            file.close();
            file.close();
            assertEquals(Failure.CLOSED, failureOf(() -> file.read(0, digits, 0, 1)));
            assertEquals(Failure.CLOSED, failureOf(file::sync));
            assertEquals(Failure.CLOSED, failureOf(file::size));
            for (Operation<Integer> write : writes) {
                assertEquals(1, write.await());
            }
            return 0;
        });
        assertEquals("0123456789", Files.readString(path));
    }

    @Test
    void whatIsCancelledWasDoneOrWasNot() throws Exception {
        Loop loop = loop();
        Path path = folder.resolve("file");
        green(loop, () -> {
            try (AsyncFile file = loop.files().open(path, Option.READ, Option.WRITE, Option.CREATE)) {
                for (int i = 0; i < 200; i++) {
                    Operation<Integer> write = file.startWrite(i, Buffer.of((byte) 'x'), 0, 1);
                    if (i % 2 == 0) {
                        write.cancel();
                    } else {
                        write.within(Duration.ZERO);
                    }
                    byte[] found = new byte[1];
                    boolean done = isDone(write);
                    file.read(i, found, 0, 1);
                    assertEquals(done ? 'x' : 0, found[0], "write " + i);
                }
            }
            return 0;
        });
    }

    private static boolean isDone(Operation<Integer> write) throws IOException {
        try {
            return write.await() == 1;
        } catch (OperationException ended) {
            assertTrue(ended.failure() == Failure.CANCELLED || ended.failure() == Failure.TIMED_OUT);
            return false;
        }
    }

    @Test
    void aLoopThatStopsClosesItsFiles() throws Exception {
        LoopGroup group = LoopGroup.start("test", 1, factory());
        Loop loop = group.next();
        try (group) {
            for (int i = 0; i < 10; i++) {
                loop.files().open(folder.resolve("file-" + i), Option.WRITE, Option.CREATE);
            }
            assertEquals(10, openBelow(folder));
        }
        assertEquals(Failure.CLOSED, failureOf(() -> loop.files().open(folder.resolve("file-0"), Option.WRITE)));
    }

    // ------------------------------------------------------------------------------------------- to a socket

    @Test
    void aFileGoesToASocketBetweenWhatIsWrittenAroundIt() throws Exception {
        Loop loop = loop();
        byte[] bytes = bytes(5_000_000);
        Path path = Files.write(folder.resolve("file"), bytes);
        Connection connection = connection(loop);
        CompletableFuture<byte[]> read = elsewhere(() -> connection.peerReads(bytes.length - 1000 + 2));
        green(loop, () -> {
            try (AsyncFile file = loop.files().open(path)) {
                connection.socket().write(new byte[] {'<'});
                connection.socket().write(file, 1000, bytes.length - 1000);
                connection.socket().write(new byte[] {'>'});
                connection.socket().flush();
            }
            return 0;
        });
        byte[] expected = new byte[bytes.length - 1000 + 2];
        expected[0] = '<';
        System.arraycopy(bytes, 1000, expected, 1, bytes.length - 1000);
        expected[expected.length - 1] = '>';
        assertArrayEquals(expected, get(read), "seed " + SEED);
    }

    @Test
    void sentAsOperations() throws Exception {
        Loop loop = loop();
        Path path = Files.writeString(folder.resolve("file"), "0123456789");
        Connection connection = connection(loop);
        green(loop, () -> {
            try (AsyncFile file = loop.files().open(path)) {
                assertEquals(4, connection.socket().send(file, 3, 4).await());
                assertEquals(0, connection.socket().send(file, 10, 4).await(), "at the end");
            }
            return 0;
        });
        assertEquals("3456", new String(connection.peerReads(4), StandardCharsets.UTF_8));
        Loop other = loop();
        elsewhere(() -> {
                    try (AsyncFile foreign = other.files().open(path)) {
                        assertThrows(
                                IllegalArgumentException.class,
                                () -> connection.socket().send(foreign, 0, 1));
                        return 0;
                    }
                })
                .get(10, TimeUnit.SECONDS);
    }

    @Test
    void aFileThatShrinksWhileItIsSentIsNoticed() throws Exception {
        Loop loop = loop();
        byte[] bytes = bytes(20_000_000);
        Path path = Files.write(folder.resolve("file"), bytes);
        Connection connection = connection(loop);
        CompletableFuture<Failure> sent = new CompletableFuture<>();
        loop.spawn(() -> complete(sent, () -> {
            try (AsyncFile file = loop.files().open(path)) {
                return failureOf(() -> connection.socket().write(file, 0, bytes.length));
            } finally {
                connection.socket().shutdownOutput();
            }
        }));
        byte[] first = connection.peerReads(1000);
        Files.newByteChannel(path, StandardOpenOption.WRITE).truncate(1_000_000).close();
        byte[] rest = connection.peer().getInputStream().readAllBytes();
        assertEquals(Failure.FILE_ENDED, get(sent));
        assertArrayEquals(Arrays.copyOf(bytes, 1000), first);
        assertTrue(rest.length < bytes.length - 1000, "not all");
        for (int at = 0; at < rest.length; at++) {
            // The kernel sends its own pages: what is cut off while it is on its way may arrive as zeros.
            if (rest[at] != bytes[at + 1000] && (rest[at] != 0 || at + 1000 < 1_000_000)) {
                throw new AssertionError("byte " + (at + 1000) + " is wrong, seed " + SEED);
            }
        }
    }

    @Test
    void aPeerThatGoesAwayEndsTheSending() throws Exception {
        Loop loop = loop();
        Path path = Files.write(folder.resolve("file"), bytes(20_000_000));
        Connection connection = connection(loop);
        CompletableFuture<Failure> sent = new CompletableFuture<>();
        loop.spawn(() -> complete(sent, () -> {
            try (AsyncFile file = loop.files().open(path)) {
                return failureOf(() -> connection.socket().write(file, 0, 20_000_000));
            }
        }));
        connection.peerReads(1000);
        connection.peer().setSoLinger(true, 0);
        connection.peer().close();
        Failure failure = get(sent);
        assertTrue(failure == Failure.CONNECTION_RESET || failure == Failure.PEER_CLOSED, failure.toString());
    }
}
