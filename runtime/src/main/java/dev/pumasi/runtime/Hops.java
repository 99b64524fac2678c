package dev.pumasi.runtime;

import java.lang.invoke.VarHandle;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How often a green thread of a loop was woken by a foreign thread, and from where: each time it crosses over by the queue of
 * foreign tasks and perhaps a system call, which waiting on the loop's own operations never does.
 *
 * <p>All are counted. The first {@value #LOOKED_AT_FIRST} and every {@value #LOOKED_AT_EVERY}th after them are looked at: the
 * stack of who wakes is taken where it wakes, that of who is woken on the loop, just before it goes on. So a program whose
 * library hops all day pays for a thousandth of what it would cost to know each.
 *
 * <p>The waking side neither blocks nor throws, hence does not log; the watchdog does, for the first hop of a loop.
 */
final class Hops {

    static final int LOOKED_AT_FIRST = 16;
    static final int LOOKED_AT_EVERY = 1024;

    /** How many different places are remembered. */
    static final int PLACES_MAX = 64;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    /** By which a green thread is recognised when it is handed to its scheduler; null where that cannot be. */
    private static final @Nullable VarHandle CONTINUATION = Carrier.field("runContinuation", Runnable.class);

    private final Loop loop;
    private final AtomicLong count = new AtomicLong();
    private final Map<String, LongAdder> places = new ConcurrentHashMap<>();
    private final AtomicBoolean announced = new AtomicBoolean();

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
        if (number > LOOKED_AT_FIRST && number % LOOKED_AT_EVERY != 0) {
            return continuation;
        }
        try {
            Recorder.HERE.hopped(loop.name());
            Thread waker = Thread.currentThread();
            String woken = ", woken by " + StallReport.name(waker) + at(waker.getStackTrace());
            return () -> {
                remember(continuation, woken);
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

    /** Says once that there are hops, and where the first was. The watchdog. */
    void announce() {
        if (!places.isEmpty() && !announced.get() && announced.compareAndSet(false, true)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0}: a green thread was woken from another thread (a hop), which costs a crossing each time: {1}."
                            + " Hops are counted from now on, and a thread dump lists where they happen.",
                    loop.name(),
                    places().getFirst());
        }
    }

    /** On the loop. */
    private void remember(Runnable continuation, String woken) {
        Thread green = whose(continuation);
        String place = (green == null ? "somewhere" : waiting(Loop.stackOf(green))) + woken;
        LongAdder seen = places.get(place);
        if (seen == null && places.size() < PLACES_MAX) {
            seen = places.computeIfAbsent(place, _ -> new LongAdder());
        }
        if (seen != null) {
            seen.increment();
        }
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
