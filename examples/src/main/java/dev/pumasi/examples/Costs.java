package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a task costs (S22), measured on this machine: the memory of one more process, platform thread and green thread; what it
 * takes to go from one to the other; and how many of each were held at the same time.
 *
 * <p><b>Nothing here runs away.</b> Each kind has a number at which it stops, given on the command line or small enough for any
 * machine; what the machine refuses earlier is caught and told; and whatever was started is gone at the end. What would
 * refuse beyond is read from {@code /proc} and printed, not tried.
 *
 * <p><b>What the figures mean.</b> Memory is what the difference between before and after comes to, for one: resident memory
 * for processes (their proportional share, so that pages of the C library count once) and for threads, heap after a
 * collection for green threads, which have nothing else. A hand-over is half a round between two tasks that wake each
 * other in turn; the kernel's own count of context switches stands beside it, and is what tells threads from green threads.
 */
final class Costs {

    private static final int PROCESSES = 20;
    private static final int THREADS = 1_000;
    private static final int GREEN_THREADS = 100_000;
    private static final int ROUNDS = 20_000;

    /** For the lab, which has other things to do as well: a hundred thousand in a read take eleven JVMs, and more than a minute. */
    private static final int GREEN_THREADS_FOR_THE_LAB = 20_000;

    /**
     * How much of everything.
     *
     * @param processes at which this stops; {@code jvms} of them are JVMs
     * @param threads at which this stops
     * @param greenThreads at which this stops
     * @param rounds there and back, for the cost of going from one to the other
     */
    record Extent(int processes, int jvms, int threads, int greenThreads, int rounds) {}

    /** All that was found out. */
    record Facts(long baselineBytes, List<TaskMemory.Held> held, List<HandOver.Cost> handOvers, long hops) {}

    private Costs() {}

    static void main(String[] args) throws Exception {
        if (JsonLines.isAsked(args)) {
            print(JsonLines.rounds(args));
            return;
        }
        String driver = args.length > 0 ? args[0] : Drivers.AUTO;
        int processes = number(args, 1, PROCESSES, 10_000);
        int threads = number(args, 2, THREADS, 100_000);
        int greenThreads = number(args, 3, GREEN_THREADS, 10_000_000);
        run(new Story(System.out), driver, new Extent(processes, 3, threads, greenThreads, ROUNDS));
    }

    /** For the lab: the memory of each, and then the hand-overs, several times. */
    private static void print(int rounds) throws Exception {
        Story nobody = new Story(new PrintStream(OutputStream.nullOutputStream()));
        Facts facts =
                run(nobody, Drivers.AUTO, new Extent(PROCESSES / 2, 2, THREADS / 2, GREEN_THREADS_FOR_THE_LAB, 1_000));
        for (TaskMemory.Held held : facts.held) {
            JsonLines.print(
                    "held",
                    "task",
                    held.task(),
                    "bytesEach",
                    held.bytesEach(),
                    "count",
                    held.count(),
                    "stoppedBy",
                    held.stoppedBy());
        }
        Proc.limits().forEach((what, limit) -> JsonLines.print("limit", "of", what, "is", limit));
        try (LoopGroup loops =
                LoopGroup.start("loop", 1, Drivers.choose(Drivers.AUTO).factory())) {
            for (int round = 0; round < rounds; round++) {
                for (HandOver.Cost cost : HandOver.all(loops.next(), ROUNDS / 5)) {
                    JsonLines.print(
                            "handOver",
                            "between",
                            cost.between(),
                            "nanos",
                            cost.nanosEach(),
                            "kernelSwitches",
                            cost.kernelSwitchesEach());
                }
            }
        }
    }

    private static int number(String[] args, int index, int otherwise, int most) {
        int number = args.length > index ? Integer.parseInt(args[index]) : otherwise;
        if (number < 1 || number > most) {
            throw new IllegalArgumentException(number + " is not between 1 and " + most);
        }
        return number;
    }

    static Facts run(Story story, String driver, Extent extent) throws Exception {
        List<TaskMemory.Held> held = new ArrayList<>();
        List<HandOver.Cost> handOvers;
        long hops;
        long baseline = Proc.residentBytes();
        story.print(line("this JVM, before anything", "%.1f MiB resident", baseline / 1048576.0));
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            story.print("\none more costs                                   bytes each   held  stopped by");
            TaskMemory memory = new TaskMemory(loop, one -> {
                story.print(line(one.task(), "%12d %6d  %s", one.bytesEach(), one.count(), one.stoppedBy()));
                held.add(one);
            });
            memory.processes("process (a JVM that does nothing)", TaskMemory.idleJvm(), extent.jvms());
            memory.processes("process (cat)", List.of("cat"), extent.processes());
            memory.threads(extent.threads());
            memory.greenThreadsInRead(extent.greenThreads());
            memory.greenThreadsAtLatch(extent.greenThreads());

            story.print(
                    "\na hand-over                                         ns each  context switches of the kernel each");
            handOvers = HandOver.all(loop, extent.rounds());
            for (HandOver.Cost cost : handOvers) {
                story.print(line(cost.between(), "%12.0f  %.2f", cost.nanosEach(), cost.kernelSwitchesEach()));
            }
            hops = loop.status().hops() + memory.readersHops();
        }
        story.print("\nwhat would refuse beyond");
        Proc.limits().forEach((what, limit) -> story.print(line(what, "%s", limit)));
        return new Facts(baseline, held, handOvers, hops);
    }

    private static String line(String name, String format, Object... values) {
        return String.format(Locale.ROOT, "  %-46s " + format, concat(name, values));
    }

    private static Object[] concat(String name, Object[] values) {
        Object[] all = new Object[values.length + 1];
        all[0] = name;
        System.arraycopy(values, 0, all, 1, values.length);
        return all;
    }
}
