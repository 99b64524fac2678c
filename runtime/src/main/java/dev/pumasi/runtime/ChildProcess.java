package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.ExitReport;
import dev.pumasi.runtime.driver.Launch;
import dev.pumasi.runtime.driver.ProcessOperations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process that a loop has started ({@link Command#start}). Its end arrives on the loop as an event; its pipes are
 * streams of the loop like any connection.
 *
 * <pre>
 *            time limit, close()        patience is over
 *   running ────────────────────► asked ────────────────► killed
 *      │                            │                       │
 *      └──────────────┬─────────────┴───────────────────────┘
 *                     ▼
 *            ended (reaped; its status is known; who joins is told)
 * </pre>
 *
 * <p><b>Joining.</b> {@link #exit} is an operation: await it, be called back, chain it. Ending such a wait, by {@link
 * Operation#cancel} or {@link Operation#within}, does nothing to the process. It is reaped in any case as soon as it
 * has ended, whether anybody joins it or not: no zombie stays.
 *
 * <p><b>Its pipes</b> end when everybody who holds the other end has closed it. A grandchild inherits it; so a pipe can
 * outlast the process, and reading to its end can take longer than joining. What the process has written and nobody has
 * read yet is still there after its end. Pipes are closed by whoever reads and writes them, or all by {@link #close}.
 *
 * <p><b>When its loop stops</b> while it runs, it is asked to end (SIGTERM), killed after {@value
 * #STOP_PATIENCE_MILLIS} ms (SIGKILL), with its group if it has one of its own, and reaped; unless {@link
 * Command#outlivesLoop} was said. When the JVM is killed, nobody does that.
 *
 * <p>What it will not do: guess. A process that has stopped reading, but does not end, is running.
 */
public final class ChildProcess implements AutoCloseable {

    /** How long a process may take to end by itself when its loop stops. */
    static final long STOP_PATIENCE_MILLIS = 2000;

    /** When one that was killed does not end even so (it hangs in the kernel), its loop waits no longer. */
    private static final long GIVE_UP_MILLIS = 2 * STOP_PATIENCE_MILLIS;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Loop loop;
    private final ProcessOperations processes;
    private final int handle;
    private final long id;
    private final ProcessRules rules;
    private final boolean leadsGroup;
    private final @Nullable StreamSocket[] streams = new @Nullable StreamSocket[Launch.STREAMS];
    private final List<Join> joins = new ArrayList<>();
    private final Timer limit = Timer.of(this::limitReached);
    private final Timer patience = Timer.of(() -> signalAll(UnixSignal.KILL));
    private boolean released;
    private long stopBeganNanos;
    private boolean stopping;

    /** Written by the loop, for anybody to read. */
    private volatile boolean overdue;

    private volatile Operation.@Nullable Outcome<Exit> end;

    ChildProcess(Loop loop, int handle, ProcessRules rules, boolean leadsGroup) {
        this.loop = loop;
        this.handle = handle;
        this.rules = rules;
        this.leadsGroup = leadsGroup;
        processes = loop.driver().processes();
        id = processes.id(handle);
        for (int i = 0; i < streams.length; i++) {
            int pipe = processes.pipe(handle, i);
            if (pipe >= 0) {
                streams[i] = StreamSocket.ofPipe(loop, pipe, STREAM_NAMES[i] + " of " + this);
            }
        }
        new Watch().begin();
        if (rules.timeLimit() != null) {
            loop.start(limit, Loop.nanos(rules.timeLimit()));
        }
    }

    private static final String[] STREAM_NAMES = {"standard input", "standard output", "standard error"};

    /** The loop it belongs to. */
    public Loop loop() {
        return loop;
    }

    /** The number under which the system knows it. After its end the number may become somebody else's. */
    public long id() {
        return id;
    }

    /**
     * This end of the pipe to its standard input: to be written, and ended by {@link StreamSocket#shutdownOutput}. When
     * the process has closed the other end, or has ended, writing fails with {@link Failure#PEER_CLOSED}.
     *
     * @throws IllegalStateException if {@link Command#input} did not ask for a pipe
     */
    public StreamSocket input() {
        return stream(0);
    }

    /** This end of the pipe from its standard output: to be read. */
    public StreamSocket output() {
        return stream(1);
    }

    /** This end of the pipe from its standard error: to be read. */
    public StreamSocket error() {
        return stream(2);
    }

    private StreamSocket stream(int number) {
        StreamSocket stream = streams[number];
        if (stream == null) {
            throw new IllegalStateException(STREAM_NAMES[number] + " of " + this + " is no pipe");
        }
        return stream;
    }

    // ------------------------------------------------------------------------------------------- the end

    /**
     * Its end: yields how it ended. Each call gives an operation of its own, also when it has ended already. Any
     * thread.
     *
     * <p>Fails with {@link Failure#CLOSED} if the loop stops before and the process outlives it, and with {@link
     * Failure#IO} if the system does not tell (SIGCHLD is ignored in this process).
     */
    public Operation<Exit> exit() {
        return new Join().started();
    }

    /** Whether it has neither ended nor been left by its loop. Any thread; as of about now. */
    public boolean isRunning() {
        return end == null;
    }

    /** Whether its time limit was reached before it ended. Any thread. */
    public boolean isOverdue() {
        return overdue;
    }

    /**
     * Sends it a signal. Any thread; from elsewhere than the loop it waits until that is done.
     *
     * @throws OperationException {@link Failure#NO_SUCH_PROCESS} if it has ended, {@link Failure#PERMISSION_DENIED} if
     *     it has become somebody else (a set-user-ID program), {@link Failure#NOT_SUPPORTED} if the driver cannot
     */
    public void kill(UnixSignal signal) throws IOException {
        onLoop(signal, false);
    }

    /**
     * Sends everybody in its group a signal, as {@link #kill}. Only as long as it has not ended: then the group's
     * number may become somebody else's ({@link Command#takesGroupAlong} sees to those that are left).
     *
     * @throws IllegalStateException if it has no group of its own
     */
    public void killGroup(UnixSignal signal) throws IOException {
        if (!leadsGroup) {
            throw new IllegalStateException(this + " has no group of its own: give it one with Command.group");
        }
        onLoop(signal, true);
    }

    private void onLoop(UnixSignal signal, boolean wholeGroup) throws IOException {
        String attempt = "send " + signal + " to " + (wholeGroup ? "the group of " : "") + this;
        if (loop.isCurrent()) {
            send(attempt, signal, wholeGroup);
        } else {
            new Call<@Nullable Void>(loop, attempt, () -> {
                        send(attempt, signal, wholeGroup);
                        return null;
                    })
                    .started()
                    .await();
        }
    }

    private void send(String attempt, UnixSignal signal, boolean wholeGroup) throws OperationException {
        int result = released ? -Errno.ESRCH : processes.signal(handle, signal.number(), wholeGroup);
        if (result < 0) {
            throw OperationException.of(attempt, result);
        }
    }

    /**
     * Closes its pipes, and makes it end if it still runs: it is asked to (SIGTERM) and killed when its patience is
     * over. Does not wait for that. Any thread.
     */
    @Override
    public void close() {
        loop.run(() -> {
            for (StreamSocket stream : streams) {
                if (stream != null) {
                    stream.close();
                }
            }
            makeEnd();
        });
    }

    private void limitReached() {
        overdue = true;
        makeEnd();
    }

    private void makeEnd() {
        if (!released && !patience.isRunning()) {
            signalAll(UnixSignal.TERM);
            loop.start(patience, Loop.nanos(rules.patience()));
        }
    }

    /** To it, or its group; that nobody is left to hear it is no failure. */
    private void signalAll(UnixSignal signal) {
        if (!released) {
            processes.signal(handle, signal.number(), leadsGroup);
        }
    }

    /** It has ended, and is a zombie. */
    private void reap() {
        if (rules.takesGroupAlong() || leadsGroup && (patience.isRunning() || stopping)) {
            signalAll(UnixSignal.KILL); // before it is reaped: until then nobody else can have its number
        }
        ExitReport report = processes.reap(handle);
        if (report == null) {
            release(new Operation.Failed<>(
                    new OperationException("learn how " + this + " ended: SIGCHLD is ignored here", Failure.IO)));
            return;
        }
        release(new Operation.Success<>(
                report.bySignal()
                        ? new Exit.Signalled(new UnixSignal(report.number()), report.dumped())
                        : new Exit.Status(report.number())));
    }

    private void release(Operation.Outcome<Exit> outcome) {
        released = true;
        processes.close(handle);
        loop.cancel(limit);
        loop.cancel(patience);
        end = outcome;
        List.copyOf(joins).forEach(join -> join.endWith(outcome));
        joins.clear();
    }

    /** The loop stops, and turns on until this has ended: false if it should no longer wait for that. */
    private boolean isAwaitedInStop() {
        if (rules.outlivesLoop()) {
            return false;
        }
        long nowNanos = loop.nowNanos();
        if (!stopping) {
            stopping = true;
            stopBeganNanos = nowNanos;
            signalAll(UnixSignal.TERM);
        }
        long millis = (nowNanos - stopBeganNanos) / NANOS_PER_MILLI;
        if (millis >= STOP_PATIENCE_MILLIS) {
            signalAll(UnixSignal.KILL);
        }
        return millis < GIVE_UP_MILLIS;
    }

    @Override
    public String toString() {
        return rules.name() + " (process " + id + ")";
    }

    /** The driver's wait for its end: as long as it runs. */
    private final class Watch extends Pending {

        void begin() {
            processes.awaitExit(handle, loop.enter(this));
        }

        @Override
        void completed(int result, int flags) {
            if (result >= 0) {
                reap();
            } else if (loop.isClosing()) {
                release(new Operation.Failed<>(new OperationException("join " + ChildProcess.this, Failure.CLOSED)));
            } else {
                begin();
            }
        }

        @Override
        void stop(Driver driver) {
            if (!isAwaitedInStop()) {
                super.stop(driver);
            }
        }

        @Override
        String describe() {
            return "await the end of " + ChildProcess.this;
        }
    }

    /** One who waits for its end. */
    private final class Join extends Operation<Exit> {

        Join() {
            super(ChildProcess.this.loop);
        }

        @Override
        void start() {
            Outcome<Exit> known = end;
            if (known != null) {
                endWith(known);
            } else {
                loop().enter(this);
                joins.add(this);
            }
        }

        void endWith(Outcome<Exit> outcome) {
            if (isInProgress()) {
                loop().leave(this);
            }
            switch (outcome) {
                case Success<Exit>(Exit exit) -> succeed(exit);
                case Failed<Exit>(Throwable failure) -> fail(failure);
            }
        }

        @Override
        void requestCancel() {
            if (loop().isClosing() && !rules.outlivesLoop()) {
                return; // it is being ended, and whoever joins will hear how
            }
            joins.remove(this);
            loop().leave(this);
            failWith(-Errno.ECANCELED);
        }

        @Override
        String describe() {
            return "join " + ChildProcess.this;
        }
    }
}
