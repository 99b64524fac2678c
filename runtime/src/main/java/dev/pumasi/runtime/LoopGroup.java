package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.DriverFactory;
import dev.pumasi.runtime.driver.DriverUnavailableException;
import dev.pumasi.runtime.driver.Drivers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Some loops, each on a thread of its own, started and stopped together. Any thread may call.
 *
 * <p>With {@code -D}{@value ThreadDumpSignal#PROPERTY}{@code =USR1} each group prints its {@link ThreadDump} when that signal comes.
 */
public final class LoopGroup implements AutoCloseable {

    /** More loops than this are a mistake, not a machine. */
    public static final int LOOPS_MAX = 1024;

    /**
     * How long a loop may fail to turn before it is named in the log, unless said otherwise: 500 ms, or what the system
     * property {@value Watchdog#PATIENCE_PROPERTY} says.
     */
    public static final Duration STALL_PATIENCE = Watchdog.patience();

    /** How long a closing loop waits for what it cancelled to end. */
    static final long STOP_NANOS = Duration.ofSeconds(5).toNanos();

    static final long STOP_STEP_NANOS = Duration.ofMillis(10).toNanos();

    private final List<Loop> loops;
    private final List<Thread> threads;
    private final @Nullable Watchdog watchdog;
    private final Optional<ThreadDumpSignal> dumps;
    private final AtomicInteger next = new AtomicInteger();

    private LoopGroup(
            List<Loop> loops, List<Thread> threads, @Nullable Watchdog watchdog, Optional<ThreadDumpSignal> dumps) {
        this.loops = List.copyOf(loops);
        this.threads = List.copyOf(threads);
        this.watchdog = watchdog;
        this.dumps = dumps;
    }

    /**
     * Starts {@code count} loops, named {@code name-0}, {@code name-1}, …, and waits until all are open. They are watched, with
     * a patience of {@link #STALL_PATIENCE}.
     *
     * @throws DriverUnavailableException if the driver does not work here; nothing is left running then
     */
    public static LoopGroup start(String name, int count, DriverFactory drivers) {
        return start(name, count, drivers, STALL_PATIENCE);
    }

    /**
     * As {@link #start(String, int, DriverFactory)}; a loop that does not turn for {@code stallPatience} is named in the log
     * with what holds it, by a daemon thread of this group. Zero: nobody watches.
     */
    public static LoopGroup start(String name, int count, DriverFactory drivers, Duration stallPatience) {
        if (count < 1 || count > LOOPS_MAX) {
            throw new IllegalArgumentException("between 1 and " + LOOPS_MAX + " loops, not " + count);
        }
        if (stallPatience.isNegative()) {
            throw new IllegalArgumentException("a patience of " + stallPatience + "; zero switches the watchdog off");
        }
        List<Loop> loops = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                String loopName = name + "-" + i;
                CompletableFuture<Loop> opened = new CompletableFuture<>();
                Thread thread = new LoopThread(loopName, () -> runLoop(loopName, drivers, opened));
                thread.start();
                threads.add(thread);
                loops.add(opened.join());
            }
        } catch (CompletionException refused) {
            new LoopGroup(loops, threads, null, Optional.empty()).close();
            throw refused.getCause() instanceof RuntimeException cause ? cause : refused;
        }
        return new LoopGroup(
                loops, threads, Watchdog.start(name, loops, stallPatience), ThreadDumpSignal.ofProperty(loops));
    }

    /** As {@link #start(String, int, DriverFactory)}, with the driver of this name, or the best for {@code "auto"}. */
    public static LoopGroup start(String name, int count, String driver) {
        return start(name, count, Drivers.choose(driver).factory());
    }

    private static void runLoop(String name, DriverFactory drivers, CompletableFuture<Loop> opened) {
        Loop loop;
        LoopThread own = (LoopThread) Thread.currentThread();
        own.task = ProcessorUse.taskOfCaller();
        try {
            loop = Loop.open(name, drivers);
        } catch (Throwable refused) {
            opened.completeExceptionally(refused);
            return;
        }
        own.loop = loop;
        opened.complete(loop);
        loop.runUntilStopped();
    }

    public List<Loop> loops() {
        return loops;
    }

    /** Every green thread of these loops; see {@link ThreadDump#of}. */
    public ThreadDump threadDump() {
        return ThreadDump.of(loops);
    }

    /** One of the loops, in turn. */
    public Loop next() {
        return loops.get(Math.floorMod(next.getAndIncrement(), loops.size()));
    }

    /** Stops all loops and waits for their threads. Must not be called on one of them. */
    @Override
    public void close() {
        dumps.ifPresent(ThreadDumpSignal::close);
        loops.forEach(Loop::stop);
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException stop) {
                    interrupted = true;
                }
            }
        }
        if (watchdog != null) {
            watchdog.close(); // last: a loop that does not stop is named as well
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
