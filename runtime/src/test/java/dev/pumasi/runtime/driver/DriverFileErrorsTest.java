package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Each error that a healthy disk can give. What a full or a failing one gives is {@link DriverFileFaultsTest}'s. */
final class DriverFileErrorsTest extends EachDriversFiles {

    private static final FileAccess NO_FOLLOW =
            new FileAccess(true, false, false, false, false, false, false, false, false, 0);

    private static final long CLOSED_NANOS_MAX = 30_000_000_000L;

    @Test
    void whatIsNotThereIsNotFound() {
        assertEquals(-Errno.ENOENT, open(at("nothing"), FileAccess.READ));
        assertEquals(-Errno.ENOENT, open(at("nothing/below"), CREATE));
        assertEquals(-Errno.ENOENT, status(at("nothing"), true));
        assertEquals(-Errno.ENOENT, delete(at("nothing"), false));
        assertEquals(-Errno.ENOENT, delete(at("nothing"), true));
        assertEquals(-Errno.ENOENT, rename(at("nothing"), at("other"), true));
        assertEquals(-Errno.ENOENT, makeFolder(at("nothing/below"), 0755));
    }

    @Test
    void whatIsThereIsNotMadeAgain() {
        files.close(create("a"));

        assertEquals(-Errno.EEXIST, open(at("a"), CREATE));
        assertEquals(-Errno.EEXIST, makeFolder(at("a"), 0755));
        assertEquals(-Errno.EEXIST, makeFolder(folder, 0755));
    }

    @Test
    void aFileIsNoFolder() {
        files.close(create("a"));

        assertEquals(-Errno.ENOTDIR, open(at("a"), FileAccess.FOLDER));
        assertEquals(-Errno.ENOTDIR, open(at("a/below"), FileAccess.READ));
        assertEquals(-Errno.ENOTDIR, makeFolder(at("a/below"), 0755));
        int file = good(open(at("a"), FileAccess.READ));
        assertEquals(-Errno.ENOTDIR, list(file, new Listing()));
        files.close(file);
    }

    @Test
    void aFolderIsNoFile() {
        assertEquals(-Errno.EISDIR, open(folder, WRITE));
        int opened = good(open(folder, FileAccess.FOLDER));
        assertEquals(-Errno.EISDIR, read(opened, 0, Buffer.allocate(10)));
        files.close(opened);
    }

    @Test
    void linksAreNotFollowedForEver() throws Exception {
        Files.createSymbolicLink(at("loop"), at("loop"));
        Files.createSymbolicLink(at("link"), folder);

        assertEquals(-Errno.ELOOP, open(at("loop"), FileAccess.READ));
        assertEquals(-Errno.ELOOP, open(at("link"), NO_FOLLOW));
    }

    @Test
    void namesHaveALimit() {
        assertEquals(-Errno.ENAMETOOLONG, open(at("x".repeat(256)), FileAccess.READ));
        Path far = folder;
        for (int i = 0; i < 50; i++) {
            far = far.resolve("x".repeat(99));
        }
        assertEquals(-Errno.ENAMETOOLONG, open(far, FileAccess.READ));
        assertEquals(-Errno.ENAMETOOLONG, rename(folder, far, true));
    }

    @Test
    void anotherFileSystemIsOutOfReach() throws Exception {
        Path elsewhere = Path.of("/dev/shm");
        Assumptions.assumeTrue(
                Files.isDirectory(elsewhere) && !Files.getFileStore(elsewhere).equals(Files.getFileStore(folder)),
                "not tested here: /dev/shm is no other file system");
        files.close(create("a"));

        assertEquals(-Errno.EXDEV, rename(at("a"), elsewhere.resolve("pumasi-" + System.nanoTime()), true));
        assertTrue(Files.exists(at("a")));
    }

    @Test
    void whatIsNotOpenIsRefused() {
        int never = 1_000_000;
        assertEquals(-Errno.EBADF, read(never, 0, Buffer.allocate(10)));
        assertEquals(-Errno.EBADF, write(never, 0, "x"));
        assertEquals(-Errno.EBADF, sync(never, true));
        assertEquals(-Errno.EBADF, truncate(never, 1));
        assertEquals(-Errno.EBADF, list(never, new Listing()));
        assertEquals(-Errno.EBADF, list(-1, new Listing()));
        assertEquals(-Errno.EBADF, openBeneath(never, "a", FileAccess.READ));
        files.close(never);
    }

