package dev.pumasi.server;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Exit;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.Stall;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.Redirect;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A worker as its supervisor sees it.
 *
 * <pre>
 *             "warming"        "ready"       "serve", "serving"      "retire", "stop", "leaving"
 *   STARTING ──────────► WARMING ────► READY ──────────────► SERVING ──────────────────────────► LEAVING
 *      │                    │            │                      │                                   │
 *      └────────────────────┴────────────┴─── its end ──────────┴───────────────────────────────────┴──► GONE
 * </pre>
 *
 * <p>It has a time limit in each state but READY and SERVING: to become ready, to begin to serve, to leave. One that keeps none of
 * them is killed. Belongs to the supervisor's loop.
 */
final class WorkerProcess {

    enum State {
        STARTING,
        WARMING,
        READY,
        SERVING,
        LEAVING,
        GONE
    }

    /** Who is told what happens to it. */
    interface Watcher {
        void ready(WorkerProcess worker);

        void serving(WorkerProcess worker);

        /** It leaves, and nobody here has told it to. */
        void leaving(WorkerProcess worker);

        /** It was told to leave, and accepts no more. */
        void quiet(WorkerProcess worker);

        /** Once, and last: it has ended, or could not be started. */
        void gone(WorkerProcess worker);
    }

    /** How much later than it was told to be gone it is killed. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    /** How many may wait for one worker to tell what it does. */
    private static final int LOOKERS_MAX = 16;

    /** More lines of a kind than a worker of ours sends. */
    private static final int SEEN_MAX = 512;

    /** How long one that is ready may take to begin to accept. */
    private static final Duration SERVE_MAX = Duration.ofSeconds(5);

    private static final System.Logger LOG = System.getLogger("dev.pumasi.server");

    private final Loop loop;
    private final Duration readyLimit;
    private final Watcher watcher;
    private final Timer limit = Timer.of(this::limitReached);
    private State state = State.STARTING;
    private @Nullable ChildProcess child;
    private @Nullable ControlChannel control;

    /** What it was too late with, if that is why it was killed. */
    private @Nullable String overdue;

    private boolean killed;
    private boolean told;
    /** Which generation it belongs to; set by the supervisor. */
    private int generation;

    private final long startedNanos;

    /** What it told when it was asked last, and who waits for it to tell again. */
    private Sighting seen = Sighting.NOTHING;

    private boolean answered;
    private final List<LoopFigures> seenLoops = new ArrayList<>();
    private final List<Stall> seenStalls = new ArrayList<>();
    private final List<Figures.Row> seenParts = new ArrayList<>();
    private final List<Runnable> lookers = new ArrayList<>();
    private int warmUps;
    private int failedWarmUps;

    /** Why it never became ready: its own words. */
    private @Nullable String refusal;

    /** Why there was never a process. */
    private @Nullable String obstacle;

    private @Nullable Exit exit;

    private WorkerProcess(Loop loop, Duration readyLimit, Watcher watcher) {
        this.loop = loop;
        this.readyLimit = readyLimit;
        this.watcher = watcher;
        startedNanos = loop.nowNanos();
    }

    /** Starts one that has so long to become ready. The watcher is told of nothing inside this call. */
    static WorkerProcess start(
            Loop loop, WorkerPlan plan, List<Listener> listeners, Duration readyLimit, Watcher watcher) {
        WorkerProcess worker = new WorkerProcess(loop, readyLimit, watcher);
        worker.begin(plan, listeners);
        return worker;
    }

