package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.driver.Drivers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Words that two loops meet for the first time, at the same time. */
final class LabelsTest {

    private static final int WORDS = 1000;

    @Test
    void twoLoopsThatMeetAWordAtOnceGetOneNumberAndNeitherHops() throws Exception {
        try (LoopGroup loops =
                LoopGroup.start("labels", 2, Drivers.choose(Drivers.AUTO).factory())) {
            AtomicInteger[] reached = {new AtomicInteger(-1), new AtomicInteger(-1)};
            List<CompletableFuture<List<Integer>>> both = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                int mine = i;
                CompletableFuture<List<Integer>> numbers = new CompletableFuture<>();
                both.add(numbers);
                loops.loops()
                        .get(i)
                        .spawn(() -> OnEachDriver.complete(numbers, () -> numbers(reached[mine], reached[1 - mine])));
            }
            List<Integer> numbers = OnEachDriver.get(both.getFirst());
            assertEquals(numbers, OnEachDriver.get(both.getLast()));
            for (int i = 0; i < WORDS; i++) {
                assertEquals("a test's word " + i, Labels.word(numbers.get(i)));
            }
            assertEquals(WORDS, numbers.stream().distinct().count());
            loops.loops().forEach(OnEachDriver::assertNoHops);
        }
    }

    /** Word by word, in step with the other. */
    private static List<Integer> numbers(AtomicInteger mine, AtomicInteger others) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < WORDS; i++) {
            mine.set(i);
            while (others.get() < i) {
                Thread.onSpinWait();
            }
            numbers.add(Labels.of("a test's word " + i));
        }
        return numbers;
    }
}
