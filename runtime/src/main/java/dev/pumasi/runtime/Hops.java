package dev.pumasi.runtime;

import java.lang.invoke.VarHandle;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How often a green thread of a loop was woken by a foreign thread, and from where: each time it crosses over by the queue of
 * foreign tasks and perhaps a system call, which waiting on the loop's own operations never does.
 *
 * <p>All are counted. The first {@value #LOOKED_AT_FIRST} and every {@value #LOOKED_AT_EVERY}th after them are looked at: the
 * stack of who wakes is taken where it wakes, that of who is woken on the loop, just before it goes on. So a program whose
 * library hops all day pays for a thousandth of what it would cost to know each. With {@code -D}{@value #TRACE_PROPERTY}{@code
 * =true} all are looked at, and a place is remembered with both stacks.
 *
 * <p>The waking side neither blocks nor throws, and the loop must not wait for whoever prints a log; so the watchdog tells of
 * the first hop of a loop, or, when tracing, of each new place.
 */
final class Hops {

    /** Looks at every hop, and tells each new place with both stacks. */
    static final String TRACE_PROPERTY = "pumasi.hops.trace";

    static final int LOOKED_AT_FIRST = 16;
    static final int LOOKED_AT_EVERY = 1024;

    /** How many different places are remembered. */
    static final int PLACES_MAX = 64;

    private static final boolean TRACE = Boolean.getBoolean(TRACE_PROPERTY);

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    /** By which a green thread is recognised when it is handed to its scheduler; null where that cannot be. */
    private static final @Nullable VarHandle CONTINUATION = Carrier.field("runContinuation", Runnable.class);

    private final Loop loop;
    private final AtomicLong count = new AtomicLong();
    private final Map<String, LongAdder> places = new ConcurrentHashMap<>();

    /** Places that nobody has been told of; no more than {@link #places}. */
    private final Queue<String> untold = new ConcurrentLinkedQueue<>();

    Hops(Loop loop) {
        this.loop = loop;
    }

    /** How many there have been. Any thread. */
    long count() {
        return count.get();
    }

    /** Counts one that is not worth a look. Any thread. */
    void add() {
        count.incrementAndGet();
    }

    /** Counts one, and answers what to run on the loop in place of {@code continuation}. The thread that wakes. */
    Runnable add(Runnable continuation) {
        long number = count.incrementAndGet();
        if (number > LOOKED_AT_FIRST && number % LOOKED_AT_EVERY != 0 && !TRACE) {
            return continuation;
        }
        try {
            Thread thread = Thread.currentThread();
            String waker = StallReport.name(thread);
            StackTraceElement[] stack = thread.getStackTrace();
            return () -> {
                remember(continuation, waker, stack);
                continuation.run();
            };
        } catch (RuntimeException | Error noMemoryOrNoStackLeft) {
            return continuation;
        }
    }

    /** Where the hops that were looked at happened, the most frequent first, each with how often it was seen. Any thread. */
    List<String> places() {
        return places.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<String, LongAdder> place) ->
                        -place.getValue().sum()))
                .map(place -> place.getValue() + " × " + place.getKey())
                .toList();
    }

    /** Says that there are hops, and where the first was; when tracing, where each was. The watchdog. */
    void announce() {
        for (String place = untold.poll(); place != null; place = untold.poll()) {
            LOG.log(
                    System.Logger.Level.INFO,
                    TRACE
                            ? "{0}: a hop: {1}"
                            : "{0}: a green thread was woken from another thread (a hop), which costs a crossing each"
                                    + " time: {1}. Hops are counted from now on, and a thread dump lists where they"
                                    + " happen.",
                    loop.name(),
                    place);
        }
    }

    /** On the loop. */
    private void remember(Runnable continuation, String waker, StackTraceElement[] wakersStack) {
        Thread green = whose(continuation);
        String waiter = green == null ? "a green thread" : StallReport.name(green);
        StackTraceElement[] waitersStack = green == null ? new StackTraceElement[0] : Loop.stackOf(green);
        Recorder.HERE.hopped(loop.name(), waiter, text(waitersStack), waker, text(wakersStack));
        String place = waiting(waitersStack) + ", woken by " + waker + at(wakersStack)
                + (TRACE ? text(waitersStack) + System.lineSeparator() + "  " + waker + ":" + text(wakersStack) : "");
        LongAdder seen = places.get(place);
        if (seen == null && places.size() < PLACES_MAX) {
            if (TRACE || places.isEmpty()) {
                untold.add(place);
            }
            seen = places.computeIfAbsent(place, _ -> new LongAdder());
        }
        if (seen != null) {
            seen.increment();
        }
    }

    private static String text(StackTraceElement[] stack) {
        StringBuilder text = new StringBuilder();
        StallReport.frames(text, stack);
        return text.toString();
    }

    private @Nullable Thread whose(Runnable continuation) {
        if (CONTINUATION == null) {
            return null;
        }
        for (Thread green : loop.greenThreadList().all()) {
            if (CONTINUATION.get(green) == continuation) {
                return green;
            }
        }
        return null;
    }

    /** The JDK's method that the program called to wait, and from where it did. */
    private static String waiting(StackTraceElement[] stack) {
        for (int i = 1; i < stack.length; i++) {
            if (!StallReport.isJdk(stack[i])) {
                return stack[i - 1].getClassName() + "." + stack[i - 1].getMethodName() + " called by " + stack[i];
            }
        }
        return "somewhere";
    }

    private static String at(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            if (!StallReport.isJdk(frame)
                    && !frame.getClassName().startsWith("dev.pumasi.runtime.Hops")
                    && !frame.getClassName().equals(Loop.class.getName())) {
                return " at " + frame;
            }
        }
        return "";
    }
}