    private void begin(WorkerPlan plan, List<Listener> listeners) {
        StreamSocket.Pair pair;
        try {
            pair = StreamSocket.pair(loop);
        } catch (IOException refused) {
            loop.execute(() -> failToStart(refused));
            return;
        }
        control = ControlChannel.open(pair.first(), this::heard, () -> {});
        Command command = Command.of(plan.command())
                .environment(Worker.LISTENERS, Integer.toString(listeners.size()))
                .output(Redirect.Plain.INHERIT)
                .group(ProcessGroup.OWN) // Ctrl-C in a terminal is the supervisor's affair
                .pass(pair.second(), Worker.CONTROL)
                .pass(listeners.getFirst(), plan.listener());
        for (int i = 1; i < listeners.size(); i++) {
            command.pass(listeners.get(i), Worker.LISTENER + i);
        }
        command.start(loop).onDone(this::started);
        pair.second().close(); // the child has its own copy; this one would keep the connection from ending
        loop.start(limit, readyLimit.toNanos());
    }

    private void started(Operation.Outcome<ChildProcess> outcome) {
        switch (outcome) {
            case Success<ChildProcess>(ChildProcess process) -> {
                child = process;
                process.exit().onDone(this::ended);
                if (killed) {
                    send(UnixSignal.KILL);
                }
            }
            case Failed<ChildProcess>(Throwable failure) -> loop.execute(() -> failToStart(failure));
        }
    }

    private void failToStart(Throwable failure) {
        obstacle = failure.getMessage();
        end();
    }

    private void ended(Operation.Outcome<Exit> outcome) {
        exit = outcome instanceof Success<Exit>(Exit known) ? known : null;
        end();
    }

    private void end() {
        state = State.GONE;
        loop.cancel(limit);
        tellLookers();
        if (control != null) {
            control.close();
        }
        watcher.gone(this);
    }

    private void heard(ControlLine line) {
        switch (line.verb()) {
            case ControlLine.WARMING -> state = state == State.STARTING ? State.WARMING : state;
            case ControlLine.READY -> {
                if (state == State.STARTING || state == State.WARMING) {
                    String[] counts = line.rest().split(" ");
                    warmUps = Integer.parseInt(counts[0]);
                    failedWarmUps = Integer.parseInt(counts[1]);
                    state = State.READY;
                    loop.cancel(limit);
                    watcher.ready(this);
                }
            }
            case ControlLine.SERVING -> {
                if (state == State.READY) {
                    state = State.SERVING;
                    loop.cancel(limit);
                    watcher.serving(this);
                }
            }
            case ControlLine.REFUSED -> {
                refusal = line.rest();
                if (control != null) {
                    control.close(); // it ends when it sees that this was heard
                }
            }
            case ControlLine.QUIET -> watcher.quiet(this);
            case ControlLine.LEAVING -> {
                if (!told) {
                    state = State.LEAVING;
                    watcher.leaving(this);
                }
            }
            case ControlLine.SEEN_LOOP -> {
                if (seenLoops.size() < SEEN_MAX) {
                    seenLoops.add(Sighting.loop(line.rest()));
                }
            }
            case ControlLine.SEEN_STALL -> {
                if (seenStalls.size() < SEEN_MAX) {
                    seenStalls.add(Sighting.stall(line.rest()));
                }
            }
            case ControlLine.SEEN_PART -> {
                if (seenParts.size() < SEEN_MAX) {
                    seenParts.add(Sighting.part(line.rest()));
                }
            }
            case ControlLine.SEEN -> {
                seen = Sighting.of(line.rest(), seenLoops, seenStalls, seenParts);
                answered = true;
                seenLoops.clear();
                seenStalls.clear();
                seenParts.clear();
                tellLookers();
            }
            default -> LOG.log(System.Logger.Level.WARNING, "{0} says something unheard of: {1}", this, line);
        }
    }

    // ------------------------------------------------------------------------------------------- orders

    /** It is ready, and shall accept. */
    void serve() {
        if (control != null) {
            control.say(ControlLine.of(ControlLine.SERVE));
            loop.start(limit, SERVE_MAX.toNanos());
        }
    }

