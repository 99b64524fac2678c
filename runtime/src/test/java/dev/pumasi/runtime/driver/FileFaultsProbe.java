package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * A process of its own in which a disk is full, or fails: does one thing after another with files of a folder, and says on
 * its standard output what came of it, a line each. {@code DriverFileFaultsTest} has prepared the folder and reads along.
 */
final class FileFaultsProbe {

    private static final int BLOCK = 4096;
    private static final FileAccess CREATE =
            new FileAccess(true, true, false, true, false, false, false, false, true, 0600);

    private final Driver driver;
    private final FileOperations files;
    private final Path folder;
    private final Buffer control = Buffer.allocate(FileOperations.CONTROL_BYTES);
    private long token;

    private FileFaultsProbe(Driver driver, Path folder) {
        this.driver = driver;
        this.files = driver.files();
        this.folder = folder;
    }

    public static void main(String[] arguments) {
        try (Driver driver = DriverUnderTest.valueOf(arguments[0]).open()) {
            FileFaultsProbe probe = new FileFaultsProbe(driver, Path.of(arguments[2]));
            switch (arguments[1]) {
                case "full" -> probe.full();
                case "read-only" -> probe.readOnly();
                case "failing" -> probe.failing();
                case "descriptors" -> probe.descriptors();
                default -> throw new IllegalArgumentException(arguments[1]);
            }
        }
        say("done");
    }

    /** In a folder with 64 KiB, and names for a few files. */
    private void full() {
        int file = open("a", CREATE);
        say("write " + write(file, 0, 10 * BLOCK));
        say("write the rest, short " + write(file, 10 * BLOCK, 10 * BLOCK));
        say("write " + write(file, 16 * BLOCK, BLOCK));
        say("gathered " + gathered(file, 16 * BLOCK, BLOCK));
        say("with sync " + writeAndSync(file, 16 * BLOCK, BLOCK));
        say("sync " + await(t -> files.sync(file, true, t)));
        say("lengthen " + await(t -> files.truncate(file, 100 * BLOCK, t)));
        say("write the hole " + write(file, 50 * BLOCK, BLOCK));
        say("reserve " + await(t -> files.allocate(file, 200 * BLOCK, BLOCK, t)));
        say("cut " + await(t -> files.truncate(file, 15 * BLOCK, t)));
        say("with sync, short " + writeAndSync(file, 15 * BLOCK, 3 * BLOCK));
        say("cut " + await(t -> files.truncate(file, 0, t)));
        say("write again " + write(file, 0, BLOCK));
        files.close(file);
        int made = 0;
        int refused = 0;
        while (refused >= 0 && made < 100) {
            refused = open("name-" + made++, CREATE);
            if (refused >= 0) {
                files.close(refused);
            }
        }
        say("one file too many " + refused);
        say("one folder too many " + await(t -> files.makeFolder(folder.resolve("folder"), 0700, control, t)));
    }

    private void readOnly() {
        say("make " + open("new", CREATE));
        say("write " + open("a", new FileAccess(true, true, false, false, false, false, false, false, true, 0)));
        say("delete " + await(t -> files.delete(folder.resolve("a"), false, control, t)));
        say("rename " + await(t -> files.rename(folder.resolve("a"), folder.resolve("b"), true, control, t)));
        say("folder " + await(t -> files.makeFolder(folder.resolve("folder"), 0700, control, t)));
    }

    /** On a device that takes less than it promised. */
    private void failing() {
        int file = open("a", CREATE);
        for (int i = 0; i < 40; i++) {
            int written = write(file, i * 65_536L, 65_536);
            if (written != 65_536) {
                say("write " + i + " " + written);
            }
        }
        say("sync " + await(t -> files.sync(file, true, t)));
        say("with sync " + writeAndSync(file, 40 * 65_536L, 65_536));
        files.close(file);
    }

    /** With few descriptors. */
    private void descriptors() {
        int opened = 0;
        int result = open("a", CREATE);
        int[] handles = new int[10_000];
        while (result >= 0) {
            handles[opened++] = result;
            result = open("a", CREATE);
        }
        say("refused " + result);
        for (int i = 0; i < opened; i++) {
            files.close(handles[i]);
        }
        result = open("a", CREATE);
        for (int i = 0; i < 1000 && result < 0; i++) {
            result = open("a", CREATE); // a driver may close in its turn
        }
        say("again " + (result >= 0));
        files.close(result);
    }

    // ---------------------------------------------------------------------------------------------- one at a time

    private int await(LongConsumer operation) {
        operation.accept(++token);
        Completions completions = new Completions(1);
        while (completions.size() == 0) {
            driver.poll(Driver.FOREVER, completions);
        }
        return completions.result(0);
    }

    private int open(String name, FileAccess access) {
        return await(t -> files.open(folder.resolve(name), access, control, t));
    }

    private int write(int file, long position, int length) {
        Buffer bytes = Buffer.allocate(length);
        return await(t -> files.write(file, position, bytes, 0, length, t));
    }

    private int gathered(int file, long position, int length) {
        Gather pieces = new Gather(1).add(Buffer.allocate(length), 0, length);
        return await(t -> files.write(file, position, pieces, t));
    }

    private int writeAndSync(int file, long position, int length) {
        Gather pieces = new Gather(1).add(Buffer.allocate(length), 0, length);
        return await(t -> files.writeAndSync(file, position, pieces, t));
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
