package dev.pumasi.lab;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One loop's share of a load: its connections, and the times at which its requests are due.
 *
 * <p><b>Open loop.</b> The nth request is due at {@code begin + n / rate}; that is all there is to a schedule, so what is
 * due and waits for a free connection is two numbers, however long a server stalls: {@code issued}, and how many are due by
 * now. Every request is charged from the time at which it was due. Those still unsent at the end are errors, and charged
 * too: dropping them would hide what the server did to them.
 *
 * <p><b>Closed loop.</b> A connection that is free asks again. After a failure it rests for some milliseconds, so that a
 * server which is down is not asked as fast as it can refuse.
 *
 * <p><b>Time.</b> The loop reads the clock once a turn. A request counts as begun when the turn began in which it was
 * written, and as answered when the turn began that found its answer: the first is too early by what was run before it in
 * its turn, the second is after the answer had come. So what is told is never less than it was.
 *
 * <p><b>Phases.</b> {@link #connect} opens connections; {@link #begin} starts the schedule; what is due before the warm-up is
 * over is not counted; when the time is over nothing more becomes due, and what is on the way is waited for, up to the
 * time limit of a request. {@link #stop} ends it at once.
 *
 * <p>It wakes nobody and starts no green thread: all of it is callbacks. Belongs to its loop.
 */
final class LoadShare {

    /** How long a connection that has had its answer waits for the server to close. */
    static final long LEAVE_NANOS = Duration.ofSeconds(1).toNanos();

    /** A listening socket has a queue for those who connect; more at once might overflow it. */
    private static final int CONNECTING_MAX = 64;

    private static final long BEAT_NANOS = Duration.ofMillis(10).toNanos();
    private static final int BEATS_PER_LOOK = 10;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final long UNKNOWN = -1;

    private final Loop loop;
    private final LoadPlan plan;
    private final int part;
    private final int parts;
    private final LongSupplier cpuNanos;
    private final Buffer request;
    private final long timeoutNanos;
    private final double intervalNanos;
    private final List<LoadConnection> connections = new ArrayList<>();

    private final Deque<LoadConnection> free = new ArrayDeque<>();
    private final Deque<LoadConnection> toOpen = new ArrayDeque<>();
    private final Deque<LoadConnection> resting = new ArrayDeque<>();
    private final Timer first = Timer.of(this::start);
    private final Timer pace = Timer.of(this::issueDue);
    private final Timer beat = Timer.of(this::beat);

    private Tally tally = new Tally();
    private @Nullable Runnable connectedAll;
    private @Nullable Runnable done;
    private int unopened;
    private int openConnections;
    private int openAtEnd;
    private long opened;
    private int failedToOpen;
    private @Nullable Throwable firstFailure;

    private boolean begun;
    private boolean over;
    private long beginNanos;
    private long measuredFromNanos;
    private long endNanos;
    private long issuedMax;
    private long measuredMax;

    /** Open loop: the index of the next request. */
    private long issued;

    /** Open loop: the index of the first that is not due yet. */
    private long due;

    private long measuredIssued;
    private long measuredEnded;
    private int inProgress;
    private long lastEndNanos;
    private long beatDueNanos;
    private int beats;
    private long cpuFromNanos = UNKNOWN;
    private long cpuToNanos = UNKNOWN;
    private long cpuSinceNanos;
    private long cpuUntilNanos;

    /**
     * @param part which of the shares this is, from 0
     * @param cpuNanos the processor time of the calling thread, or a negative number where it is not known
     */
    LoadShare(Loop loop, LoadPlan plan, int part, int parts, LongSupplier cpuNanos) {
        this.loop = loop;
        this.plan = plan;
        this.part = part;
        this.parts = parts;
        this.cpuNanos = cpuNanos;
        request = Buffer.of(plan.request());
        timeoutNanos = plan.timeout().toNanos();
        intervalNanos = plan.isOpenLoop() ? NANOS_PER_SECOND / plan.rate() : 0;
        for (int i = part; i < plan.connections(); i += parts) {
            connections.add(new LoadConnection(this));
        }
    }

    // ------------------------------------------------------------------------------------------- what the load asks

    /**
     * Opens connections, some at a time, and tells {@code whenDone} when each has succeeded or failed.
     *
     * @param count how many are to be open then, those included that are
     */
    void connect(int count, Runnable whenDone) {
        connectedAll = whenDone;
        free.clear();
        for (int i = 0; i < connections.size(); i++) {
            LoadConnection connection = connections.get(i);
            boolean wanted = i < count && !connection.isConnected();
            (wanted ? toOpen : free).add(connection);
        }
        unopened = toOpen.size();
        for (int i = 0; i < CONNECTING_MAX && !toOpen.isEmpty(); i++) {
            toOpen.remove().connect();
        }
        tellIfConnected();
    }

    /** How many connections could not be opened in {@link #connect}. */
    int failedToOpen() {
        return failedToOpen;
    }

    @Nullable
    Throwable firstFailure() {
        return firstFailure;
    }

    /** How many are open; at the end, how many were. */
    int openConnections() {
        return over ? openAtEnd : openConnections;
    }

    /** How many connections were made in all. */
    long opened() {
        return opened;
    }

    /** Starts the schedule at {@code atNanos}, in the loop's time; {@code whenDone} is told when all is over. */
    void begin(long atNanos, Runnable whenDone) {
        if (over) { // it was stopped before it began
            whenDone.run();
            return;
        }
        done = whenDone;
        begun = true;
        beginNanos = atNanos;
        measuredFromNanos = atNanos + plan.warmup().toNanos();
        endNanos = measuredFromNanos + plan.duration().toNanos();
        measuredMax = plan.requests() == 0 ? Long.MAX_VALUE : share(plan.requests());
        lastEndNanos = measuredFromNanos;
        issuedMax = plan.isOpenLoop() ? issuedMax() : Long.MAX_VALUE;
        long leadNanos = atNanos - loop.nowNanos();
        if (leadNanos > 0) {
            loop.start(first, leadNanos);
        } else {
            start();
        }
    }

    private void start() {
        if (over) {
            return;
        }
        beatDueNanos = loop.nowNanos();
        beat();
        if (plan.isOpenLoop()) {
            issueDue();
        } else {
            List<LoadConnection> all = List.copyOf(free);
            free.clear();
            all.forEach(this::askAgain);
        }
    }

    /** Ends it at once; requests that are on the way are forgotten. */
    void stop() {
        if (!over) {
            endNanos = Math.min(endNanos, Math.max(loop.nowNanos(), measuredFromNanos));
            finish();
        }
    }

    boolean isOver() {
        return over;
    }

    /** What was counted since the last time. */
    Tally take() {
        Tally taken = tally;
        tally = new Tally();
        return taken;
    }

    /** How long was measured, until the last request ended; 0 if it did not come to that. */
    long measuredNanos() {
        long until = over ? Math.max(plan.requests() > 0 ? 0 : endNanos, lastEndNanos) : loop.nowNanos();
        return Math.max(0, until - measuredFromNanos);
    }

    /** How much of a processor this loop's thread had while it was measured, from 0 to 1; NaN if it is not known. */
    double cpuShare() {
        if (!over) {
            readCpuTime();
        }
        long timeNanos = cpuUntilNanos - cpuSinceNanos;
        return cpuFromNanos < 0 || timeNanos <= 0 ? Double.NaN : (double) (cpuToNanos - cpuFromNanos) / timeNanos;
    }

    private void readCpuTime() {
        cpuToNanos = cpuNanos.getAsLong();
        cpuUntilNanos = loop.nowNanos();
    }

    // ------------------------------------------------------------------------------------------- what connections ask

    Loop loop() {
        return loop;
    }

    SocketAddress address() {
        return plan.target().address();
    }

    Buffer request() {
        return request;
    }

    Duration timeout() {
        return plan.timeout();
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    boolean keepsAlive() {
        return plan.keepsAlive();
    }

    boolean asksForHeadOnly() {
        return plan.method().equals("HEAD");
    }

    // ------------------------------------------------------------------------------------------- what connections tell

    void connected() {
        openConnections++;
        opened++;
    }

    void disconnected() {
        openConnections--;
    }

    void notConnected(Throwable failure) {
        if (unopened > 0) {
            failedToOpen++;
            if (firstFailure == null) {
                firstFailure = failure;
            }
        }
    }

    void answered(LoadConnection by, int status, long bytes) {
        inProgress--;
        if (isMeasured(by)) {
            long nowNanos = loop.nowNanos();
            if (plan.isRight(status)) {
                tally.answered++;
                tally.answerBytes += bytes;
                Latency.record(tally.response, nowNanos - by.dueNanos());
                if (plan.isOpenLoop()) {
                    Latency.record(tally.service, nowNanos - by.begunNanos());
                }
            } else {
                tally.count(LoadError.WRONG_STATUS);
            }
            measuredEnded(nowNanos);
        }
    }

    void failed(LoadConnection by, LoadError error) {
        inProgress--;
        if (isMeasured(by)) {
            long nowNanos = loop.nowNanos();
            tally.count(error);
            if (error
                    == LoadError
                            .TIMED_OUT) { // it took at least so long: without it, the worst would look better than it
                // was
                Latency.record(tally.response, nowNanos - by.dueNanos());
            }
            measuredEnded(nowNanos);
        }
        if (over) {
            return;
        }
        if (plan.isOpenLoop()) {
            free(by);
        } else {
            resting.add(by);
            endIfAllIsDone();
        }
    }

    /** The connection can be asked, or connects when it is. */
    void free(LoadConnection connection) {
        if (unopened > 0) {
            opening();
        }
        if (over) {
            return;
        }
        if (!begun) {
            free.add(connection);
        } else if (!plan.isOpenLoop()) {
            askAgain(connection);
        } else if (issued < due) {
            issue(connection);
        } else {
            free.add(connection);
            endIfAllIsDone();
        }
    }

    private void opening() {
        unopened--;
        LoadConnection next = toOpen.poll();
        if (next != null) {
            next.connect();
        }
        tellIfConnected();
    }

    private void tellIfConnected() {
        Runnable told = connectedAll;
        if (unopened == 0 && told != null) {
            connectedAll = null;
            loop.execute(told); // later: the connection that has just come is not in the list yet
        }
    }

    // ------------------------------------------------------------------------------------------- closed loop

    private void askAgain(LoadConnection connection) {
        long nowNanos = loop.nowNanos();
        boolean measured = nowNanos - measuredFromNanos >= 0;
        if (nowNanos - endNanos >= 0 || measured && measuredIssued == measuredMax) {
            free.add(connection);
            endIfAllIsDone();
            return;
        }
        if (measured) {
            measuredIssued++;
        }
        inProgress++;
        connection.ask(nowNanos, nowNanos);
    }

    // ------------------------------------------------------------------------------------------- open loop

    /** When the request with this index is due. The shares take turns on one grid. */
    private long dueNanos(long index) {
        return beginNanos + (long) ((index * parts + part) * intervalNanos);
    }

    /** How many requests this share will ever issue. */
    private long issuedMax() {
        long warm = countBefore(measuredFromNanos);
        long inTime = countBefore(endNanos);
        return measuredMax == Long.MAX_VALUE ? inTime : Math.min(inTime, warm + measuredMax);
    }

    /** How many are due before then. */
    private long countBefore(long nanos) {
        long count = Math.max(0, (long) ((nanos - beginNanos) / (intervalNanos * parts)) - 1);
        while (dueNanos(count) - nanos < 0) {
            count++;
        }
        return count;
    }

    private void issueDue() {
        if (over) {
            return;
        }
        long nowNanos = loop.nowNanos();
        while (due < issuedMax && dueNanos(due) - nowNanos <= 0) {
            long dueNanos = dueNanos(due);
            due++;
            if (!free.isEmpty()) { // then nobody waits before it
                if (dueNanos - measuredFromNanos >= 0) {
                    Latency.record(tally.lateness, nowNanos - dueNanos);
                }
                issue(free.poll());
            }
        }
        if (due == issuedMax) {
            endIfAllIsDone();
        } else if (plan.spins()) {
            loop.execute(this::issueDue);
        } else {
            loop.start(pace, dueNanos(due) - nowNanos);
        }
    }

    private void issue(LoadConnection connection) {
        long dueNanos = dueNanos(issued++);
        if (dueNanos - measuredFromNanos >= 0) {
            measuredIssued++;
        }
        inProgress++;
        connection.ask(dueNanos, loop.nowNanos());
    }

    // ------------------------------------------------------------------------------------------- time, and the end

    private boolean isMeasured(LoadConnection by) {
        return by.dueNanos() - measuredFromNanos >= 0;
    }

    private void measuredEnded(long nowNanos) {
        measuredEnded++;
        lastEndNanos = nowNanos;
        endIfAllIsDone();
    }

    /** What must be looked at from time to time, and how late that is. */
    private void beat() {
        if (over) {
            return;
        }
        long nowNanos = loop.nowNanos();
        if (nowNanos - measuredFromNanos >= 0) {
            if (cpuFromNanos < 0) {
                cpuFromNanos = cpuNanos.getAsLong();
                cpuSinceNanos = nowNanos;
            }
            if (!plan.isOpenLoop()) {
                Latency.record(tally.lateness, Math.max(0, nowNanos - beatDueNanos));
            }
        }
        for (int left = resting.size(); left > 0; left--) {
            askAgain(resting.remove());
        }
        if (++beats % BEATS_PER_LOOK == 0) {
            for (int i = 0; i < connections.size() && !over; i++) {
                connections.get(i).look(nowNanos);
            }
        }
        endIfAllIsDone();
        if (!over) {
            beatDueNanos = nowNanos + BEAT_NANOS;
            loop.start(beat, BEAT_NANOS);
        }
    }

    private void endIfAllIsDone() {
        if (over || !begun) {
            return;
        }
        long nowNanos = loop.nowNanos();
        boolean nothingOnTheWay = inProgress == 0;
        boolean nothingToCome = plan.isOpenLoop()
                ? issued == issuedMax
                : nowNanos - endNanos >= 0 || measuredIssued == measuredMax && measuredEnded == measuredMax;
        if (nothingOnTheWay && nothingToCome || nowNanos - endNanos > timeoutNanos) {
            loop.execute(this::finish); // not inside a connection that has still something to do
        }
    }

    private void finish() {
        if (over) {
            return;
        }
        over = true;
        openAtEnd = openConnections;
        long nowNanos = loop.nowNanos();
        loop.cancel(first);
        loop.cancel(pace);
        loop.cancel(beat);
        boolean late = nowNanos - endNanos > timeoutNanos;
        for (LoadConnection connection : connections) {
            if (connection.isAsked() && late && isMeasured(connection)) {
                tally.count(LoadError.TIMED_OUT);
                Latency.record(tally.response, nowNanos - connection.dueNanos());
                lastEndNanos = nowNanos;
            }
            connection.close();
        }
        for (long index = issued; index < due; index++) {
            if (dueNanos(index) - measuredFromNanos >= 0 && late) {
                tally.count(LoadError.NEVER_SENT);
                Latency.record(tally.response, nowNanos - dueNanos(index));
            }
        }
        readCpuTime();
        Runnable told = done;
        if (told != null) {
            told.run();
        }
    }

    private long share(long of) {
        return of / parts + (part < of % parts ? 1 : 0);
    }
}
