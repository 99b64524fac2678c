package dev.pumasi.benchmarks.files;

import com.sun.management.OperatingSystemMXBean;
import com.sun.nio.file.ExtendedOpenOption;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.driver.FileAccess;
import dev.pumasi.runtime.driver.FileOperations;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads blocks of a file at random, past the page cache, a number of them at a time, in one of several ways: a process for
 * {@link MeasureFiles}. It first does so uncounted, then says on its standard output how many reads, seconds and
 * microseconds of processor time, all threads included.
 */
public final class RandomReads {

    static final int BLOCK_BYTES = 4096;

    private final Path file;
    private final int depth;
    private final long blocks;
    private final LongAdder reads = new LongAdder();
    private volatile boolean isOver;

    private RandomReads(Path file, int depth) throws IOException {
        this.file = file;
        this.depth = depth;
        blocks = Files.size(file) / BLOCK_BYTES;
    }

    /** {@code RandomReads WAY FILE DEPTH WARMUP-SECONDS SECONDS}. */
    public static void main(String[] arguments) throws Exception {
        RandomReads reader = new RandomReads(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        Thread clock = Thread.ofPlatform()
                .start(() -> reader.measure(Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4])));
        switch (arguments[0]) {
            case "AsynchronousFileChannel" -> reader.byChannel();
            case "virtual-threads" -> reader.byVirtualThreads();
            default -> reader.byPumasi(arguments[0]);
        }
        clock.join();
    }

    private void measure(int warmupSeconds, int seconds) {
        try {
            OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            TimeUnit.SECONDS.sleep(warmupSeconds);
            long readsBefore = reads.sum();
            long cpuBefore = system.getProcessCpuTime();
            long begin = System.nanoTime();
            TimeUnit.SECONDS.sleep(seconds);
            long count = reads.sum() - readsBefore;
            long cpuNanos = system.getProcessCpuTime() - cpuBefore;
            System.out.printf("%d %d %d%n", count, System.nanoTime() - begin, cpuNanos);
        } catch (InterruptedException impossible) {
            throw new IllegalStateException(impossible);
        } finally {
            isOver = true;
        }
    }

    private long somewhere() {
        return ThreadLocalRandom.current().nextLong(blocks) * BLOCK_BYTES;
    }

    private static ByteBuffer block() {
        return ByteBuffer.allocateDirect(2 * BLOCK_BYTES)
                .alignedSlice(BLOCK_BYTES)
                .limit(BLOCK_BYTES)
                .slice();
    }

    private static int whole(int result) {
        if (result != BLOCK_BYTES) {
            throw new IllegalStateException("a read of " + BLOCK_BYTES + " bytes came to " + result);
        }
        return result;
    }

    /** {@code green-DRIVER}, {@code driver-DRIVER}. */
    private void byPumasi(String way) throws Exception {
        String driver = way.substring(way.indexOf('-') + 1);
        if (way.startsWith("green-")) {
            byGreenThreads(driver);
        } else {
            byDriver(driver);
        }
    }

    /** A green thread of one loop for each read that may be in progress, in direct style. */
    private void byGreenThreads(String driver) throws Exception {
        try (LoopGroup loops = LoopGroup.start("reads", 1, driver)) {
            Loop loop = loops.next();
            CompletableFuture<AsyncFile> opened = new CompletableFuture<>();
            loop.spawn(() -> {
                try {
                    opened.complete(loop.files().open(file, AsyncFile.Option.READ, AsyncFile.Option.DIRECT));
                } catch (IOException failure) {
                    opened.completeExceptionally(failure);
                }
            });
            AsyncFile shared = opened.get();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                threads.add(loop.spawn(() -> {
                    Buffer block = AsyncFile.directBuffer(BLOCK_BYTES);
                    try {
                        while (!isOver) {
                            whole(shared.read(somewhere(), block, 0, BLOCK_BYTES));
                            reads.increment();
                        }
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            loop.spawn(shared::close).join();
            System.err.println("hops " + loop.status().hops());
        }
    }

    /** As a loop does: one thread, completions in batches. */
    private void byDriver(String name) {
        try (Driver driver = Drivers.choose(name).factory().open()) {
            FileOperations files = driver.files();
            Completions completions = new Completions(depth);
            FileAccess access = new FileAccess(true, false, false, false, false, false, true, false, true, 0);
            files.open(file, access, Buffer.allocate(FileOperations.CONTROL_BYTES), 1);
            while (completions.size() == 0) {
                driver.poll(Driver.FOREVER, completions);
            }
            int handle = completions.result(0);
            Buffer memory = Buffer.allocate(depth * BLOCK_BYTES, BLOCK_BYTES);
            for (int i = 0; i < depth; i++) {
                files.read(handle, somewhere(), memory, i * BLOCK_BYTES, BLOCK_BYTES, i + 1);
            }
            int inProgress = depth;
            while (inProgress > 0) {
                completions.clear();
                driver.poll(Driver.FOREVER, completions);
                for (int i = 0; i < completions.size(); i++) {
                    whole(completions.result(i));
                    if (isOver) {
                        inProgress--;
                    } else {
                        int place = (int) completions.token(i) - 1;
                        files.read(handle, somewhere(), memory, place * BLOCK_BYTES, BLOCK_BYTES, completions.token(i));
                    }
                }
                reads.add(completions.size());
            }
            files.close(handle);
        }
    }

    /** The JDK's pool of threads behind callbacks. */
    private void byChannel() throws IOException, InterruptedException {
        try (var threads = Executors.newFixedThreadPool(depth);
                var channel = AsynchronousFileChannel.open(
                        file, Set.of(StandardOpenOption.READ, ExtendedOpenOption.DIRECT), threads)) {
            CountDownLatch left = new CountDownLatch(depth);
            for (int i = 0; i < depth; i++) {
                ByteBuffer block = block();
                channel.read(block, somewhere(), block, new CompletionHandler<>() {
                    @Override
                    public void completed(Integer result, ByteBuffer into) {
                        whole(result);
                        reads.increment();
                        if (isOver) {
                            left.countDown();
                        } else {
                            channel.read(into.clear(), somewhere(), into, this);
                        }
                    }

                    @Override
                    public void failed(Throwable failure, ByteBuffer into) {
                        failure.printStackTrace();
                        System.exit(1);
                    }
                });
            }
            left.await();
        }
    }

    /** A virtual thread for each read that may be in progress, on the JDK's own scheduler. */
    private void byVirtualThreads() throws IOException, InterruptedException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, ExtendedOpenOption.DIRECT)) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                ByteBuffer block = block();
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        while (!isOver) {
                            whole(channel.read(block.clear(), somewhere()));
                            reads.increment();
                        }
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
