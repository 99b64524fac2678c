package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Each operation on files, as it should go. */
final class DriverFilesTest extends EachDriversFiles {

    private static final int BLOCK_BYTES = 4096;
    private static final long COMPILED_NANOS_MAX = 30_000_000_000L;

    @Test
    void whatIsWrittenIsRead() throws Exception {
        int file = create("a");

        assertEquals(5, write(file, 0, "hello"));
        assertEquals(5, write(file, 5, "world"));
        assertEquals("lowor", text(file, 3, 5));
        assertEquals("helloworld", Files.readString(at("a")));
        files.close(file);
    }

    @Test
    void theEndOfTheFileIsZero() {
        int file = create("a");
        write(file, 0, "abc");

        assertEquals("c", text(file, 2, 10));
        assertEquals(0, read(file, 3, Buffer.allocate(10)));
        assertEquals(0, read(file, 1L << 40, Buffer.allocate(10)));
        files.close(file);
    }

    @Test
    void aFileLargerThanAnIntIsReachedEverywhere() {
        int file = create("sparse");
        long far = 5L << 30;

        assertEquals(3, write(file, far, "far"));
        assertEquals("far", text(file, far, 3));
        assertEquals(far + 3, attributes(file).length());
        files.close(file);
    }

    @Test
    void piecesAreWrittenAndReadAsOne() throws Exception {
        int file = create("a");
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        byte[] bytes = new byte[64 * 40_000];
        new Random(seed).nextBytes(bytes);
        Buffer all = Buffer.of(bytes);
        Gather pieces = new Gather(Gather.PIECES_MAX);
        for (int i = 0; i < 64; i++) {
            pieces.add(all, i * 40_000, 40_000);
        }

        assertEquals(bytes.length, write(file, 10, pieces), () -> "pumasi.seed=" + seed);
        assertArrayEquals(bytes, bytesFrom(10), () -> "pumasi.seed=" + seed);

        Buffer back = Buffer.allocate(bytes.length + 100);
        Gather into = new Gather(2).add(back, 0, 1_000_001).add(back, 1_000_001, bytes.length + 100 - 1_000_001);
        assertEquals(bytes.length, read(file, 10, into));
        assertArrayEquals(bytes, back.bytes(0, bytes.length), () -> "pumasi.seed=" + seed);
        files.close(file);
    }

    private byte[] bytesFrom(int position) throws Exception {
        byte[] whole = Files.readAllBytes(at("a"));
        return java.util.Arrays.copyOfRange(whole, position, whole.length);
    }

    @Test
    void appendsGoToTheEnd() throws Exception {
        Files.writeString(at("log"), "begin ");
        FileAccess append = new FileAccess(true, false, true, true, false, false, false, false, true, 0600);
        int first = good(open(at("log"), append));
        int second = good(open(at("log"), append));

        assertEquals(4, write(first, FileOperations.APPEND, "one "));
        assertEquals(4, write(second, FileOperations.APPEND, "two "));
        Gather pieces = new Gather(2).add(Buffer.of("th"), 0, 2).add(Buffer.of("ree"), 0, 3);
        assertEquals(5, writeAndSync(first, FileOperations.APPEND, pieces));
        assertEquals("begin one two three", Files.readString(at("log")));
        assertEquals("begin", text(first, 0, 5));
        files.close(first);
        files.close(second);
    }

    @Test
    void aWriteAndItsSyncAreOne() throws Exception {
        int file = create("a");
        Gather pieces = new Gather(2).add(Buffer.of("well "), 0, 5).add(Buffer.of("kept"), 0, 4);

        assertEquals(9, writeAndSync(file, 0, pieces));
        assertEquals("well kept", Files.readString(at("a")));
        assertEquals(0, sync(file, false));
        assertEquals(0, sync(file, true));
        files.close(file);
    }

    @Test
    void aFolderIsSynced() {
        int opened = good(open(folder, FileAccess.FOLDER));

        assertEquals(0, sync(opened, true));
        files.close(opened);
    }

    @Test
    void aFileIsCutAndLengthened() throws Exception {
        int file = create("a");
        write(file, 0, "abcdef");

        assertEquals(0, truncate(file, 3));
        assertEquals("abc", Files.readString(at("a")));
        assertEquals(0, truncate(file, 5));
        assertArrayEquals(new byte[] {'a', 'b', 'c', 0, 0}, Files.readAllBytes(at("a")));
        files.close(file);
    }

    @Test
    void spaceIsReserved() {
        int file = create("a");

        int reserved = allocate(file, 0, 100_000);

        if (kind == DriverUnderTest.NIO) {
            assertEquals(-Errno.EOPNOTSUPP, reserved, "java.nio cannot, and says so");
        } else {
            assertEquals(0, reserved);
            assertEquals(100_000, attributes(file).length());
            assertEquals(0, read(file, 100_000, Buffer.allocate(1)));
            assertEquals(1, read(file, 99_999, Buffer.allocate(1)));
        }
        files.close(file);
    }

