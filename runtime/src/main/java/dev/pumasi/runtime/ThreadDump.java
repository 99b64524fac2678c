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

    @Override
    public String toString() {
        return loops.stream().map(LoopDump::toString).collect(Collectors.joining(System.lineSeparator()));
    }
}
