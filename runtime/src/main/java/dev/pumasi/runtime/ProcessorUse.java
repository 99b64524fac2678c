package dev.pumasi.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel says of one platform thread: whether it is ready to run, and how long it has run. So a thread that was given no
 * processor can be told from one that waits, which neither has.
 *
 * <p>Source: {@code /proc/self/task/TID/stat} and {@code schedstat}, proc_pid_stat(5) and the kernel's sched-stats.rst.
 *
 * @param isReady it runs, or waits for a processor and for nothing else
 * @param ranNanos on processors, since it began; counted by the kernel at each switch and each tick (1 to 10 ms)
 */
record ProcessorUse(boolean isReady, long ranNanos) {

    /** Who can be asked about a loop's thread; a test has its own. */
    @FunctionalInterface
    interface Source {

        /** Null where it cannot be known. */
        @Nullable
        ProcessorUse of(Loop loop);
    }

    /** The kernel. */
    static final Source KERNEL =
            loop -> loop.thread() instanceof LoopThread own && !own.task.isEmpty() ? read(Path.of(own.task)) : null;

    /** The calling thread's folder in {@code /proc}; empty where there is none. */
    static String taskOfCaller() {
        try {
            return Path.of("/proc")
                    .resolve(Files.readSymbolicLink(Path.of("/proc/thread-self")))
                    .toString();
        } catch (IOException | UnsupportedOperationException notLinux) {
            return "";
        }
    }

    static @Nullable ProcessorUse read(Path task) {
        try {
            String schedstat = Files.readString(task.resolve("schedstat"));
            long ranNanos = Long.parseLong(schedstat.substring(0, schedstat.indexOf(' ')));
            String stat = Files.readString(task.resolve("stat"));
            char state = stat.charAt(stat.lastIndexOf(')') + 2); // the name before it may hold anything
            // A kernel that keeps no such statistics says that the thread has never run.
            return ranNanos == 0 ? null : new ProcessorUse(state == 'R', ranNanos);
        } catch (IOException | RuntimeException goneOrNotToBeKnown) {
            return null;
        }
    }
}
