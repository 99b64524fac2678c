package dev.pumasi.runtime;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Every green thread of some loops: what it waits for, since when, and its stack. {@code toString} is for people.
 *
 * @param loops the loops, in their order
 */
public record ThreadDump(List<LoopDump> loops) {

    /**
     * Looks at each loop in turn: on the loop itself where it turns, so that nothing hops; from outside where it does not,
     * after half a second, and then says what holds it. Blocks; on any thread, but not usefully on a loop's, which it holds
     * up for some 10 µs for each green thread.
     */
    public static ThreadDump of(List<Loop> loops) {
        return new ThreadDump(loops.stream().map(LoopDump::of).toList());
    }

    /**
     * As {@link #of}, without stacks and with at most {@code greenThreadsMax} green threads of each loop: to look again and
     * again at what they wait for costs a loop about a microsecond for each.
     */
    public static ThreadDump brief(List<Loop> loops, int greenThreadsMax) {
        return new ThreadDump(loops.stream()
                .map(loop -> LoopDump.of(loop, Math.clamp(greenThreadsMax, 1, LoopDump.GREEN_THREADS_MAX), false))
                .toList());
    }

    @Override
    public String toString() {
        return loops.stream().map(LoopDump::toString).collect(Collectors.joining(System.lineSeparator()));
    }
}
