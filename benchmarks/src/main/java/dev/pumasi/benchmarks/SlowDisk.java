package dev.pumasi.benchmarks;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * A slow disk must not stop a loop (N2): {@value #WRITERS} green threads write {@value #WRITE_BYTES} bytes and sync, again and
 * again, on {@value #LOOPS} loops. How late is a timer that has nothing to do with it? The same program on stock virtual
 * threads stands beside it: {@code FileChannel} and {@code Thread.sleep}, on as many carriers as there are processors.
 */
final class SlowDisk {

    private static final int WRITERS = 5;
    private static final int LOOPS = 2;
    private static final int WRITE_BYTES = 64 * 1024;
    private static final long FILE_BYTES = 16 << 20;
    private static final long PERIOD_NANOS = 10_000_000;
    private static final long LATE_NANOS_MAX = 60_000_000_000L;

    /**
     * What was measured.
     *
     * @param lateness of the timer, in nanoseconds
     * @param syncs how many writes became durable
     */
    private record Result(String name, Histogram lateness, long syncs, double seconds) {}

    /** A body that may fail; whatever it throws ends the measurement. */
    @FunctionalInterface
    private interface Step {
        void run(long position) throws IOException;
    }

    private final long endNanos;
    private final Histogram lateness = new Histogram(LATE_NANOS_MAX, 3);
    private final AtomicLong syncs = new AtomicLong();

    private SlowDisk(int seconds) {
        endNanos = System.nanoTime() + seconds * 1_000_000_000L;
    }

    public static void main(String[] arguments) throws Exception {
        int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10;
        Path folder = Files.createTempDirectory(Path.of(arguments.length > 1 ? arguments[1] : "."), "slow-disk-");
        String driver = arguments.length > 2 ? arguments[2] : "auto";
        try {
            System.out.printf(
                    Locale.ROOT,
                    "%d writers of %d KiB and a sync, in %s; a timer of 10 ms beside them; %d s each%n%n",
                    WRITERS,
                    WRITE_BYTES / 1024,
                    folder.toAbsolutePath().getParent(),
                    seconds);
            System.out.println("timer late by, ms           p50      p99    p99.9      max    ticks   syncs/s");
            print(pumasi(seconds, folder, driver));
            print(stock(seconds, folder));
        } finally {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static void print(Result result) {
        Histogram late = result.lateness;
        System.out.printf(
                Locale.ROOT,
                "%-22s %8.3f %8.3f %8.3f %8.3f %8d %9.0f%n",
                result.name,
                late.getValueAtPercentile(50) / 1e6,
                late.getValueAtPercentile(99) / 1e6,
                late.getValueAtPercentile(99.9) / 1e6,
                late.getMaxValue() / 1e6,
                late.getTotalCount(),
                result.syncs / result.seconds);
    }

    private static Result pumasi(int seconds, Path folder, String driver) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", LOOPS, driver)) {
            SlowDisk measurement = new SlowDisk(seconds);
            long beganNanos = System.nanoTime();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                Loop loop = loops.next();
                Path path = folder.resolve("pumasi-" + i);
                threads.add(loop.spawn(() -> {
                    Buffer data = Buffer.allocate(WRITE_BYTES);
                    try (AsyncFile file = loop.files().open(path, AsyncFile.Option.WRITE, AsyncFile.Option.CREATE)) {
                        measurement.write(position -> {
                            file.write(position, data, 0, WRITE_BYTES);
                            file.sync();
                        });
                    }
                }));
            }
            Loop loop = loops.next();
            Thread timer = loop.spawn(() -> measurement.tick(
                    leftNanos -> loop.sleep(Duration.ofNanos(leftNanos)).await()));
            return measurement.result("Pumasi, " + loop.driverName(), threads, timer, beganNanos);
        }
    }

    private static Result stock(int seconds, Path folder) throws Exception {
        SlowDisk measurement = new SlowDisk(seconds);
        long beganNanos = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            Path path = folder.resolve("stock-" + i);
            threads.add(Thread.startVirtualThread(() -> {
                ByteBuffer data = ByteBuffer.allocateDirect(WRITE_BYTES);
                try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
                    measurement.write(position -> {
                        data.clear();
                        while (data.hasRemaining()) {
                            file.write(data, position + data.position());
                        }
                        file.force(false);
                    });
                } catch (IOException failure) {
                    throw new IllegalStateException(failure);
                }
            }));
        }
        Thread timer = Thread.startVirtualThread(() -> {
            try {
                measurement.tick(leftNanos -> {
                    try {
                        Thread.sleep(Duration.ofNanos(leftNanos));
                    } catch (InterruptedException impossible) {
                        throw new IllegalStateException(impossible);
                    }
                });
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
        });
        return measurement.result("stock virtual threads", threads, timer, beganNanos);
    }

    private void write(Step step) throws IOException {
        for (long position = 0; System.nanoTime() < endNanos; position = (position + WRITE_BYTES) % FILE_BYTES) {
            step.run(position);
            syncs.incrementAndGet();
        }
    }

    /** Due each 10 ms; whoever comes later than the next is due has missed that one, and each missed tick counts as late. */
    private void tick(Step sleep) throws IOException {
        for (long dueNanos = System.nanoTime() + PERIOD_NANOS; dueNanos < endNanos; dueNanos += PERIOD_NANOS) {
            long leftNanos = dueNanos - System.nanoTime();
            if (leftNanos > 0) {
                sleep.run(leftNanos);
            }
            lateness.recordValue(Math.clamp(System.nanoTime() - dueNanos, 0, LATE_NANOS_MAX));
        }
    }

    private Result result(String name, List<Thread> writers, Thread timer, long beganNanos)
            throws InterruptedException {
        timer.join();
        for (Thread writer : writers) {
            writer.join();
        }
        return new Result(name, lateness, syncs.get(), (System.nanoTime() - beganNanos) / 1e9);
    }
}
