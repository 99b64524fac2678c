package dev.pumasi.benchmarks.jmh;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** What the JDK's own scheduler takes for the things green threads do on a loop: the reference, not the product. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "-Djdk.virtualThreadScheduler.parallelism=1")
public class StockThreadBenchmark {
    private static final int ROUNDS = 1000;

    /** Spawn, run and end; each thread is started by the one before, so that nothing is woken from outside. */
    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void spawn() throws InterruptedException {
        final var first = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                Thread.ofVirtual().start(() -> {});
            }
        });
        first.join();
    }

    /** Two threads wake each other in turn: each round is two parks and two wakes. */
    @Benchmark
    @OperationsPerInvocation(2 * ROUNDS)
    public void parkAndWake() throws InterruptedException {
        final var ball = new Ball();
        final var pong = Thread.ofVirtual().unstarted(() -> ball.play(false));
        final var ping = Thread.ofVirtual().unstarted(() -> ball.play(true));
        ball.ping = ping;
        ball.pong = pong;
        ping.start();
        pong.start();
        ping.join();
        pong.join();
    }

    private static final class Ball {
        private Thread ping = Thread.currentThread();
        private Thread pong = Thread.currentThread();
        // Written by one player, awaited by the other; volatile, so that a wake is never missed.
        private volatile boolean pingsTurn = true;

        void play(boolean isPing) {
            for (int i = 0; i < ROUNDS; i++) {
                while (pingsTurn != isPing) {
                    LockSupport.park();
                }
                pingsTurn = !isPing;
                LockSupport.unpark(isPing ? pong : ping);
            }
        }
    }
}
