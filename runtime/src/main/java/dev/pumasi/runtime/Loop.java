package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.DriverFactory;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.BufferPool;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An event loop: one thread, one {@link Driver}, one timer wheel, one run queue, and the state confined to them.
 *
 * <p><b>A turn.</b> Its one duty cycle, {@link #turn}, does in this order:
 *
 * <ol>
 *   <li>one call of the driver: submit what was started, wait if nothing is runnable (until the next timer at most),
 *       gather what has completed, up to {@value #COMPLETIONS_PER_TURN};
 *   <li>read the clock, once;
 *   <li>run the completions;
 *   <li>one pass over the run queue as it was then: what becomes runnable meanwhile waits for the next turn;
 *   <li>tasks from other threads, up to {@value #FOREIGN_TASKS_PER_TURN};
 *   <li>timers that are due, up to {@value #TIMERS_PER_TURN}.
 * </ol>
 *
 * Every part is bounded, so none starves another: a flood of tasks cannot keep completions waiting, nor the reverse.
 * Completions are gathered before any is run, so nothing recurses.
 *
 * <p><b>Who may call.</b> State belongs to the loop's thread and to the green threads it carries. {@link #execute}, {@link
 * #run}, {@link #spawn} and what a Javadoc says may be called from anywhere; a task crosses over by a lock-free queue.
 *
 * <p><b>Waking.</b> {@code state} is AWAKE, SLEEPING or WOKEN. The loop, before it waits: store SLEEPING, then look at the
 * queue again. A poster: add to the queue, then read {@code state}; only the one whose compare-and-set turns SLEEPING into
 * WOKEN makes the system call. Both sides write one volatile variable and then read the other, so at least one sees the
 * other (Dekker); all four are volatile accesses, hence in one total order. A loop that is awake costs the poster no
 * system call.
 *
 * <p><b>What it survives.</b> Whatever a task, callback or timer throws is counted, reported once per kind with its stack,
 * and the loop goes on.
 *
 * <p><b>What it will not do.</b> It does not protect you from a task that blocks: everything else on this loop waits
 * meanwhile, and the {@link Watchdog} only names it. It does not bound the queue of foreign tasks, because the JDK's
 * scheduler hook must neither block nor fail; its length is in {@link #status}.
 *
 * <p>It is long for what it offers, not for what it does: the turn is short, and around it stand the entrances for users, for the
 * package and for other threads. Waits, lists, timers and reports have classes of their own.
 */
public final class Loop implements Executor, AutoCloseable {

    static final int COMPLETIONS_PER_TURN = 1024;
    static final int FOREIGN_TASKS_PER_TURN = 1024;
    static final int TIMERS_PER_TURN = 4096;

    /** The longest wait that is taken literally: a century. */
    private static final long DELAY_NANOS_MAX = Duration.ofDays(36_500).toNanos();

    /** How long the wall clock is counted on before it is read again. */
    private static final long WALL_READING_MILLIS = 100;

    /** A timer as far away as this may wait for the time that one turn takes. */
    private static final long FAR_TIMER_NANOS = Duration.ofMillis(50).toNanos();

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** How many different failures are reported; afterwards they are only counted. */
    private static final int FAILURE_KINDS_MAX = 256;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    private static final int AWAKE = 0;
    private static final int SLEEPING = 1;
    private static final int WOKEN = 2;

    private static final VarHandle STATE;
    private static final VarHandle TURNS;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Loop.class, "state", int.class);
            TURNS = MethodHandles.lookup().findVarHandle(Loop.class, "turns", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** Loops that are driven by hand, on threads that are not {@link LoopThread}s. */
    private static final ConcurrentHashMap<Thread, Loop> DRIVEN_BY_HAND = new ConcurrentHashMap<>();

    /** Set while a foreign thread starts a green one, or looks at its stack: that may cross over too, but is no wake-up. */
    private static final ThreadLocal<Boolean> STARTING = new ThreadLocal<>();

    /** What a green thread does. It may throw: that ends the thread, is counted, and reported once with its stack. */
    @FunctionalInterface
    public interface Body {
        void run() throws Exception;
    }

    private final String name;
    private final Driver driver;
    private final Clock clock;
    private final Thread thread;
    private final boolean drivenByHand;
    private final Completions completions = new Completions(COMPLETIONS_PER_TURN);
    private final InterestList interests = new InterestList();
    private final RunQueue runnable = new RunQueue();
    private final TimerWheel timers;
    private final TimerWheel.Sink expired = this::expire;
    private final ConcurrentLinkedQueue<Runnable> foreign = new ConcurrentLinkedQueue<>();
    private final Executor greenScheduler = this::schedule;
    private final BufferPool buffers = new BufferPool();
    private final AsyncFiles files = new AsyncFiles(this);
    private final Pause.Unused unusedPauses = new Pause.Unused();
    private final Set<String> failureKinds = ConcurrentHashMap.newKeySet();
    private final GreenThreadList greenThreadList = new GreenThreadList();

    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    private volatile boolean stopping;
    private boolean closed;

    /**
     * Nothing runs any more. Written by the loop before it looks at the queue of foreign tasks for the last time, read by
     * who has just added to it: one of the two sees the other, as in waking.
     */
    private volatile boolean over;

    /** Which of the driver's handles are open. */
    private final BitSet handles = new BitSet();

    private long nowNanos;
    private long wallReadMillis;
    private long wallReadNanos;
    private boolean wallKnown;

    /** What it notes while it is recorded. Of the loop's thread; null, and a look at it, is all that it costs otherwise. */
    private @Nullable LoopRecording recording;

    private final AtomicBoolean recorded = new AtomicBoolean();

    // Counters: written on the loop's thread, read from anywhere, now or a little later.
    private long turns;
    private long completed;
    private long tasks;
    private long misdirected;
    private long greenStarted;
    private final AtomicLong failures = new AtomicLong();
    private final Hops hops = new Hops(this);
    private final Stalls stalls = new Stalls();
    private final AtomicLong wakes = new AtomicLong();

    /**
     * Opens a loop that belongs to the calling thread, to be driven by hand with {@link #turn} and closed with {@link
     * #close}. Servers use {@link LoopGroup}, which gives each loop a thread.
     */
    public static Loop open(String name, DriverFactory drivers) {
        return new Loop(name, drivers.open());
    }

    private Loop(String name, Driver driver) {
        this.name = name;
        this.driver = driver;
        clock = driver.clock();
        thread = Thread.currentThread();
        drivenByHand = !(thread instanceof LoopThread);
        GreenThreads.announceFallBack();
        nowNanos = clock.nanoTime();
        timers = new TimerWheel(nowNanos);
    }

    /** The loop on whose thread the caller runs, directly or as a green thread; empty elsewhere. */
    public static Optional<Loop> current() {
        return Optional.ofNullable(here());
    }

    /** As {@link #current}. */
    static @Nullable Loop here() {
        Thread carrier = GreenThreads.BACK_END.carrier();
        return carrier instanceof LoopThread loopThread ? loopThread.loop : DRIVEN_BY_HAND.get(carrier);
    }

    public String name() {
        return name;
    }

    /** The driver's name, as the user knows it. */
    public String driverName() {
        return driver.name();
    }

    /** Whether the caller runs on this loop's thread, directly or as a green thread that it carries. */
    @SuppressWarnings("ReferenceEquality") // a thread is itself
    public boolean isCurrent() {
        return GreenThreads.BACK_END.carrier() == thread;
    }

    /** Monotonic time in nanoseconds, as of the beginning of this turn. On the loop. */
    public long nowNanos() {
        return nowNanos;
    }

    /**
     * Wall-clock time in milliseconds since the epoch, as of the beginning of this turn. It is counted on from the last
     * reading, so that it costs nothing, and read again after {@value #WALL_READING_MILLIS} ms: that late it follows when
     * the clock is set. On the loop.
     */
    public long wallMillis() {
        long sinceNanos = nowNanos - wallReadNanos;
        if (sinceNanos >= WALL_READING_MILLIS * NANOS_PER_MILLI || !wallKnown) {
            wallReadMillis = clock.currentTimeMillis();
            wallReadNanos = nowNanos;
            wallKnown = true;
            return wallReadMillis;
        }
        return wallReadMillis + sinceNanos / NANOS_PER_MILLI;
    }

    // ------------------------------------------------------------------------------------------- tasks

    /**
     * Runs {@code task} on the loop, later: never inside this call. Any thread; never blocks. Once the loop is over, tasks
     * are dropped.
     */
    @Override
    public void execute(Runnable task) {
        if (isCurrent()) {
            runnable.add(task);
        } else if (!over) {
            post(task);
        }
    }

    /** Runs {@code task} on the loop: inside this call if that is where the caller is, else later. Any thread. */
    public void run(Runnable task) {
        if (isCurrent()) {
            task.run();
        } else {
            post(task);
        }
    }

    /**
     * Starts a green thread on this loop. Any thread; never blocks. What {@code body} throws is counted and reported.
     *
     * @return the thread, which {@link Thread#join} waits for
     */
    public Thread spawn(Body body) {
        Thread green = GreenThreads.BACK_END.unstarted(greenScheduler, new GreenBody(this, body));
        if (isCurrent()) {
            greenStarted++;
            green.start();
        } else {
            execute(() -> greenStarted++);
            STARTING.set(true);
            green.start();
            STARTING.remove();
        }
        return green;
    }

    /** A green thread of this loop that its maker starts. On the loop. */
    Thread unstarted(Body body) {
        greenStarted++;
        return GreenThreads.BACK_END.unstarted(greenScheduler, new GreenBody(this, body));
    }

    /** As {@link #spawn}, on the loop, for a body that reports its own failures. */
    public void spawnTrusted(Body body) {
        greenStarted++;
        GreenThreads.BACK_END
                .unstarted(greenScheduler, new GreenBody(this, body))
                .start();
    }

    /** Whether green threads run on their loop; if not, they must not touch its state directly. */
    public static boolean greenThreadsRunOnLoop() {
        return GreenThreads.BACK_END.runsOnLoop();
    }

    /** Which virtual threads green threads are here, in a line. */
    public static String greenThreads() {
        return GreenThreads.BACK_END.describe();
    }

    /** Files and folders, read and written without holding up the loop. Any thread. */
    public AsyncFiles files() {
        return files;
    }

    // ------------------------------------------------------------------------------------------- time

    /** Starts {@code timer}, or moves it, to be due in {@code delayNanos} from now. On the loop. */
    public void start(Timer timer, long delayNanos) {
        requireCurrent("start a timer");
        timers.start(timer, clock.nanoTime() + Math.clamp(delayNanos, 0, DELAY_NANOS_MAX));
    }

    /** Stops it; false if it was not running. On the loop. */
    public boolean cancel(Timer timer) {
        requireCurrent("cancel a timer");
        return timers.cancel(timer);
    }

    /** An operation that is done after {@code delay}; in direct style, {@link Timer#sleep} needs none. Any thread. */
    public Operation<Duration> sleep(Duration delay) {
        return new Sleep(this, delay).started();
    }

    /**
     * The end of a thread of any kind, as an operation; yields the thread. What it costs: a parked virtual thread of the JDK's. Any
     * thread. Fails with {@link IllegalStateException} if the thread was never started.
     */
    public Operation<Thread> join(Thread ended) {
        return new ThreadJoin(this, ended).started();
    }

    static long nanos(Duration duration) {
        try {
            return Math.clamp(duration.toNanos(), 0, DELAY_NANOS_MAX);
        } catch (ArithmeticException beyondLong) {
            return duration.isNegative() ? 0 : DELAY_NANOS_MAX;
        }
    }

    // ------------------------------------------------------------------------------------------- what is recorded

    /**
     * Says to a {@link Recording} of this loop, if there is one, that something begins. On the loop.
     *
     * @return its number, for {@link #endSpan}; 0 if nobody records
     */
    public long beginSpan(SpanKind kind) {
        LoopRecording notes = recording;
        if (notes == null) {
            return 0;
        }
        long number = notes.number();
        notes.then(RecordedKind.SPAN_BEGUN, kind.label, number);
        return number;
    }

    /** Says that it has ended. On the loop; does nothing for the number 0. */
    public void endSpan(SpanKind kind, long number) {
        LoopRecording notes = recording;
        if (notes != null && number != 0) {
            notes.spanEnds(kind.label, number);
        }
    }

    /** Whether whoever calls is the first to want to record it. Any thread. */
    boolean claimRecording() {
        return recorded.compareAndSet(false, true);
    }

    /** Any thread. */
    void giveRecordingBack() {
        recorded.set(false);
    }

    /** On the loop; null ends it. */
    void record(@Nullable LoopRecording notes) {
        LoopRecording before = recording;
        if (before != null) {
            before.ends();
        }
        recording = notes;
    }

    /** What is noted, if anything is. On the loop. */
    @Nullable
    LoopRecording recording() {
        return recording;
    }

    /** As {@link #recording}, if the caller is one of this loop's green threads; a look from elsewhere is answered by null, sooner or later. */
    @Nullable
    LoopRecording recordingOfGreenCaller() {
        LoopRecording notes = recording;
        return notes != null && isCurrent() && GreenThreads.BACK_END.runsOnLoop() ? notes : null;
    }

    // ------------------------------------------------------------------------------------------- the duty cycle

    /**
     * One turn. Only the loop's own thread may call it, and nothing it runs.
     *
     * @param waitNanosMax how long to wait for something to happen, at most; 0 not at all
     */
    public void turn(long waitNanosMax) {
        if (drivenByHand) {
            DRIVEN_BY_HAND.put(thread, this); // at each turn: one thread may drive several
        }
        long waitNanos = waitNanosMax;
        if (!runnable.isEmpty()) {
            waitNanos = 0;
        }
        if (waitNanos > 0) {
            waitNanos = Math.min(waitNanos, nanosToWait());
        }
        if (waitNanos > 0) {
            STATE.setVolatile(this, SLEEPING);
            if (!foreign.isEmpty() || stopping) {
                waitNanos = 0;
            }
        }
        LoopRecording notes = recording;
        if (notes != null) {
            notes.turnEnds(waitNanos > 0);
        }
        driver.poll(waitNanos, completions);
        if (state != AWAKE) {
            STATE.setVolatile(this, AWAKE);
        }
        // Opaque, which costs what a plain store costs: the watchdog must see it sooner or later, in no order with
        // others.
        TURNS.setOpaque(this, turns + 1);
        nowNanos = clock.nanoTime();
        if (notes != null) {
            notes.turnBegins(nowNanos, completions.size());
        }

        runCompletions();
        for (int left = runnable.size(); left > 0; left--) {
            runSafely(runnable.remove());
        }
        runForeign();
        timers.advance(nowNanos, TIMERS_PER_TURN, expired);
    }

    /** Whether something is waiting to run, so that the next turn should not wait. On the loop. */
    public boolean hasWork() {
        return !runnable.isEmpty() || !foreign.isEmpty();
    }

    /** How long until the next timer may be due, in nanoseconds; {@link Long#MAX_VALUE} without one. On the loop. */
    public long nanosToNextTimer() {
        return timers.nanosToNext(clock.nanoTime());
    }

    /**
     * How long a turn may wait. On its own thread a loop turns without a pause, and now is the beginning of the last turn:
     * a timer that far away may be late by what that turn took, which saves reading the clock.
     */
    private long nanosToWait() {
        long nanos = drivenByHand ? 0 : timers.nanosToNext(nowNanos);
        return nanos < FAR_TIMER_NANOS ? nanosToNextTimer() : nanos;
    }

    /** What the kernel looks after for this loop just now, in words. On the loop. */
    public List<String> interests() {
        return interests.all().stream().map(Pending::describe).toList();
    }

    /** Figures of this loop, as of about now. Any thread. */
    public LoopStatus status() {
        return new LoopStatus(
                name,
                driver.name(),
                turns,
                completed,
                tasks,
                greenStarted,
                greenThreadList.size(),
                hops.count(),
                wakes.get(),
                stalls.count(),
                failures.get(),
                interests.size(),
                timers.size(),
                foreign.size(),
                runnable.size());
    }

    /** The last times that its watchdog found that it did not turn, the newest last: at most {@value Stalls#KEPT_MAX}. Any thread. */
    public List<Stall> lastStalls() {
        return stalls.last();
    }

    /**
     * How long its thread has run on processors, as the kernel counts it; empty where that is not to be known (not on Linux,
     * or a loop driven by hand). Any thread; reads a file of the kernel's.
     */
    public Optional<Duration> processorTime() {
        ProcessorUse use = ProcessorUse.KERNEL.of(this);
        return use == null ? Optional.empty() : Optional.of(Duration.ofNanos(use.ranNanos()));
    }

    /** Turns until {@link #stop}; then ends what is in progress and closes. The body of a loop's thread. */
    void runUntilStopped() {
        while (!stopping) {
            turn(Driver.FOREVER);
        }
        close();
    }

    /** Asks the loop's thread to leave. Any thread. */
    void stop() {
        stopping = true;
        wakeIfSleeping();
    }

    /**
     * Cancels every operation in progress, lets green threads and callbacks learn of it, and closes what was left open, and
     * the driver. On the loop's thread. What still waits after {@link LoopGroup#STOP_NANOS} is abandoned and reported.
     * Whatever ends so, and what is started afterwards, fails with {@link Failure#CLOSED}: on a loop that is over, every
     * operation is done. What is executed afterwards is dropped.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        long deadlineNanos = clock.nanoTime() + LoopGroup.STOP_NANOS;
        while ((interests.size() > 0 || hasWork()) && clock.nanoTime() - deadlineNanos < 0) {
            cancelAll(); // each time: who is told of the end may start something new
            turn(Math.max(0, Math.min(LoopGroup.STOP_STEP_NANOS, deadlineNanos - clock.nanoTime())));
        }
        if (interests.size() > 0) {
            LOG.log(System.Logger.Level.WARNING, "{0} closes with operations in progress: {1}", name, interests());
        }
        over = true;
        while (!foreign.isEmpty()) { // hardly anything is added any more
            runForeign();
        }
        interests.all().forEach(Pending::abandoned);
        handles.stream().forEach(driver::close);
        files.closeAll();
        DRIVEN_BY_HAND.remove(thread, this);
        driver.close();
    }

    private void cancelAll() {
        for (Pending pending : interests.all()) {
            if (pending instanceof Operation<?> operation) {
                operation.cancel();
            } else {
                pending.stop(driver);
            }
        }
    }

    // ------------------------------------------------------------------------------ for the package, on the loop

    /** Fails at once where another thread would silently race with the loop. */
    void requireCurrent(String attempt) {
        if (!isCurrent()) {
            throw new IllegalStateException("cannot " + attempt + " of " + name + " on " + Thread.currentThread()
                    + ": this belongs to the loop's thread — hand it to the loop's run or execute");
        }
    }

    Driver driver() {
        return driver;
    }

    /** Buffers for what is sent or received in part. On the loop. */
    public BufferPool buffers() {
        return buffers;
    }

    /** Whether it is being closed: nothing that is cancelled now should be started again. */
    boolean isClosing() {
        return closed;
    }

    /** Whether nothing runs on it any more, and its driver is gone. Any thread. */
    boolean isOver() {
        return over;
    }

    /** As {@link #execute}; but on a loop that is over, which has no thread any more, the caller runs it inside this call. */
    void deliver(Runnable task) {
        if (over) {
            runSafely(task);
        } else if (isCurrent()) {
            runnable.add(task);
        } else {
            post(task);
            // Looked at after the task was added, as close() empties the queue after it has set it: what came too late
            // for that is still there, and only one can take it out.
            if (over && foreign.remove(task)) {
                runSafely(task);
            }
        }
    }

    /** Remembers a handle that the driver has opened, so that it does not stay open when the loop ends. */
    void opened(int handle) {
        handles.set(handle);
    }

    /** Closes a handle that was {@link #opened}. */
    void close(int handle) {
        handles.clear(handle);
        driver.close(handle);
    }

    /** Ends a thread's wait. On the default scheduler a green thread then runs elsewhere: that is a hop. */
    void wake(Thread waiting) {
        if (!GreenThreads.BACK_END.runsOnLoop() && waiting.isVirtual()) {
            hops.add();
        }
        LockSupport.unpark(waiting);
    }

    /**
     * Ends a thread's wait; a green thread of another loop is woken there, by its own, and does not hop.
     *
     * @param home its loop, as {@link #homeOfCaller} told before it waited
     */
    void wake(Thread waiting, @Nullable Loop home) {
        if (home == null) {
            wake(waiting);
        } else {
            home.execute(() -> LockSupport.unpark(waiting));
        }
    }

    /** The loop whose green thread the caller is, if that is another one than this; null for all others. */
    @Nullable
    Loop homeOfCaller() {
        return isCurrent() || !Thread.currentThread().isVirtual()
                ? null
                : current().orElse(null);
    }

    /** Enters {@code pending} into the list of interests; the token is for the driver. */
    long enter(Pending pending) {
        return interests.enter(pending);
    }

    /** Takes out of the list what no driver works on, and therefore none completes. */
    void leave(Pending pending) {
        interests.leave(pending);
    }

    /** The green threads that have begun and not ended. Any thread. */
    GreenThreadList greenThreadList() {
        return greenThreadList;
    }

    Hops hops() {
        return hops;
    }

    /** On the loop. */
    Pause.Unused unusedPauses() {
        return unusedPauses;
    }

    /**
     * The stack of one of its green threads. To look at one that has just become runnable, the JDK takes it out of the
     * scheduler's hands and gives it back, which is no hop. Any thread.
     */
    static StackTraceElement[] stackOf(Thread green) {
        STARTING.set(true);
        try {
            return green.getStackTrace();
        } finally {
            STARTING.remove();
        }
    }

    /** The thread that this loop turns on. */
    Thread thread() {
        return thread;
    }

    /** Whether it waits in its driver for something to happen, and nobody has woken it. Any thread. */
    boolean isAsleep() {
        return state == SLEEPING;
    }

    /** How often it has turned. Any thread. */
    long turnCount() {
        return (long) TURNS.getOpaque(this);
    }

    /** How long ago that was, in this loop's time. Any thread, if the driver's clock is the machine's. */
    long sinceNanos(long thenNanos) {
        return clock.nanoTime() - thenNanos;
    }

    /** For its watchdog. */
    Stalls stalls() {
        return stalls;
    }

    /** Counts a failure and reports it, with its stack, the first time one of its kind happens here. Any thread. */
    public void report(String where, Throwable failure) {
        failures.incrementAndGet();
        StackTraceElement[] stack = failure.getStackTrace();
        String kind = failure.getClass().getName() + (stack.length > 0 ? "@" + stack[0] : "");
        if (failureKinds.size() < FAILURE_KINDS_MAX && failureKinds.add(kind)) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    () -> name + ": " + where + " failed; it is counted from now on, and not reported again",
                    failure);
        }
    }

    // ------------------------------------------------------------------------------------------- inside

    private void runCompletions() {
        int size = completions.size();
        completed += size;
        for (int i = 0; i < size; i++) {
            int flags = completions.flags(i);
            Pending pending = interests.find(completions.token(i));
            if (pending == null) {
                misdirected++;
                if ((flags & Completions.BUFFER) != 0) {
                    driver.release(Completions.bufferId(flags));
                }
                continue;
            }
            if ((flags & Completions.MORE) == 0) {
                interests.leave(pending);
            }
            try {
                pending.completed(completions.result(i), flags);
            } catch (Throwable failure) {
                report(pending.describe(), failure);
            }
        }
        completions.clear();
    }

    private void runForeign() {
        for (int left = FOREIGN_TASKS_PER_TURN; left > 0; left--) {
            Runnable task = foreign.poll();
            if (task == null) {
                return;
            }
            runSafely(task);
        }
    }

    private void runSafely(Runnable task) {
        tasks++;
        try {
            task.run();
        } catch (Throwable failure) {
            report("a task", failure);
        }
    }

    private void expire(Timer timer) {
        try {
            timer.expired();
        } catch (Throwable failure) {
            report("a timer", failure);
        }
    }

    /**
     * The scheduler of this loop's green threads. The JDK calls it from wherever a green thread is unparked: it must
     * neither block nor throw.
     */
    private void schedule(Runnable continuation) {
        if (isCurrent()) {
            runnable.add(continuation);
        } else {
            post(STARTING.get() == null ? hops.add(continuation) : continuation);
        }
    }

    private void post(Runnable task) {
        foreign.add(task);
        wakeIfSleeping();
    }

    private void wakeIfSleeping() {
        if (state == SLEEPING && STATE.compareAndSet(this, SLEEPING, WOKEN)) {
            wakes.incrementAndGet();
            Loop wakersHome = driver.wakesUnderLock() ? homeOfCaller() : null;
            if (wakersHome == null) {
                driver.wake();
            } else {
                wakersHome.runnable.add(driver::wake); // on the loop's own thread, which does not hop
            }
        }
    }

    /** An operation of nothing but time. */
    private static final class Sleep extends Operation<Duration> {

        private final Duration delay;
        private final Timer timer = Timer.of(this::over);

        Sleep(Loop loop, Duration delay) {
            super(loop);
            this.delay = delay;
        }

        @Override
        void start() {
            loop().enter(this);
            loop().start(timer, nanos(delay));
        }

        @Override
        void requestCancel() {
            loop().cancel(timer);
            loop().leave(this);
            failWith(-Errno.ECANCELED);
        }

        private void over() {
            loop().leave(this);
            succeed(delay);
        }

        @Override
        String describe() {
            return "sleep " + delay;
        }
    }

    @Override
    public String toString() {
        return name + " (" + driver.name() + ")";
    }

    /** How many completions came whose operation was over: each is a driver's bug. */
    long misdirected() {
        return misdirected;
    }
}
