package dev.pumasi.examples;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Notes which step ran when on which thread, and draws that: a line for each thread, a column for each half millisecond. */
final class StepRecorder {

    /** One step on one thread. */
    record Step(String thread, char what, long beginNanos, long endNanos) {}

    private static final int STEPS_MAX = 20_000;
    static final long WINDOW_NANOS = 45_000_000;
    private static final long COLUMN_NANOS = 500_000;
    private static final int DATABASE_LINES = 4;

    private final long stepNanos;
    private final ConcurrentLinkedQueue<Step> steps = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    StepRecorder(long stepNanos) {
        this.stepNanos = stepNanos;
    }

    /** Computes for a while. */
    void run(char what) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < stepNanos) {
            Thread.onSpinWait();
        }
        took(what, begin);
    }

    /** What has just ended on the calling thread. */
    void took(char what, long beginNanos) {
        if (count.get() < STEPS_MAX && count.incrementAndGet() <= STEPS_MAX) {
            steps.add(new Step(Thread.currentThread().getName(), what, beginNanos, System.nanoTime()));
        }
    }

    /** Whether queries run on the thread of that name. */
    static boolean isOfDatabase(String thread) {
        return thread.startsWith("pumasi-offload");
    }

    void clear() {
        steps.clear();
        count.set(0);
    }

    /** Some milliseconds, when it was well under way: of all pieces of that length the one in which most happened. */
    List<Step> window() {
        List<Step> all = new ArrayList<>(steps);
        long begun = all.stream().mapToLong(Step::beginNanos).min().orElse(0);
        long number = all.stream()
                .map(step -> (step.beginNanos - begun) / WINDOW_NANOS)
                .filter(piece -> piece > 0)
                .collect(Collectors.groupingBy(piece -> piece, TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(1L);
        long first = begun + number * WINDOW_NANOS;
        return all.stream()
                .filter(step -> step.endNanos > first && step.beginNanos < first + WINDOW_NANOS)
                .map(step -> new Step(step.thread, step.what, step.beginNanos - first, step.endNanos - first))
                .toList();
    }

    static void draw(List<Step> steps, PrintStream out) {
        TreeMap<String, List<Step>> threads = new TreeMap<>(
                Comparator.comparing(StepRecorder::isOfDatabase).thenComparing(Comparator.naturalOrder()));
        for (Step step : steps) {
            threads.computeIfAbsent(step.thread, _ -> new ArrayList<>()).add(step);
        }
        int columns = (int) (WINDOW_NANOS / COLUMN_NANOS);
        int drawn = 0;
        for (var thread : threads.entrySet()) {
            boolean database = isOfDatabase(thread.getKey());
            if (database && ++drawn > DATABASE_LINES) {
                continue;
            }
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                line.append(at(thread.getValue(), column));
            }
            out.printf("  %-12s %s%n", database ? "database " + drawn : "main", line);
        }
        if (drawn > DATABASE_LINES) {
            out.printf("  %-12s and %d more database threads%n", "", drawn - DATABASE_LINES);
        }
        out.printf("  %-12s %s%n", "", "├──── 5 ms ────┤ a column is 0.5 ms   q query   ░ waits   · idle");
    }

    /** What took most of that column. */
    private static char at(List<Step> steps, int column) {
        long begin = column * COLUMN_NANOS;
        long end = begin + COLUMN_NANOS;
        char most = '·';
        long mostNanos = COLUMN_NANOS / 10;
        for (Step step : steps) {
            long within = Math.min(end, step.endNanos) - Math.max(begin, step.beginNanos);
            if (within > mostNanos) {
                most = step.what;
                mostNanos = within;
            }
        }
        return most;
    }
}
