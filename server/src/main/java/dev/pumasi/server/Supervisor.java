package dev.pumasi.server;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.ProcessSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.UnixSignal;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process that serves nobody itself: it opens the listening socket, starts worker processes that accept from it, and sees to
 * it that there are always so many, across crashes, new configurations and new jars. This is what Stevens calls <em>preforked</em>
 * (<i>UNIX Network Programming</i>, volume 1, section 30.6), and nginx and Gunicorn are built on.
 *
 * <p><b>Started, not forked.</b> A JVM cannot fork: its collector, compiler and other threads would be missing in the copy.
 * So each worker is a fresh JVM, started by {@code posix_spawn}, and made fast by the ahead-of-time cache that all share.
 *
 * <p><b>Who holds what.</b> The supervisor holds the listening socket and never accepts from it; each worker inherits it as descriptor
 * 4, and one end of a socket pair of its own as descriptor 3. All workers share <em>one</em> socket, and with it the
 * kernel's queue: a connection that is queued when a worker leaves, or is killed, waits for another one. (With {@code SO_REUSEPORT} each
 * would have a queue of its own, and what is in it is lost with it.) Every worker is told of every new connection, and whoever
 * comes first has it, so none waits for a worker that is busy, or gone. Nothing is sent by {@code SCM_RIGHTS}: the
 * only sockets that change hands exist before the process does, inheriting them needs no protocol, and it works for a
 * program that knows nothing of it.
 *
 * <p><b>A worker's life</b> is drawn in {@link WorkerProcess}: it starts, opens its application, warms up by requests to itself,
 * says that it is ready, accepts when it is told to, leaves. What they say to each other are lines ({@link ControlLine}); its end is
 * an event of the loop.
 *
 * <p><b>A reload</b> asks for a new plan, starts a whole new generation of it beside the old one, and waits until <em>all</em> are
 * ready; then tells all to accept; and when all do, tells the old ones to leave. So there is no moment at which nobody accepts. If
 * one of the new ones fails before that (a broken jar, a configuration that is refused, a crash, 5xx to each of its own
 * requests, too slow), all of them are killed, which no client can notice because none has accepted, and the old ones never
 * knew. Whoever answers 5xx to all of its own requests is refused only here, where others go on instead: at the first start, and in the place
 * of a dead one, it serves, and that is told. For that time twice the memory is needed; whether it is there is looked at before.
 *
 * <p><b>How the old ones leave</b> without losing a request: they accept no more; every answer now ends its connection, and says
 * so; a connection that waits for its client's next request goes on waiting for it, because that may be on its way, and to close
 * then would lose it. It ends with that answer, with its own idle time, or at the deadline, whichever comes first. Only in the last
 * two cases can a client send into a connection that is being closed; HTTP/1.1 has no way to prevent that (RFC 9112, section
 * 9.5), and the deadline is long so that it is rare.
 *
 * <p><b>Orderings that are kept.</b> (1) The socket listens before the first worker starts, and until the last supervisor is told
 * to stop. (2) A generation accepts as a whole, or not at all. (3) The old generation is told to leave after the last of the new ones has
 * said that it accepts, and a reload is told to be done when the last of the old ones has said that it accepts no more. (4) Reloads come one after another: one that is asked for during another begins when that is over, and all
 * that are asked for meanwhile are one. (5) A stop ends a reload that is under way: those who asked for it are told so.
 *
 * <p><b>Deaths.</b> A worker that ends without having been told to is replaced by one of the same plan: the first at once, the next
 * with a wait that doubles, up to {@link Deaths#WAIT_MAX}. More deaths than are borne within the window end the service, with an
 * error that says what the last one died of: a program that dies as soon as it starts is no better for being started again.
 *
 * <p><b>A supervisor that is killed</b> cannot tell its workers; they see the end of their connection, stop accepting, answer
 * what they have, and leave. So another one can soon listen on the same port.
 *
 * <p><b>A new supervisor</b> (for a new JVM, or new code of this class) is started like a worker, inherits the same listening
 * socket, and has its own workers serve before this one is told to leave; then this one's workers leave, and it ends.
 *
 * <p><b>What it will not do.</b> Balance: who comes first has the connection, so an idle worker takes more of them. Kill a worker that
 * has stopped answering: it cannot tell a slow handler from a dead one. Forward signals other than as orders: a JVM that does
 * not listen dies of most. Keep what workers hold in memory: what must outlive a worker has to lie outside of it.
 *
 * <p>All state belongs to one loop with a thread of its own; any thread may call the public methods, of which those that wait
 * block theirs. It needs a driver that can pass sockets on: any but {@code nio}.
 */
public final class Supervisor implements Crew {

    /** How long workers may go on with what they have, when a new generation has taken over. */
    public static final Duration RETIRE_PATIENCE_DEFAULT = Duration.ofSeconds(30);

    /** How long a worker may take from its start until it is ready. */
    public static final Duration READY_LIMIT_DEFAULT = Duration.ofSeconds(30);

    /** How many deaths of workers within {@link #DEATHS_WINDOW} are borne. */
    public static final int DEATHS_DEFAULT = 10;

    public static final Duration DEATHS_WINDOW = Duration.ofMinutes(1);

    /** The most addresses of one supervisor. */
    public static final int ADDRESSES_MAX = 64;

    /** How long a worker may take to tell what it does. */
    public static final Duration LOOK_MAX = Duration.ofMillis(500);

    /** How many may wait for a reload. */
    private static final int WAITING_MAX = 1000;

    /** How long close() lets requests in progress take. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private static final Duration GRACE = Duration.ofSeconds(3);

    private final WorkerPlan.Planner planner;
    private final Duration readyLimit;
    private final Duration retirePatience;
    private final Consumer<String> teller;
    private final List<String> successorCommand;
    private final LoopGroup loops;
    private final Loop loop;
    private final List<Listener> listeners;
    private final Deaths deaths;
    private final int deathsMax;
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
    private final WorkerProcess.Watcher watcher = new Watch();

    // All of this belongs to the loop.
    private final Set<WorkerProcess> all = new LinkedHashSet<>();
    private final Set<WorkerProcess> serving = new LinkedHashSet<>();
    private final List<CompletableFuture<ReloadOutcome>> waiting = new ArrayList<>();

    /** Workers of the generation before that may still accept, and what waits for the last of them. */
    private final Set<WorkerProcess> accepting = new LinkedHashSet<>();

    private @Nullable Runnable whenOldAreQuiet;
    private @Nullable WorkerPlan plan;
    private int generation;
    private @Nullable Generation next;
    private @Nullable Successor successor;
    private boolean reloading;
    private boolean stopping;
    private @Nullable String failure;
    private volatile List<Long> workerIds = List.of();

    Supervisor(SupervisorBuilder builder, LoopGroup loops, List<Listener> listeners) {
        planner = builder.planner;
        readyLimit = builder.readyLimit;
        retirePatience = builder.retirePatience;
        teller = builder.teller;
        successorCommand = builder.successorCommand;
        deathsMax = builder.deathsMax;
        deaths = new Deaths(deathsMax, DEATHS_WINDOW);
        this.loops = loops;
        loop = loops.next();
        this.listeners = List.copyOf(listeners);
    }

    /** A supervisor of what {@code planner} says. */
    public static SupervisorBuilder of(WorkerPlan.Planner planner) {
        return new SupervisorBuilder(planner);
    }

    /** Whether this process was started by a supervisor's {@link #handOver} to take its place. */
    public static boolean succeedsAnother() {
        return Successor.isExpected();
    }

    /** Where it listens, with the port that was chosen. */
    @Override
    public SocketAddress address() {
        return listeners.getFirst().address();
    }

    /** Where it listens, in the order in which the addresses were given; with the ports that were chosen. */
    public List<SocketAddress> addresses() {
        return listeners.stream().map(Listener::address).toList();
    }

    /**
     * Sends a signal to each worker that serves; USR1 for one that opens its logs anew, for example. One that does not listen to it may
     * end of it: what workers know is for the caller to know. Any thread; does not wait.
     */
    public void signal(UnixSignal signal) {
        loop.execute(() -> serving.forEach(worker -> worker.send(signal)));
    }

    /** The port, or 0 for a Unix domain socket. */
    @Override
    public int port() {
        return address() instanceof InetSocketAddress inet ? inet.getPort() : 0;
    }

    /** The process ids of the workers that serve, as of about now. */
    public List<Long> workers() {
        return workerIds;
    }

    /**
     * Waits until it has ended: because it was told to stop, or has handed over to another.
     *
     * @throws SupervisorException if it has given up
     */
    @Override
    public void awaitEnd() throws SupervisorException, InterruptedException {
        try {
            ended.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof SupervisorException why
                    ? why
                    : new SupervisorException("the supervisor has failed: " + failed, failed);
        }
    }

    /**
     * Asks each worker what it does. Done when all have answered, or after {@link #LOOK_MAX}, then with what those had said
     * before that have not; never fails, but is never done if this is closed meanwhile. Any thread.
     */
    public CompletableFuture<CrewStatus> look() {
        CompletableFuture<CrewStatus> answer = new CompletableFuture<>();
        if (ended.isDone()) {
            answer.complete(new CrewStatus(0, false, 0, List.of()));
        } else {
            loop.execute(() -> new Look(answer).begin());
        }
        return answer;
    }

    /** One look at all workers. */
    private final class Look {

        private final CompletableFuture<CrewStatus> answer;
        private final Map<WorkerProcess, Runnable> awaited = new LinkedHashMap<>();
        private final Timer limit = Timer.of(this::end);

        Look(CompletableFuture<CrewStatus> answer) {
            this.answer = answer;
        }

        void begin() {
            for (WorkerProcess worker : all) {
                Runnable told = () -> answered(worker);
                if (worker.look(told)) {
                    awaited.put(worker, told);
                }
            }
            if (awaited.isEmpty()) {
                end();
            } else {
                loop.start(limit, LOOK_MAX.toNanos());
            }
        }

        private void answered(WorkerProcess worker) {
            if (awaited.remove(worker) != null && awaited.isEmpty()) {
                end();
            }
        }

        private void end() {
            loop.cancel(limit);
            awaited.forEach(WorkerProcess::stopLooking);
            awaited.clear();
            answer.complete(new CrewStatus(
                    generation,
                    reloading,
                    deaths.lately(),
                    all.stream().map(WorkerProcess::status).toList()));
        }
    }

    // ------------------------------------------------------------------------------------------- the first generation

    void begin() throws SupervisorException {
        WorkerPlan first = plan(planner, 0);
        CompletableFuture<@Nullable Void> served = new CompletableFuture<>();
        loop.execute(() -> start(
                first,
                false,
                () -> served.complete(null),
                why -> served.completeExceptionally(new SupervisorException(why))));
        try {
            served.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof SupervisorException why
                    ? why
                    : new SupervisorException("no worker could be started: " + failed, failed);
        }
    }

    /** Asks for a plan, and looks whether there is memory for it beside {@code others} that go on for a while. May block. */
    static WorkerPlan plan(WorkerPlan.Planner planner, int others) throws SupervisorException {
        WorkerPlan plan;
        try {
            plan = planner.plan();
        } catch (Exception refused) {
            throw new SupervisorException(String.valueOf(refused.getMessage()), refused);
        }
        long needed = plan.workers() * plan.bytesEach();
        long left = MemoryLeft.bytes();
        if (needed > left) {
            throw new SupervisorException(plan.workers() + " workers of up to " + MemoryLeft.text(plan.bytesEach())
                    + " each need " + MemoryLeft.text(needed) + ", and " + MemoryLeft.text(left) + " are left"
                    + (others == 0 ? "" : " beside the " + others + " that serve")
                    + "; have fewer of them, or give each a smaller heap (-Xmx)");
        }
        return plan;
    }

    private void start(WorkerPlan planned, boolean refusesBroken, Runnable served, Consumer<String> failed) {
        int number = generation + 1;
        Generation[] started = new Generation[1];
        Generation fresh = new Generation(
                number,
                planned,
                refusesBroken,
                () -> {
                    next = null;
                    generation = number;
                    plan = planned;
                    List<WorkerProcess> old = List.copyOf(serving);
                    serving.clear();
                    serving.addAll(started[0].workers());
                    changed();
                    accepting.addAll(old);
                    whenOldAreQuiet = served;
                    old.forEach(worker -> worker.leave(ControlLine.RETIRE, retirePatience));
                    tellIfOldAreQuiet();
                },
                why -> {
                    next = null;
                    failed.accept(why);
                });
        started[0] = fresh;
        next = fresh;
        fresh.start(loop, listeners, readyLimit, watcher);
        all.addAll(fresh.workers());
    }

    private void tellIfOldAreQuiet() {
        Runnable told = whenOldAreQuiet;
        if (told != null && accepting.isEmpty()) {
            whenOldAreQuiet = null;
            told.run();
        }
    }

    private void changed() {
        workerIds = serving.stream()
                .filter(worker -> worker.state() == WorkerProcess.State.SERVING)
                .map(WorkerProcess::id)
                .toList();
    }

    // ------------------------------------------------------------------------------------------- reloads

    /**
     * Starts a new generation from a new plan; the old one leaves when the new one serves. Never fails: what came of it is in the
     * outcome. Any thread.
     */
    @Override
    public CompletableFuture<ReloadOutcome> reload() {
        CompletableFuture<ReloadOutcome> answer = new CompletableFuture<>();
        if (ended.isDone()) {
            answer.complete(new ReloadOutcome.Refused("the supervisor has ended"));
            return answer;
        }
        loop.execute(() -> {
            if (stopping) {
                answer.complete(new ReloadOutcome.Refused("the supervisor is being stopped"));
            } else if (successor != null) {
                answer.complete(new ReloadOutcome.Refused("a new supervisor is being started"));
            } else if (waiting.size() >= WAITING_MAX) {
                answer.complete(new ReloadOutcome.Refused(WAITING_MAX + " others wait for a reload already"));
            } else {
                waiting.add(answer);
                nextReload();
            }
        });
        return answer;
    }

    private void nextReload() {
        if (reloading || waiting.isEmpty()) {
            return;
        }
        reloading = true;
        List<CompletableFuture<ReloadOutcome>> asked = List.copyOf(waiting);
        waiting.clear();
        int others = serving.size();
        Thread.ofPlatform()
                .name("pumasi-plan")
                .daemon()
                .start(
                        () -> { // it reads files
                            try {
                                WorkerPlan planned = plan(planner, others);
                                loop.execute(() -> reload(planned, asked));
                            } catch (SupervisorException refused) {
                                loop.execute(() -> reloaded(
                                        asked, new ReloadOutcome.Refused(String.valueOf(refused.getMessage()))));
                            }
                        });
    }

    private void reload(WorkerPlan planned, List<CompletableFuture<ReloadOutcome>> asked) {
        if (stopping) {
            reloaded(asked, new ReloadOutcome.Refused("the supervisor is being stopped"));
            return;
        }
        List<Long> old = serving.stream().map(WorkerProcess::id).toList();
        start(
                planned,
                true,
                () -> reloaded(asked, new ReloadOutcome.Serving(generation, workerIds, old)),
                why -> reloaded(asked, new ReloadOutcome.Refused(why)));
    }

    private void reloaded(List<CompletableFuture<ReloadOutcome>> asked, ReloadOutcome outcome) {
        reloading = false;
        asked.forEach(answer -> answer.complete(outcome));
        nextReload();
    }

    // ------------------------------------------------------------------------------------------- a new supervisor

    /**
     * Starts a new supervisor by {@link SupervisorBuilder#successor}, which takes over the listening socket. When its workers serve, this
     * one's leave, and {@link #awaitEnd} returns. If it fails, nothing changes here. Any thread.
     */
    @Override
    public CompletableFuture<ReloadOutcome> handOver() {
        CompletableFuture<ReloadOutcome> answer = new CompletableFuture<>();
        if (ended.isDone()) {
            answer.complete(new ReloadOutcome.Refused("the supervisor has ended"));
            return answer;
        }
        loop.execute(() -> {
            String obstacle = stopping
                    ? "the supervisor is being stopped"
                    : reloading || successor != null
                            ? "a reload is in progress"
                            : successorCommand.isEmpty() ? "nothing says how to start a new supervisor" : null;
            if (obstacle != null) {
                answer.complete(new ReloadOutcome.Refused(obstacle));
                return;
            }
            successor = Successor.start(
                    loop,
                    successorCommand,
                    listeners,
                    readyLimit.multipliedBy(2),
                    outcome -> succeeded(outcome, answer));
        });
        return answer;
    }

    private void succeeded(ReloadOutcome outcome, CompletableFuture<ReloadOutcome> answer) {
        successor = null;
        if (outcome instanceof ReloadOutcome.HandedOver && !stopping) {
            listeners.forEach(listener -> listener.ownPath(false));
            leave(ControlLine.RETIRE, retirePatience);
        }
        answer.complete(outcome);
    }

    // ------------------------------------------------------------------------------------------- deaths

    private final class Watch implements WorkerProcess.Watcher {

        @Override
        public void ready(WorkerProcess worker) {
            Generation making = next;
            boolean isRefused = making != null && making.has(worker) && making.refusesBroken();
            if (worker.failsEverything() && !isRefused) {
                teller.accept(
                        worker + " answered each of its " + worker.warmUps()
                                + " requests to itself (GET /) with 5xx; it serves all the same, for nobody would do so in its place");
            }
            if (making != null && making.has(worker)) {
                making.ready(worker);
            } else if (serving.contains(worker)) {
                worker.serve(); // a replacement
            } else {
                worker.kill();
            }
        }

        @Override
        public void serving(WorkerProcess worker) {
            Generation making = next;
            if (making != null && making.has(worker)) {
                making.serving(worker);
            } else if (serving.contains(worker)) {
                changed();
            } else {
                worker.leave(ControlLine.RETIRE, retirePatience);
            }
        }

        @Override
        public void leaving(WorkerProcess worker) {
            Generation making = next;
            if (making != null && making.has(worker)) {
                making.leaving(worker);
            } else if (serving.remove(worker)) {
                changed();
                teller.accept(worker + " was told to leave; another takes its place");
                replace(Duration.ZERO);
            }
        }

        @Override
        public void quiet(WorkerProcess worker) {
            accepting.remove(worker);
            tellIfOldAreQuiet();
        }

        @Override
        public void gone(WorkerProcess worker) {
            all.remove(worker);
            if (worker.id() > 0) {
                ProcessSocket.removeAllOf(worker.id()); // a moment of a loop that has nothing else to do
            }
            quiet(worker);
            Generation making = next;
            if (making != null && making.has(worker)) {
                making.gone(worker);
            } else if (serving.remove(worker)) {
                changed();
                died(worker);
            }
            endIfAllAreGone();
        }
    }

    private void died(WorkerProcess worker) {
        if (stopping) {
            return;
        }
        deaths.add(loop.nowNanos());
        String what = worker + " " + worker.howItEnded();
        if (deaths.areTooMany()) {
            failure = what + "; that was death " + deaths.lately() + " within " + text(DEATHS_WINDOW)
                    + ", and no more than " + deathsMax + " are borne";
            leave(ControlLine.STOP, CLOSE_PATIENCE);
            return;
        }
        Duration pause = deaths.pause();
        teller.accept(what + "; another is started "
                + (pause.isZero() ? "at once" : "in " + text(pause)) + " (death " + deaths.lately() + " of the "
                + deathsMax + " that are borne within " + text(DEATHS_WINDOW) + ")");
        replace(pause);
    }

    private void replace(Duration pause) {
        int meant = generation;
        Runnable begin = () -> {
            if (!stopping && meant == generation) {
                WorkerProcess fresh =
                        WorkerProcess.start(loop, Objects.requireNonNull(plan), listeners, readyLimit, watcher);
                fresh.generation(generation);
                all.add(fresh);
                serving.add(fresh);
                changed();
            }
        };
        if (pause.isZero()) {
            begin.run();
        } else {
            loop.start(Timer.of(begin), pause.toNanos());
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    /**
     * Ends the service: nobody accepts any more, requests in progress are answered, or cut off after {@code patience}. Waits
     * until all workers are gone. A reload that is under way is given up. Called again, it hurries if there is less patience.
     */
    @Override
    public void stop(Duration patience) {
        loop.execute(() -> leave(ControlLine.STOP, patience));
        try {
            ended.get(patience.plus(GRACE).plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException told) {
            // whoever awaits the end is told why; what is left is killed with the loop
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

    private void leave(String verb, Duration patience) {
        stopping = true;
        listeners.forEach(Listener::close);
        if (successor != null) {
            successor.end();
        }
        Generation making = next;
        if (making != null) {
            making.fail("the supervisor is being stopped");
        }
        List<CompletableFuture<ReloadOutcome>> asked = List.copyOf(waiting);
        waiting.clear();
        asked.forEach(answer -> answer.complete(new ReloadOutcome.Refused("the supervisor is being stopped")));
        serving.clear();
        changed();
        accepting.clear();
        tellIfOldAreQuiet();
        List.copyOf(all).forEach(worker -> worker.leave(verb, patience));
        endIfAllAreGone();
    }

    private void endIfAllAreGone() {
        if (stopping && all.isEmpty()) {
            if (failure == null) {
                ended.complete(null);
            } else {
                ended.completeExceptionally(new SupervisorException(failure));
            }
        }
    }

    /** A duration for people. */
    static String text(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }
}
