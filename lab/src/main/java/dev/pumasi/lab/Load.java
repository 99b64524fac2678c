package dev.pumasi.lab;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.DriverUnavailableException;
import dev.pumasi.runtime.driver.Drivers;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A load generator: it asks a server as a {@link LoadPlan} says, and measures what came of it.
 *
 * <p><b>What it measures.</b> A request is charged from the time at which it was due, and not from when the generator got
 * round to sending it. A server that stops for a second is so charged for every request of that second, and not only for
 * those few that were on their way: without that, the percentiles of a stalling server look as if the stall had never been
 * (<i>coordinated omission</i>, G. Tene, "How NOT to Measure Latency", 2013).
 *
 * <p><b>How.</b> Each loop has a {@link LoadShare} of the connections and of the requests, all of it callbacks on that loop:
 * thousands of connections take one thread. What a share has counted it hands over once a second, whole, by a message;
 * nothing is shared while it counts.
 *
 * <p><b>Its own limits</b> are measured too: how much of a processor its threads had, and how late they were. A result says
 * so when the figures are the generator's rather than the server's ({@link LoadResult#remarks}).
 *
 * <p><b>What it will not do.</b> It speaks no TLS, pipelines nothing, follows no redirect and reads no body. It does not search
 * the highest rate that a server bears: give it one rate after the other.
 *
 * <p>Any thread may call; {@link #await} blocks.
 */
public final class Load implements AutoCloseable {

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(60);
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So that all loops have heard of the beginning when it comes. */
    private static final long LEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final double NANOS_PER_SECOND = 1e9;

    private final LoadPlan plan;
    private final LoopGroup loops;
    private final String driver;
    private final List<LoadShare> shares = new ArrayList<>();
    private final Tally total = new Tally();
    private final List<LoadSecond> timeline = new ArrayList<>();
    private final CountDownLatch running;
    private volatile boolean stopped;
    private int failedToOpen;

    private Load(LoadPlan plan, LoopGroup loops, String driver) {
        this.plan = plan;
        this.loops = loops;
        this.driver = driver;
        running = new CountDownLatch(plan.loops());
        LongSupplier cpuNanos = cpuClock();
        List<Loop> all = loops.loops();
        for (int i = 0; i < all.size(); i++) {
            shares.add(new LoadShare(all.get(i), plan, i, all.size(), cpuNanos));
        }
    }

    /**
     * Starts the loops and opens the connections, all of them, or one where each request takes its own.
     *
     * @throws LoadException if not one can be opened, or fewer than the plan asks for fit into this process or this machine;
     *     nothing is left running then
     */
    public static Load open(LoadPlan plan) throws LoadException, InterruptedException {
        Descriptors.require(plan.connections());
        LoopGroup loops;
        Drivers.Choice choice;
        try {
            choice = Drivers.choose(plan.driver());
            loops = LoopGroup.start("pumasi-load", plan.loops(), choice.factory());
        } catch (DriverUnavailableException refused) {
            throw new LoadException(String.valueOf(refused.getMessage()), refused);
        }
        Load load = new Load(plan, loops, choice.name());
        try {
            load.connect();
            return load;
        } catch (LoadException | InterruptedException | RuntimeException refused) {
            load.close();
            throw refused;
        }
    }

    /** Runs it to its end, or until it is stopped, and tells {@code progress} on the calling thread what each second came to. Once. */
    public LoadResult await(Consumer<LoadSecond> progress) throws InterruptedException {
        long beginNanos = System.nanoTime() + LEAD_NANOS;
        for (LoadShare share : shares) {
            share.loop().execute(() -> share.begin(beginNanos, running::countDown));
        }
        if (stopped) {
            stop(); // it was asked for before there was anything to stop
        }
        long measuredFromNanos = beginNanos + plan.warmup().toNanos();
        long lastNanos = beginNanos;
        boolean over = false;
        while (!over) {
            boolean warmup = lastNanos - measuredFromNanos < 0;
            long untilNanos = lastNanos + PROGRESS_NANOS;
            if (warmup) {
                untilNanos = Math.min(untilNanos, measuredFromNanos); // seconds begin with measuring
            }
            over = running.await(Math.max(0, untilNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            long reachedNanos = over ? System.nanoTime() : untilNanos;
            LoadSecond second = collect(beginNanos, lastNanos, reachedNanos, warmup && !over);
            lastNanos = reachedNanos;
            if (!over || second.answered() > 0 || !second.errors().isEmpty()) {
                timeline.add(second);
                progress.accept(second);
            }
        }
        return result();
    }

    /** Ends it; {@link #await} then returns what there is. */
    public void stop() {
        stopped = true;
        shares.forEach(share -> share.loop().execute(share::stop));
    }

    /** Ends it, if it runs, and its loops. Not on one of them. */
    @Override
    public void close() {
        loops.close();
    }

    // ------------------------------------------------------------------------------------------- connecting

    private void connect() throws LoadException, InterruptedException {
        ask(shares.getFirst(), 1); // alone: if nobody listens, that is told once
        if (plan.keepsAlive()) {
            CountDownLatch rest = new CountDownLatch(shares.size());
            for (LoadShare share : shares) {
                share.loop().execute(() -> share.connect(plan.connections(), rest::countDown));
            }
            awaitConnections(rest);
        }
        for (LoadShare share : shares) {
            int failed = of(share, LoadShare::failedToOpen, 0);
            failedToOpen += failed;
            if (failed > 0) {
                refuseIfHopeless(share);
            }
        }
    }

    private void ask(LoadShare share, int connections) throws LoadException, InterruptedException {
        CountDownLatch first = new CountDownLatch(1);
        share.loop().execute(() -> share.connect(connections, first::countDown));
        awaitConnections(first);
        Throwable failure = failureOf(share);
        if (failure != null) {
            throw cannotConnect(failure);
        }
    }

    private void awaitConnections(CountDownLatch latch) throws LoadException, InterruptedException {
        if (!latch.await(CONNECT_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new LoadException(plan.target() + " did not take " + plan.connections() + " connections within "
                    + CONNECT_PATIENCE.toSeconds() + " s; take fewer.");
        }
    }

    private void refuseIfHopeless(LoadShare share) throws LoadException {
        Throwable failure = failureOf(share);
        int open = 0;
        for (LoadShare each : shares) {
            open += of(each, LoadShare::openConnections, 0);
        }
        LoadError error = failure == null ? LoadError.OTHER : LoadError.of(failure);
        if (error == LoadError.NO_DESCRIPTOR || error == LoadError.NO_LOCAL_PORT) {
            throw new LoadException("of " + plan.connections() + " connections " + open + " could be opened ("
                    + error.label() + ": " + error.meaning() + "); " + open + " are possible here.");
        }
    }

    private LoadException cannotConnect(Throwable failure) {
        String to = "cannot connect to " + plan.target() + ": ";
        if (!(failure instanceof OperationException known)) {
            return new LoadException(to + failure.getMessage(), failure);
        }
        String advice = known.failure() == Failure.CONNECTION_REFUSED
                ? "nobody listens there; start the server, or check the port (ss -ltnp)."
                : known.failure().cause() + "; " + known.failure().remedy() + ".";
        return new LoadException(to + advice, failure);
    }

    // ------------------------------------------------------------------------------------------- collecting

    /** What was counted in the warm-up's last moments, when it was over for some loop, is left to the next second. */
    private LoadSecond collect(long beginNanos, long fromNanos, long toNanos, boolean warmup) {
        Tally second = new Tally();
        int open = 0;
        for (LoadShare share : shares) {
            if (!warmup) {
                second.add(of(share, LoadShare::take, new Tally()));
            }
            open += of(share, LoadShare::openConnections, 0);
        }
        total.add(second);
        return new LoadSecond(
                (toNanos - beginNanos) / NANOS_PER_SECOND,
                (toNanos - fromNanos) / NANOS_PER_SECOND,
                warmup,
                second.answered,
                second.errors(),
                Latency.of(second.response),
                open);
    }

    private LoadResult result() {
        long measuredNanos = 0;
        long opened = 0;
        List<Double> cpuShares = new ArrayList<>();
        for (LoadShare share : shares) {
            measuredNanos = Math.max(measuredNanos, of(share, LoadShare::measuredNanos, 0L));
            opened += of(share, LoadShare::opened, 0L);
            cpuShares.add(of(share, LoadShare::cpuShare, Double.NaN));
        }
        return new LoadResult(
                plan,
                driver,
                Environment.here(),
                !stopped,
                measuredNanos / NANOS_PER_SECOND,
                total.answered,
                total.answerBytes,
                total.errors(),
                Latency.of(total.response),
                Latency.of(total.service),
                Latency.of(total.lateness),
                List.copyOf(cpuShares),
                opened,
                failedToOpen,
                List.copyOf(timeline));
    }

    /** What belongs to a loop is asked there, and waited for here. */
    private static <T> T of(LoadShare share, Function<LoadShare, T> question, T otherwise) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        share.loop().execute(() -> answer.complete(question.apply(share)));
        return answer.completeOnTimeout(otherwise, CONNECT_PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private static @Nullable Throwable failureOf(LoadShare share) {
        CompletableFuture<@Nullable Throwable> answer = new CompletableFuture<>();
        share.loop().execute(() -> answer.complete(share.firstFailure()));
        return answer.join();
    }

    private static LongSupplier cpuClock() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return threads.isCurrentThreadCpuTimeSupported() ? threads::getCurrentThreadCpuTime : () -> -1;
    }
}
