package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Cancelling, closing a file under its operations, and closing a driver under both. */
final class DriverFilesEndTest extends EachDriversFiles {

    private final long seed = Long.getLong("pumasi.seed", System.nanoTime());

    /** A little of everything, none of it awaited. */
    private List<Long> startMany(FileOperations some, int file, java.util.function.LongSupplier tokens) {
        List<Long> started = new ArrayList<>();
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            long token = tokens.getAsLong();
            started.add(token);
            Buffer own = Buffer.allocate(FileOperations.CONTROL_BYTES);
            switch (random.nextInt(8)) {
                case 0 -> some.open(at("made-" + i), CREATE, own, token);
                case 1 -> some.open(at("a"), FileAccess.READ, own, token);
                case 2 -> some.write(file, 4096L * i, Buffer.allocate(4096), 0, 4096, token);
                case 3 -> some.read(file, 4096L * i, Buffer.allocate(4096), 0, 4096, token);
                case 4 -> some.sync(file, true, token);
                case 5 -> some.writeAndSync(file, 0, new Gather(1).add(Buffer.allocate(4096), 0, 4096), token);
                case 6 -> some.status(at("a"), true, own, token);
                default -> some.truncate(file, 4096L * i, token);
            }
        }
        return started;
    }

    /** How often this process has a file of the folder open. */
    private long openHere() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : all) {
                count += leadsHere(descriptor) ? 1 : 0;
            }
        }
        return count;
    }

    private boolean leadsHere(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).startsWith(folder);
        } catch (IOException gone) {
            return false;
        }
    }

    @Test
    void aDriverIsClosedWithOperationsInProgress() throws Exception {
        Files.writeString(at("a"), "a");
        for (int round = 0; round < 5; round++) {
            try (Driver second = openOrReport()) {
                FileOperations some = second.files();
                Completions completions = new Completions(1);
                some.open(at("a"), WRITE, Buffer.allocate(FileOperations.CONTROL_BYTES), 1);
                while (completions.size() == 0) {
                    second.poll(Driver.FOREVER, completions);
                }
                int file = good(completions.result(0));
                long[] token = {1};
                startMany(some, file, () -> ++token[0]);
                if (round % 2 == 0) {
                    completions.clear();
                    second.poll(0, completions); // what has been opened, the caller knows of and closes
                    if (completions.size() == 1 && opensAt(completions.token(0), completions.result(0))) {
                        some.close(completions.result(0));
                    }
                }
                some.close(file);
            }
        }
        rig.until("all is closed, pumasi.seed=" + seed, this::nothingIsOpenHere);
    }

    private boolean opensAt(long token, int result) {
        Random random = new Random(seed);
        int kind = -1;
        for (long i = 2; i <= token; i++) {
            kind = random.nextInt(8);
        }
        return result >= 0 && kind <= 1;
    }

    @Test
    void everythingCancelledEndsOnce() throws Exception {
        Files.writeString(at("a"), "a");
        int file = good(open(at("a"), WRITE));
        List<Long> tokens = startMany(files, file, rig::token);
        List<Integer> opens = new ArrayList<>();
        Random random = new Random(seed);
        tokens.forEach(token -> opens.add(random.nextInt(8)));

        tokens.forEach(driver::cancel);
        for (int i = 0; i < tokens.size(); i++) {
            int result = rig.result(tokens.get(i));
            assertTrue(
                    result >= 0 || result == -Errno.ECANCELED || result == -Errno.EINTR,
                    () -> "result " + result + ", pumasi.seed=" + seed);
            if (result >= 0 && opens.get(i) <= 1) {
                files.close(result);
            }
        }
        files.close(file);
        rig.settle();
        rig.until("all is closed", this::nothingIsOpenHere);
    }

    private boolean nothingIsOpenHere() {
        try {
            return openHere() == 0;
        } catch (IOException unreadable) {
            throw new AssertionError(unreadable);
        }
    }

    @Test
    void cancellingWhatIsOverDoesNothing() {
        int file = create("a");
        long token = rig.token();
        files.sync(file, false, token);
        assertEquals(0, rig.result(token));

        driver.cancel(token);
        rig.assertNothingFrom(token);
        files.close(file);
    }

    @Test
    void aFileIsClosedAfterWhatIsInProgressOnIt() throws Exception {
        byte[] bytes = new byte[100_000];
        new Random(seed).nextBytes(bytes);
        Files.write(at("a"), bytes);
        for (int round = 0; round < 50; round++) {
            int file = good(open(at("a"), FileAccess.READ));
            Buffer into = Buffer.allocate(bytes.length);
            long reading = rig.token();
            files.read(file, 0, into, 0, bytes.length, reading);
            files.close(file);
            // Takes the number of the file that is closed, if that is closed too early.
            files.close(create("other-" + round));

            assertEquals(bytes.length, rig.result(reading));
            assertEquals(java.util.Arrays.hashCode(bytes), java.util.Arrays.hashCode(into.bytes(0, bytes.length)));
        }
        rig.until("all is closed", this::nothingIsOpenHere);
    }
}
