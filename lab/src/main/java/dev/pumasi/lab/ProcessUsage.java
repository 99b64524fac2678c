package dev.pumasi.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What a process and its children have used up to now, from {@code /proc} (proc(5)).
 *
 * <p>The kernel keeps time twice: user and system time of the process, ended threads included, in ticks of 10 ms
 * ({@code stat}); and nanoseconds on a processor for each living thread ({@code schedstat}). The nanoseconds are used for
 * the sum, and the ticks for how it splits into user and system, and for the sum too where threads have ended in between.
 *
 * @param userMicros time in user mode, in whole ticks
 * @param systemMicros time in the kernel, in whole ticks
 * @param threadNanos time of each living thread by its id
 * @param residentBytes memory resident now, of all together
 * @param switches how often each living thread was set aside by the kernel, of itself or not, by its id
 */
public record ProcessUsage(
        long userMicros, long systemMicros, Map<Long, Long> threadNanos, long residentBytes, Map<Long, Long> switches) {
    private static final long TICK_MICROS = TimeUnit.MILLISECONDS.toMicros(10);
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;

    /**
     * What was used between two moments.
     *
     * @param switches of the threads that live at the second moment
     */
    public record Interval(double totalMicros, double userMicros, long switches) {
        public double systemMicros() {
            return totalMicros - userMicros;
        }
    }

    /**
     * Of a process and all that it has started.
     *
     * @throws IOException if it has ended
     */
    public static ProcessUsage of(ProcessHandle process) throws IOException {
        long user = 0;
        long system = 0;
        long resident = 0;
        Map<Long, Long> threads = new HashMap<>();
        Map<Long, Long> switches = new HashMap<>();
        for (var each : Stream.concat(Stream.of(process), process.descendants()).toList()) {
            try {
                var fields = statistics(Long.toString(each.pid()));
                var bytes = resident(each.pid());
                readThreads(each.pid(), threads, switches);
                // And of children that have ended: a worker that served one connection leaves its time there.
                user += (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 2])) * TICK_MICROS;
                system += (Long.parseLong(fields[SYSTEM_TIME]) + Long.parseLong(fields[SYSTEM_TIME + 2])) * TICK_MICROS;
                resident += bytes;
            } catch (IOException | UncheckedIOException gone) {
                if (!process.isAlive()) {
                    throw gone;
                }
                // A child that has ended since it was listed; its time is with its parent's.
            }
        }
        return new ProcessUsage(user, system, Map.copyOf(threads), resident, Map.copyOf(switches));
    }

    /** Time that ended children of this process have used. */
    public static long endedChildrenMicros() throws IOException {
        var fields = statistics("self");
        return (Long.parseLong(fields[USER_TIME + 2]) + Long.parseLong(fields[SYSTEM_TIME + 2])) * TICK_MICROS;
    }

    /** What was used since then. */
    public Interval since(ProcessUsage earlier) {
        var user = userMicros - earlier.userMicros;
        var ticks = user + systemMicros - earlier.systemMicros;
        var nanos = growth(earlier.threadNanos, threadNanos);
        var lost = nanos / 1000 < ticks - 2 * TICK_MICROS;
        final double total = lost ? ticks : nanos / 1e3;
        return new Interval(total, ticks == 0 ? 0 : total * user / ticks, growth(earlier.switches, switches));
    }

    private static long growth(Map<Long, Long> earlier, Map<Long, Long> later) {
        long growth = 0;
        for (var thread : later.entrySet()) {
            growth += thread.getValue() - earlier.getOrDefault(thread.getKey(), 0L);
        }
        return growth;
    }

    /** The fields after the command, which may itself contain spaces and brackets; the first is the state. */
    private static String[] statistics(String process) throws IOException {
        var line = Files.readString(Path.of("/proc", process, "stat"));
        return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    }

    private static void readThreads(long pid, Map<Long, Long> threads, Map<Long, Long> switches) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (var task : tasks.toList()) {
                try {
                    var nanos = Files.readString(task.resolve("schedstat")).split(" ", 2)[0];
                    var id = Long.parseLong(task.getFileName().toString());
                    threads.put(id, Long.parseLong(nanos));
                    switches.put(id, switches(task.resolve("status")));
                } catch (NoSuchFileException ended) {
                    // Between the listing and the reading; its time is in the ticks.
                }
            }
        }
    }

    private static long switches(Path status) throws IOException {
        try (var lines = Files.lines(status)) {
            return lines.filter(line -> line.contains("voluntary_ctxt_switches:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
    }

    private static long resident(long pid) throws IOException {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(0);
        }
    }
}