    @Test
    void aFileIsUsedAsItWasOpened() {
        files.close(create("a"));
        int reading = good(open(at("a"), FileAccess.READ));
        FileAccess onlyWrite = new FileAccess(false, true, false, false, false, false, false, false, true, 0);
        int writing = good(open(at("a"), onlyWrite));

        assertEquals(-Errno.EBADF, write(reading, 0, "x"));
        assertEquals(-Errno.EBADF, write(reading, 0, new Gather(1).add(Buffer.of("x"), 0, 1)));
        assertEquals(-Errno.EBADF, writeAndSync(reading, 0, new Gather(1).add(Buffer.of("x"), 0, 1)));
        assertEquals(-Errno.EBADF, read(writing, 0, Buffer.allocate(1)));
        files.close(reading);
        files.close(writing);
    }

    @Test
    void aFileCannotBeLargerThanItsFileSystemAllows() {
        int file = create("a");

        assertEquals(-Errno.EFBIG, write(file, Long.MAX_VALUE - 4096, "x"));
        files.close(file);
    }

    @Test
    void aRunningProgramIsNotWritten() throws Exception {
        Path program = at("program");
        Files.copy(Path.of("/bin/sleep"), program, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Process running = new ProcessBuilder(program.toString(), "60").start();
        try {
            assertEquals(-Errno.ETXTBSY, open(program, WRITE));
        } finally {
            running.destroyForcibly().waitFor();
        }
    }

    @Test
    void aFullDeviceSaysSo() {
        int full = good(open(Path.of("/dev/full"), WRITE));

        assertEquals(-Errno.ENOSPC, write(full, 0, "x"));
        assertEquals(-Errno.ENOSPC, write(full, 0, new Gather(1).add(Buffer.of("x"), 0, 1)));
        assertEquals(-Errno.ENOSPC, writeAndSync(full, 0, new Gather(1).add(Buffer.of("x"), 0, 1)));
        files.close(full);
    }

    /** The memory at address 0, of which there is none. */
    @Test
    void whatCannotBeReadIsAnErrorOfTheDevice() {
        int memory = good(open(Path.of("/proc/self/mem"), FileAccess.READ));

        assertEquals(-Errno.EIO, read(memory, 0, Buffer.allocate(10)));
        files.close(memory);
    }

    @Test
    void aPipeIsOpenedWithoutItsOtherEndOrRefused() throws Exception {
        assertEquals(
                0, new ProcessBuilder("mkfifo", at("pipe").toString()).start().waitFor());
        FileAccess onlyWrite = new FileAccess(false, true, false, false, false, false, false, false, true, 0);

        int opened = open(at("pipe"), FileAccess.READ);
        assertTrue(kind == DriverUnderTest.NIO ? opened == -Errno.ENXIO : opened >= 0, "opened " + opened);
        if (opened >= 0) {
            files.close(opened);
        }
        // Until the end that was opened for reading is closed, which a thread may do.
        int writing = open(at("pipe"), onlyWrite);
        for (long begin = System.nanoTime(); writing >= 0 && System.nanoTime() - begin < CLOSED_NANOS_MAX; ) {
            files.close(writing);
            writing = open(at("pipe"), onlyWrite);
        }
        assertEquals(-Errno.ENXIO, writing);
    }

    @Test
    void moreThanMayWaitIsRefusedAndTheRestIsDone() {
        int file = create("a");
        List<Long> tokens = new ArrayList<>();
        int count = FileOperations.WAITING_MAX + 100;
        for (int i = 0; i < count; i++) {
            long token = rig.token();
            files.truncate(file, i, token);
            tokens.add(token);
        }

        int refused = 0;
        for (long token : tokens) {
            int result = rig.result(token);
            refused += result == 0 ? 0 : 1;
            assertTrue(result == 0 || result == -Errno.EAGAIN, "result " + result);
        }
        assertEquals(kind == DriverUnderTest.IO_URING ? 0 : 100, refused);
        assertEquals(0, truncate(file, 0));
        files.close(file);
    }
}
