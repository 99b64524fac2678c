package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import java.io.PrintStream;
import java.util.Locale;

/** What an example prints: when, on which thread, what. Any thread may tell. */
final class Story {

    private final PrintStream out;

    /** When the first line was told. Guarded by this. */
    private long beganNanos;

    Story(PrintStream out) {
        this.out = out;
    }

    /** One line with the milliseconds since the first and the thread that tells it. */
    synchronized void tell(String what) {
        long nowNanos = System.nanoTime();
        if (beganNanos == 0) {
            beganNanos = nowNanos;
        }
        out.println(String.format(Locale.ROOT, "%8.1f ms  %-24s  %s", millis(nowNanos - beganNanos), who(), what));
    }

    /** One line as it is. */
    void print(String line) {
        out.println(line);
    }

    /** The calling thread, by the name a reader would give it. */
    static String who() {
        Thread thread = Thread.currentThread();
        return thread.isVirtual()
                ? "green thread on " + Loop.current().map(Loop::name).orElse("the default scheduler")
                : thread.getName();
    }

    static double millis(long nanos) {
        return nanos / 1e6;
    }
}
