package dev.pumasi.server;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Exit;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.Redirect;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process for each connection: Stevens' concurrent server (<i>UNIX Network Programming</i>, volume 1, section 30.5), and what
 * {@code inetd} does.
 *
 * <p><b>Not a fork.</b> A JVM cannot fork: the child would have one thread, and neither collector nor compiler. So a fresh JVM is
 * started for each connection, which it inherits as its standard input. A client therefore waits for the start of a JVM, which the
 * ahead-of-time cache shortens ({@code benchmarks/forked} measures it). It is the dearest model there is, and the one that
 * isolates best: whatever a handler does to its process, no other client is touched.
 *
 * <p><b>Limit.</b> At most so many processes run at a time; then accepting pauses, and the next connections wait in the kernel's
 * queue. A batch that was accepted at once waits here, {@value #WAITING_MAX} at most.
 *
 * <p><b>A reload</b> asks for a new plan and tries it in a process of its own, which opens the application and asks it for one
 * answer. If that goes well, the next connections get processes of the new plan; those that run are not touched. Otherwise
 * nothing changes.
 *
 * <p><b>The end.</b> Nobody is accepted any more; each process is asked by SIGTERM to end with its next answer, and killed when the
 * patience is over. If this process is killed, those of connections go on to their end, and nobody accepts.
 *
 * <p>All state belongs to one loop; any thread may call the public methods.
 */
public final class Forker implements Crew {

    public static final int PROCESSES_DEFAULT = 32;

    /** More than a driver accepts at once. */
    private static final int WAITING_MAX = 64;

    /** How long a trial of a new plan may take. */
    private static final Duration TRIAL_MAX = Duration.ofSeconds(30);

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);
    private static final Duration GRACE = Duration.ofSeconds(3);

    private final WorkerPlan.Planner planner;
    private final Consumer<String> teller;
    private final LoopGroup loops;
    private final Loop loop;
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

    // All of this belongs to the loop.
    private final Set<ChildProcess> running = new HashSet<>();
    private final ArrayDeque<StreamSocket> waiting = new ArrayDeque<>();
    private final Timer deadline = Timer.of(() -> running.forEach(child -> send(child, UnixSignal.KILL)));
    private WorkerPlan plan;
    private int starting;
    private boolean stopping;

    private volatile long connections;
    private Listener listener;

    @SuppressWarnings("NullAway.Init") // listen() is called before anybody sees it
    private Forker(WorkerPlan.Planner planner, WorkerPlan plan, Consumer<String> teller, LoopGroup loops) {
        this.planner = planner;
        this.plan = plan;
        this.teller = teller;
        this.loops = loops;
        loop = loops.next();
    }

    /**
     * Starts: tries the plan, and listens.
     *
     * @param planner what processes are to be; {@link WorkerPlan#perConnection} makes such a plan
     * @param teller who is told, in a line, what goes wrong
     * @throws IOException if the address is taken, forbidden or none of this machine's
     * @throws SupervisorException if the plan does not work; nothing is left running
     */
    public static Forker start(SocketAddress address, WorkerPlan.Planner planner, Consumer<String> teller)
            throws IOException, SupervisorException {
        WorkerPlan plan = Supervisor.plan(planner, 0);
        LoopGroup loops = LoopGroup.start("pumasi-forker", 1, "epoll");
        try {
            Forker forker = new Forker(planner, plan, teller, loops);
            forker.listener = Listener.open(forker.loop, address, forker::accepted);
            String refusal = forker.tried(plan);
            if (refusal != null) {
                throw new SupervisorException(refusal);
            }
            return forker;
        } catch (IOException | SupervisorException | RuntimeException refused) {
            loops.close();
            throw refused;
        }
    }

    /** Where it listens, with the port that was chosen. */
    @Override
    public SocketAddress address() {
        return listener.address();
    }

    /** The port, or 0 for a Unix domain socket. */
    @Override
    public int port() {
        return address() instanceof InetSocketAddress inet ? inet.getPort() : 0;
    }

    /** How many connections were given a process, as of about now. */
    public long connections() {
        return connections;
    }

    /** Waits until it has ended. */
    @Override
    public void awaitEnd() throws InterruptedException {
        try {
            ended.get();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    // ------------------------------------------------------------------------------------------- connections

    private void accepted(StreamSocket connection) {
        if (stopping || waiting.size() == WAITING_MAX) {
            connection.close();
            return;
        }
        waiting.add(connection);
        startNext();
    }

    private void startNext() {
        while (running.size() + starting < plan.workers() && !waiting.isEmpty()) {
            start(waiting.remove());
        }
        boolean isFull = running.size() + starting >= plan.workers();
        if (isFull) {
            listener.pause();
        } else if (!stopping) {
            listener.resume();
        }
    }

    private void start(StreamSocket connection) {
        starting++;
        Command.of(plan.command())
                .pass(connection, 0)
                .output(Redirect.Plain.INHERIT)
                .group(ProcessGroup.OWN)
                .patience(CLOSE_PATIENCE)
                .start(loop)
                .onDone(this::started);
        connection.close(); // the process has its own copy
    }

    private void started(Operation.Outcome<ChildProcess> outcome) {
        starting--;
        switch (outcome) {
            case Success<ChildProcess>(ChildProcess child) -> {
                connections++;
                running.add(child);
                child.exit().onDone(end -> gone(child, end));
                if (stopping) {
                    send(child, UnixSignal.TERM);
                }
            }
            case Failed<ChildProcess>(Throwable failure) -> {
                teller.accept(
                        "a connection was closed, because no process could be started for it: " + failure.getMessage());
                loop.execute(this::startNext);
            }
        }
    }

    private void gone(ChildProcess child, Operation.Outcome<Exit> outcome) {
        running.remove(child);
        if (outcome instanceof Success<Exit>(Exit exit) && !exit.isSuccess() && !stopping) {
            teller.accept("the process " + child.id() + " of a connection ended badly: " + exit);
        }
        startNext();
        endIfAllAreGone();
    }

    private static void send(ChildProcess child, UnixSignal signal) {
        try {
            child.kill(signal);
        } catch (IOException gone) {
            // That is what was wanted.
        }
    }

    // ------------------------------------------------------------------------------------------- reload

    /** Asks for a new plan, tries it, and takes it for the connections to come. */
    @Override
    public CompletableFuture<ReloadOutcome> reload() {
        CompletableFuture<ReloadOutcome> answer = new CompletableFuture<>();
        Thread.ofPlatform().name("pumasi-plan").daemon().start(() -> reloadNow(answer));
        // A loop that is over drops what it is given, the answer among it.
        ended.thenRun(() -> answer.complete(new ReloadOutcome.Refused("it has been stopped meanwhile")));
        return answer;
    }

    /** It has no successors: a process for a connection does not depend on this one, and a port is soon listened on again. */
    @Override
    public CompletableFuture<ReloadOutcome> handOver() {
        return CompletableFuture.completedFuture(
                new ReloadOutcome.Refused("only a supervisor with workers (preforked) can be replaced"));
    }

    private void reloadNow(CompletableFuture<ReloadOutcome> answer) {
        WorkerPlan fresh;
        try {
            fresh = Supervisor.plan(planner, 0);
            String refusal = tried(fresh);
            if (refusal != null) {
                answer.complete(new ReloadOutcome.Refused(refusal));
                return;
            }
        } catch (SupervisorException refused) {
            answer.complete(new ReloadOutcome.Refused(String.valueOf(refused.getMessage())));
            return;
        }
        loop.execute(() -> {
            plan = fresh;
            answer.complete(
                    new ReloadOutcome.Taken()); // not before: whoever hears it connects, and must find the new one
        });
    }

    /** Null if the plan works, else why it does not. */
    private @Nullable String tried(WorkerPlan tried) {
        try (ChildProcess child = Command.of(tried.command())
                .environment(Forked.TRIAL, "1")
                .output(Redirect.Plain.DISCARD)
                .error(Redirect.Plain.PIPE)
                .timeLimit(TRIAL_MAX)
                .start(loop)
                .await()) {
            String said = said(child);
            Exit exit = child.exit().await();
            return exit.isSuccess()
                    ? null
                    : said.isEmpty() ? "a process for a connection does not start: " + exit : said;
        } catch (IOException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private static String said(ChildProcess child) throws IOException {
        byte[] text = child.error().inputStream().readNBytes(ControlLine.BYTES_MAX);
        return new String(text, StandardCharsets.UTF_8).strip();
    }

    // ------------------------------------------------------------------------------------------- the end

    /** Accepts no more, and waits until all processes have ended; those that have not after {@code patience} are killed. */
    @Override
    public void stop(Duration patience) {
        loop.execute(() -> {
            stopping = true;
            listener.close();
            waiting.forEach(StreamSocket::close);
            waiting.clear();
            running.forEach(child -> send(child, UnixSignal.TERM));
            loop.start(deadline, patience.toNanos());
            endIfAllAreGone();
        });
        try {
            ended.get(patience.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException late) {
            // what is left is killed with the loop
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@link #stop} with some patience; afterwards nothing is left of it. */
    @Override
    public void close() {
        stop(CLOSE_PATIENCE);
        loops.close();
    }

    private void endIfAllAreGone() {
        if (stopping && running.isEmpty() && starting == 0) {
            loop.cancel(deadline);
            ended.complete(null);
        }
    }
}