    /** It shall leave: for a successor ({@link ControlLine#RETIRE}) or for good ({@link ControlLine#STOP}). */
    void leave(String verb, Duration patience) {
        if (state == State.GONE) {
            return;
        }
        if (state != State.SERVING && state != State.LEAVING) {
            kill(); // it has nobody to lose
            return;
        }
        told = true;
        state = State.LEAVING;
        if (control != null) {
            control.say(new ControlLine(verb, Long.toString(patience.toMillis())));
        }
        loop.start(limit, patience.plus(GRACE).toNanos());
    }

    /** At once. */
    void kill() {
        killed = true;
        send(UnixSignal.KILL);
    }

    /** On the loop. */
    void send(UnixSignal signal) {
        try {
            if (child != null) {
                child.kill(signal);
            }
        } catch (IOException gone) {
            // That is what was wanted.
        }
    }

    private void limitReached() {
        overdue = switch (state) {
            case STARTING, WARMING -> "was not ready within " + Supervisor.text(readyLimit);
            case READY, SERVING -> "did not begin to accept within " + Supervisor.text(SERVE_MAX);
            case LEAVING, GONE -> "did not leave in time";
        };
        if (state == State.LEAVING) { // otherwise its watcher says so
            LOG.log(System.Logger.Level.WARNING, "{0} {1}, and is killed", this, overdue);
        }
        kill();
    }

    /** It shall tell what it does; {@code told} when it has, or has ended. False, and nothing is told, if it cannot be asked. */
    boolean look(Runnable told) {
        boolean talks = state == State.READY || state == State.SERVING || state == State.LEAVING;
        if (!talks || control == null || lookers.size() >= LOOKERS_MAX) {
            return false;
        }
        answered = false;
        lookers.add(told);
        if (lookers.size() == 1) {
            control.say(ControlLine.of(ControlLine.LOOK));
        }
        return true;
    }

    /** Nobody waits any more for what was asked. */
    void stopLooking(Runnable told) {
        lookers.remove(told);
    }

    private void tellLookers() {
        List<Runnable> all = List.copyOf(lookers);
        lookers.clear();
        all.forEach(Runnable::run);
    }

    // ------------------------------------------------------------------------------------------- answers

    void generation(int number) {
        generation = number;
    }

    WorkerStatus status() {
        return new WorkerStatus(
                id(),
                state.name(),
                generation,
                Duration.ofNanos(Math.max(0, loop.nowNanos() - startedNanos)),
                answered,
                seen.heapBytes(),
                seen.heapBytesMax(),
                seen.http(),
                seen.loops(),
                seen.stalls(),
                seen.parts(),
                seen.partsLeftOut());
    }

    State state() {
        return state;
    }

    /** Whether it was ended by a decision of the supervisor. */
    boolean wasKilled() {
        return killed && overdue == null;
    }

    long id() {
        return child == null ? 0 : child.id();
    }

    /** Whether all its requests to itself were answered with 5xx. */
    boolean failsEverything() {
        return warmUps > 0 && failedWarmUps == warmUps;
    }

    int warmUps() {
        return warmUps;
    }

    /** Whether it ended because somebody had told it to leave, in good order. */
    boolean leftInGoodOrder() {
        return exit instanceof Exit.Status(int code) && code == 0;
    }

    /** How it ended, for people: {@code "was killed by SIGKILL"}. */
    String howItEnded() {
        if (overdue != null) {
            return overdue;
        }
        if (obstacle != null) {
            return "could not be started: " + obstacle;
        }
        if (refusal != null) {
            return "does not start: " + refusal;
        }
        return switch (exit) {
            case null -> "has ended, and the system does not tell how";
            case Exit.Status(int code)
            when code == Worker.EXIT_OUT_OF_MEMORY ->
                "ran out of memory (exit status " + code + ", that of -XX:+ExitOnOutOfMemoryError); raise its -Xmx";
            case Exit.Status(int code) -> "exited with status " + code;
            case Exit.Signalled(UnixSignal signal, boolean _) -> "was killed by " + signal;
        };
    }

    @Override
    public String toString() {
        return child == null ? "a worker" : "worker " + child.id();
    }
}
