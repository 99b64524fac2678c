package dev.pumasi.examples;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFile.Option;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The CPU works while the device works (S03). Blocks of a file are read, worked on, and written and synced to another: one
 * step after the other; or so that the disk reads the next block and writes the one before while this one is worked on.
 * There is one thread, {@code main}, which drives a loop by hand.
 */
final class DeviceWorks {

    static final int BLOCKS = 6;
    static final int BLOCK_BYTES = 1 << 20;

    /** While a block is worked on, the loop is turned this often, as any program on a loop lets it turn. */
    private static final int SLICES = 16;

    /** How often each byte of a block is gone over: some milliseconds of work. */
    private static final int PASSES = 6;

    private static final int COLUMNS = 64;

    /** Something that the CPU or the disk did to a block. */
    private static final class Work {

        final String what;
        final int block;
        final long beganNanos = System.nanoTime();
        long endedNanos;

        Work(String what, int block) {
            this.what = what;
            this.block = block;
        }
    }

    /**
     * One way to do it.
     *
     * @param checksum of what was written
     * @param besides how many computations had a read or a write begun before them and awaited after them
     * @param threads on which anything was done
     */
    record Way(String name, long checksum, int besides, Set<Thread> threads, List<Work> works) {}

    private final Loop loop;
    private final AsyncFile from;
    private final AsyncFile to;
    private final List<Work> works = new ArrayList<>();
    private final Set<Thread> threads = new HashSet<>();
    private int begun;
    private int besides;
    private long checksum;

    private DeviceWorks(Loop loop, AsyncFile from, AsyncFile to) {
        this.loop = loop;
        this.from = from;
        this.to = to;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, Path.of("."));
    }

    /** @param on the file system whose disk is to work; what is made there is deleted again */
    static List<Way> run(Story story, String driver, Path on) throws IOException {
        Path folder = Files.createTempDirectory(on, "device-works-");
        Path input = Files.write(folder.resolve("input"), new byte[BLOCKS * BLOCK_BYTES]);
        Path output = folder.resolve("output");
        Loop loop = Loop.open("loop", Drivers.choose(driver).factory());
        List<Way> ways = new ArrayList<>();
        try {
            for (int round = 0; round < 3; round++) {
                AsyncFile from = turned(loop, loop.files().startOpen(input, Option.READ));
                AsyncFile to = turned(loop, loop.files().startOpen(output, Option.WRITE, Option.CREATE));
                DeviceWorks one = new DeviceWorks(loop, from, to);
                ways.add(round == 2 ? one.overlapped() : one.oneAfterAnother());
                from.close();
                to.close();
            }
            ways.removeFirst(); // in which the compiler warmed up
        } finally {
            loop.close();
            Files.deleteIfExists(output);
            Files.delete(input);
            Files.delete(folder);
        }
        ways.forEach(way -> draw(story, way));
        return ways;
    }

    private Way oneAfterAnother() throws IOException {
        Buffer block = Buffer.allocate(BLOCK_BYTES);
        for (int i = 0; i < BLOCKS; i++) {
            await(read(i, block));
            compute(i, block);
            await(write(i, block));
        }
        return new Way("one after another", checksum, besides, threads, works);
    }

    private Way overlapped() throws IOException {
        // Three blocks are under way: one is read, one is worked on, one is written.
        Buffer[] blocks = new Buffer[3];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = Buffer.allocate(BLOCK_BYTES);
        }
        Operation<Integer> reading = read(0, blocks[0]);
        @Nullable Operation<Integer> writing = null;
        for (int i = 0; i < BLOCKS; i++) {
            await(reading);
            if (i + 1 < BLOCKS) {
                reading = read(i + 1, blocks[(i + 1) % blocks.length]);
            }
            compute(i, blocks[i % blocks.length]);
            if (writing != null) {
                await(writing);
            }
            writing = write(i, blocks[i % blocks.length]);
        }
        if (writing != null) {
            await(writing);
        }
        return new Way("overlapped", checksum, besides, threads, works);
    }

    private Operation<Integer> read(int block, Buffer into) {
        Operation<Integer> reading = from.startRead((long) block * BLOCK_BYTES, into, 0, BLOCK_BYTES);
        return watched(new Work("read", block), reading);
    }

    private Operation<Integer> write(int block, Buffer bytes) {
        Gather all = new Gather(1).add(bytes, 0, BLOCK_BYTES);
        return watched(new Work("write", block), to.startWriteAndSync((long) block * BLOCK_BYTES, all));
    }

    private Operation<Integer> watched(Work work, Operation<Integer> operation) {
        works.add(work);
        begun++;
        loop.turn(0); // an operation is handed to the kernel at the next turn
        return operation.onDone(_ -> {
            threads.add(Thread.currentThread());
            work.endedNanos = System.nanoTime();
        });
    }

    private void await(Operation<Integer> operation) throws IOException {
        turned(loop, operation);
        begun--;
    }

    /** What the CPU does: changes each byte, slowly. */
    private void compute(int number, Buffer block) {
        Work work = new Work("compute", number);
        works.add(work);
        threads.add(Thread.currentThread());
        besides += begun > 0 ? 1 : 0;
        long state = number;
        int slice = BLOCK_BYTES / SLICES;
        for (int i = 0; i < SLICES; i++) {
            for (int pass = 0; pass < PASSES; pass++) {
                for (int at = i * slice; at < (i + 1) * slice; at += Long.BYTES) {
                    state = (state + 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L ^ state >>> 29;
                    block.putLong(at, block.getLong(at) + state);
                }
            }
            loop.turn(0);
        }
        checksum += state;
        work.endedNanos = System.nanoTime();
    }

    private static <T> T turned(Loop loop, Operation<T> operation) throws IOException {
        while (!operation.isDone()) {
            loop.turn(Driver.FOREVER);
        }
        loop.turn(0); // so that its callback has run
        return operation.value();
    }

    private static void draw(Story story, Way way) {
        long first = way.works.stream().mapToLong(work -> work.beganNanos).min().orElseThrow();
        long last = way.works.stream().mapToLong(work -> work.endedNanos).max().orElseThrow();
        story.print("");
        story.print(way.name);
        for (String what : List.of("read", "compute", "write")) {
            StringBuilder row = new StringBuilder(" ".repeat(COLUMNS + 1));
            for (Work work : way.works) {
                int from = (int) ((work.beganNanos - first) * COLUMNS / (last - first));
                int to = (int) ((work.endedNanos - first) * COLUMNS / (last - first));
                for (int at = from; work.what.equals(what) && at <= to; at++) {
                    row.setCharAt(at, (char) ('1' + work.block));
                }
            }
            String who = what.equals("compute") ? "CPU " : "disk";
            story.print(String.format(Locale.ROOT, "  %s  %-8s %s", who, what, row));
        }
        story.print(String.format(
                Locale.ROOT,
                "  %.1f ms in all; a read or a write was under way beside %d of %d computations; threads: %d",
                Story.millis(last - first),
                way.besides,
                BLOCKS,
                way.threads.size()));
    }
}
