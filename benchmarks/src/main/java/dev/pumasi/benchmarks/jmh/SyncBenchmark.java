package dev.pumasi.benchmarks.jmh;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Mutex;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Locks and hand-overs between green threads, on one loop and across two, beside the JDK's on stock virtual threads: with
 * one carrier thread as the counterpart of one loop, with two as
 * that of two.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx1g", "-XX:+UseSerialGC"})
public class SyncBenchmark {

    private static final int ROUNDS = 10_000;
    private static final String ONE_CARRIER = "-Djdk.virtualThreadScheduler.parallelism=1";
    private static final String TWO_CARRIERS = "-Djdk.virtualThreadScheduler.parallelism=2";

    /** How a benchmark's body starts a thread. */
    @FunctionalInterface
    private interface Starter {
        void start(Runnable body);
    }

    /** How many items find room: 1 makes every one a hand-over. */
    @Param({"1", "64"})
    public int capacity;

    private final Mutex mutex = new Mutex();
    private final ReentrantLock lock = new ReentrantLock();
    private LoopGroup loops =
            LoopGroup.start("benchmark", 2, Drivers.choose(Drivers.AUTO).factory());

    @Setup(Level.Trial)
    public void open() {
        lock.lock(); // so that its classes are there
        lock.unlock();
    }

    @TearDown(Level.Trial)
    public void close() {
        loops.close();
    }

    private static void inThread(Starter starter, Callable<Void> body, CountDownLatch over) {
        starter.start(() -> {
            try {
                body.call();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            } finally {
                over.countDown();
            }
        });
    }

    private Starter loop(int number) {
        Loop loop = loops.loops().get(number);
        return body -> loop.spawn(body::run);
    }

    private static void stock(Runnable body) {
        Thread.startVirtualThread(body);
    }

    // ------------------------------------------------------------------------------------------- locks

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void mutexOnAGreenThread() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        inThread(
                loop(0),
                () -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        mutex.lock();
                        mutex.unlock();
                    }
                    return null;
                },
                over);
        over.await();
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void reentrantLockOnAStockThread() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        inThread(
                SyncBenchmark::stock,
                () -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        lock.lock();
                        lock.unlock();
                    }
                    return null;
                },
                over);
        over.await();
    }

    // ------------------------------------------------------------------------------------------- hand-over

    private void channel(Starter sender, Starter receiver) throws InterruptedException {
        Channel<Integer> channel = new Channel<>(capacity);
        CountDownLatch over = new CountDownLatch(2);
        inThread(
                receiver,
                () -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        channel.receive();
                    }
                    return null;
                },
                over);
        inThread(
                sender,
                () -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        channel.send(i);
                    }
                    return null;
                },
                over);
        over.await();
    }

    private void queue() throws InterruptedException {
        ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(capacity);
        CountDownLatch over = new CountDownLatch(2);
        inThread(
                SyncBenchmark::stock,
                () -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        queue.take();
                    }
                    return null;
                },
                over);
        inThread(
                SyncBenchmark::stock,
                () -> {
                    for (int i = 0; i < ROUNDS; i++) {
                        queue.put(i);
                    }
                    return null;
                },
                over);
        over.await();
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void channelOnOneLoop() throws InterruptedException {
        channel(loop(0), loop(0));
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void channelAcrossTwoLoops() throws InterruptedException {
        channel(loop(0), loop(1));
    }

    @Benchmark
    @Fork(
            value = 1,
            jvmArgsAppend = {"-Xmx1g", "-XX:+UseSerialGC", ONE_CARRIER})
    @OperationsPerInvocation(ROUNDS)
    public void stockQueueOnOneCarrier() throws InterruptedException {
        queue();
    }

    @Benchmark
    @Fork(
            value = 1,
            jvmArgsAppend = {"-Xmx1g", "-XX:+UseSerialGC", TWO_CARRIERS})
    @OperationsPerInvocation(ROUNDS)
    public void stockQueueOnTwoCarriers() throws InterruptedException {
        queue();
    }
}