    @Test
    void directAccessReadsAndWritesBlocks() throws Exception {
        Path path = Path.of("target", "direct-" + System.nanoTime());
        FileAccess access = new FileAccess(true, true, false, true, false, false, true, false, true, 0600);
        try {
            int file = good(open(path, access));
            Buffer block = Buffer.allocate(2 * BLOCK_BYTES, BLOCK_BYTES);
            block.put(BLOCK_BYTES, (byte) 'x');

            assertEquals(2 * BLOCK_BYTES, write(file, 0, block));
            Buffer back = Buffer.allocate(BLOCK_BYTES, BLOCK_BYTES);
            assertEquals(BLOCK_BYTES, read(file, BLOCK_BYTES, back));
            assertEquals((byte) 'x', back.get(0));
            assertEquals(0, read(file, 2 * BLOCK_BYTES, back));
            assertEquals(-Errno.EINVAL, read(file, 1, back), "a position within a block");
            files.close(file);
        } finally {
            Files.deleteIfExists(path);
        }
    }

    @Test
    void attributesAreTold() throws Exception {
        Path path = at("a");
        Files.writeString(path, "four");
        Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(1_000_000_000, 123_456_789)));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        Files.createSymbolicLink(at("link"), path);
        int file = good(open(path, FileAccess.READ));

        FileAttributes open = attributes(file);
        assertEquals(FileAttributes.Kind.FILE, open.kind());
        assertEquals(4, open.length());
        assertEquals(1_000_000_000_123_456_789L, open.modifiedNanos());
        assertEquals(0640, open.mode());
        assertEquals(Files.getAttribute(path, "unix:ino"), open.inode());
        assertEquals(open, attributes(path, true));
        assertEquals(open, attributes(at("link"), true));

        FileAttributes link = attributes(at("link"), false);
        assertEquals(FileAttributes.Kind.SYMBOLIC_LINK, link.kind());
        assertNotEquals(open.inode(), link.inode());
        assertEquals(open.device(), link.device());
        assertEquals(FileAttributes.Kind.FOLDER, attributes(folder, true).kind());
        assertEquals(
                FileAttributes.Kind.OTHER,
                attributes(Path.of("/dev/null"), true).kind());
        files.close(file);
    }

    @Test
    void renamingReplacesOnlyWhenAsked() throws Exception {
        Files.writeString(at("from"), "new");
        Files.writeString(at("to"), "old");

        assertEquals(-Errno.EEXIST, rename(at("from"), at("to"), false));
        assertEquals("old", Files.readString(at("to")));
        assertEquals(0, rename(at("from"), at("to"), true));
        assertEquals("new", Files.readString(at("to")));
        assertTrue(Files.notExists(at("from")));
        assertEquals(0, rename(at("to"), at("fresh"), false));
        assertEquals("new", Files.readString(at("fresh")));
    }

    @Test
    void foldersAreMadeAndDeleted() throws Exception {
        assertEquals(0, makeFolder(at("deep"), 0700));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(at("deep"))));
        assertEquals(-Errno.EEXIST, makeFolder(at("deep"), 0700));
        Files.writeString(at("deep/file"), "");
        assertEquals(-Errno.ENOTEMPTY, delete(at("deep"), true));
        assertEquals(-Errno.EISDIR, delete(at("deep"), false));
        assertEquals(-Errno.ENOTDIR, delete(at("deep/file"), true));
        assertEquals(0, delete(at("deep/file"), false));
        assertEquals(0, delete(at("deep"), true));
        assertTrue(Files.notExists(at("deep")));
    }

    @Test
    void aFileIsMadeWithItsPermissions() throws Exception {
        FileAccess secret = new FileAccess(false, true, false, true, true, false, false, false, true, 0600);

        files.close(good(open(at("secret"), secret)));

        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(at("secret"))));
    }

    @Test
    void anOpenedFileIsCutWhenAsked() throws Exception {
        Files.writeString(at("a"), "old and long");
        FileAccess cut = new FileAccess(false, true, false, true, false, true, false, false, true, 0600);

        int file = good(open(at("a"), cut));
        write(file, 0, "new");
        assertEquals("new", Files.readString(at("a")));
        files.close(file);
    }

    @Test
    void aFolderOfThousandsIsListed() throws Exception {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 2_500; i++) { // several times what one call lists
            names.add("name-" + i);
            Files.createFile(at("name-" + i));
        }
        int opened = good(open(folder, FileAccess.FOLDER));

        Listing listing = listing(opened);

        Set<String> listed = new TreeSet<>();
        listing.entries().forEach(entry -> {
            assertEquals(FileAttributes.Kind.FILE, entry.kind());
            assertTrue(listed.add(entry.name().toString()), () -> "listed twice: " + entry);
        });
        assertEquals(names, listed);
        assertEquals(0, list(opened, new Listing()), "the end stays the end");
        files.close(opened);
    }

    @Test
    void entriesHaveTheirKind() throws Exception {
        Files.createFile(at("file"));
        Files.createDirectory(at("folder"));
        Files.createSymbolicLink(at("link"), at("nowhere"));
        int opened = good(open(folder, FileAccess.FOLDER));

        Set<Listing.Entry> entries = Set.copyOf(listing(opened).entries());

        assertEquals(
                Set.of(
                        new Listing.Entry(Path.of("file"), FileAttributes.Kind.FILE),
                        new Listing.Entry(Path.of("folder"), FileAttributes.Kind.FOLDER),
                        new Listing.Entry(Path.of("link"), FileAttributes.Kind.SYMBOLIC_LINK)),
                entries);
        files.close(opened);
    }

    @Test
    void anEmptyFolderHasNoEntries() {
        int opened = good(open(folder, FileAccess.FOLDER));

        assertEquals(List.of(), listing(opened).entries());
        files.close(opened);
    }

    @Test
    void aNameNeedNotBeText() throws Exception {
        Path strange = Path.of(java.net.URI.create(folder.toUri() + "a%FF%FEb"));
        Path korean = Path.of(java.net.URI.create(folder.toUri() + "%ED%92%88%EC%95%97%EC%9D%B4"));
        Files.writeString(strange, "strange");
        files.close(good(open(korean, CREATE)));
        int opened = good(open(folder, FileAccess.FOLDER));

        List<Path> names = new ArrayList<>();
        listing(opened).entries().forEach(entry -> names.add(folder.resolve(entry.name())));
        names.sort(null);

        assertEquals(List.of(strange, korean), names);
        int file = good(open(names.getFirst(), FileAccess.READ));
        assertEquals("strange", text(file, 0, 100));
        files.close(file);
        int again = openBeneath(opened, strange.getFileName());
        files.close(good(again));
        assertEquals(0, delete(strange, false));
        assertTrue(Files.notExists(strange));
        files.close(opened);
    }

    private int openBeneath(int at, Path path) {
        long token = rig.token();
        files.openBeneath(at, path, FileAccess.READ, control, token);
        return rig.result(token);
    }

    /** As long as the disk is not asked, a read costs the loop's thread no object; pools hand tasks over in queues, which do. */
    @Test
    void readingAllocatesNothingUnderIoUring() {
        int file = create("a");
        write(file, 0, "0123456789");
        Buffer into = Buffer.allocate(10);
        Completions completions = new Completions(1);
        long perRead = Long.MAX_VALUE;
        // Until it is compiled anything makes some. Others need only be able to.
        long roundsMin = kind == DriverUnderTest.IO_URING ? 20 : 1;
        long begin = System.nanoTime();
        for (int round = 0; perRead >= 8 && (round < roundsMin || isToBeCompiled(begin)); round++) {
            long before = allocatedBytes();
            readOften(file, into, completions, 5_000);
            perRead = (allocatedBytes() - before) / 5_000;
        }

        assertTrue(kind != DriverUnderTest.IO_URING || perRead < 8, perRead + " bytes for each read");
        files.close(file);
    }

    private boolean isToBeCompiled(long beginNanos) {
        return kind == DriverUnderTest.IO_URING && System.nanoTime() - beginNanos < COMPILED_NANOS_MAX;
    }

    private void readOften(int file, Buffer into, Completions completions, int times) {
        for (int i = 0; i < times; i++) {
            completions.clear();
            files.read(file, 0, into, 0, 10, 1);
            while (completions.size() == 0) {
                driver.poll(Driver.FOREVER, completions);
            }
            assertEquals(10, completions.result(0));
        }
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    @Test
    void manyOperationsAtOnce() throws Exception {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        byte[] bytes = new byte[1 << 20];
        new Random(seed).nextBytes(bytes);
        Files.write(at("a"), bytes);
        int file = good(open(at("a"), FileAccess.READ));
        Buffer into = Buffer.allocate(bytes.length);
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < bytes.length; i += 512) {
            long token = rig.token();
            files.read(file, i, into, i, 512, token);
            tokens.add(token);
        }
        files.close(file); // takes effect when they are over

        tokens.forEach(token -> assertEquals(512, rig.result(token)));
        assertArrayEquals(bytes, into.bytes(0, bytes.length), () -> "pumasi.seed=" + seed);
    }
}
