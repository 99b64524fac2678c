package dev.pumasi.benchmarks.jmh;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Drivers;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a loop's own parts cost, on a loop driven by hand: green threads, and timers beside a million others. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx1g", "-XX:+UseSerialGC"})
public class LoopBenchmark {

    private static final int ROUNDS = 1000;
    private static final int TIMERS = 1_000_000;
    private static final long HOUR_NANOS = TimeUnit.HOURS.toNanos(1);

    private final Thread[] parked = new Thread[ROUNDS];
    private final Timer[] timers = new Timer[ROUNDS];
    private Loop loop = Loop.open("benchmark", Drivers.choose(Drivers.AUTO).factory());
    private boolean over;

    @Setup(Level.Trial)
    public void open() {
        for (int i = 0; i < ROUNDS; i++) {
            parked[i] = loop.spawn(() -> {
                while (!over) {
                    LockSupport.park();
                }
            });
            timers[i] = Timer.of(() -> {});
        }
        for (int i = 0; i < TIMERS; i++) {
            loop.start(Timer.of(() -> {}), HOUR_NANOS + (long) i * 1_000_003);
        }
        loop.turn(0);
    }

    @TearDown(Level.Trial)
    public void close() {
        over = true;
        for (Thread thread : parked) {
            LockSupport.unpark(thread);
        }
        loop.close();
    }

    /** Spawn, run and end. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void spawn() {
        for (int i = 0; i < ROUNDS; i++) {
            loop.spawnTrusted(() -> {});
        }
        loop.turn(0);
    }

    /** A wake by the loop, and the thread's next park. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void parkAndWake() {
        for (Thread thread : parked) {
            LockSupport.unpark(thread);
        }
        loop.turn(0);
    }

    /** Start and cancel, the fate of nearly every timer of a server. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void startAndCancelTimer() {
        for (int i = 0; i < ROUNDS; i++) {
            loop.start(timers[i], HOUR_NANOS + (long) i * 7_000_003);
        }
        for (Timer timer : timers) {
            loop.cancel(timer);
        }
    }
}
