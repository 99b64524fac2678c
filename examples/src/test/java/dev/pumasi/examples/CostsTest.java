package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Memory and numbers, which do not depend on how busy the machine is; times are looked at by people. */
final class CostsTest extends EachDriver {

    private static final int PROCESSES = 3;
    private static final int THREADS = 40;

    /** Fewer than {@code select} can have. */
    private static final int GREEN_THREADS = 300;

    private static final int ROUNDS = 200;

    /** Loosely: what is needed once, for the first to read, is shared out among so few, and garbage comes and goes. */
    private static final long GREEN_BYTES_MAX = 8_000;

    @Test
    void eachKindIsHeldMeasuredAndGone() throws Exception {
        Costs.Facts facts = Costs.run(story, driver, new Costs.Extent(PROCESSES, 1, THREADS, GREEN_THREADS, ROUNDS));

        List<TaskMemory.Held> held = facts.held();
        assertEquals(
                List.of(1, PROCESSES, THREADS, GREEN_THREADS, GREEN_THREADS, GREEN_THREADS),
                held.stream().map(TaskMemory.Held::count).toList());
        for (TaskMemory.Held one : held) {
            assertEquals("this example's own number", one.stoppedBy(), one.task());
        }
        long jvm = held.get(0).bytesEach();
        long cat = held.get(1).bytesEach();
        assertTrue(jvm > 5 << 20, "a JVM is at least 5 MiB: " + held);
        assertTrue(cat > 50_000 && cat < jvm, "cat is no JVM: " + held);
        for (TaskMemory.Held green : held.subList(3, 6)) {
            assertTrue(green.bytesEach() < GREEN_BYTES_MAX, green.toString());
        }
        assertEquals(6, facts.handOvers().size());
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(0, facts.hops());
            assertTrue(
                    facts.handOvers().getLast().kernelSwitchesEach() < 0.1,
                    "the kernel sees nothing of green threads: " + facts.handOvers());
        }
        assertTrue(
                facts.handOvers().get(1).kernelSwitchesEach() > 0.5,
                "threads that wait for each other go through the kernel: " + facts.handOvers());
    }
}
