package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.Kitchen.Done;
import dev.pumasi.examples.Kitchen.Evening;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class KitchenTest extends EachDriver {

    private static final int MINUTE_MILLIS = 5;

    @Test
    void theSameStepsOneAfterAnotherAndOverlapped() throws Exception {
        List<Evening> evenings = Kitchen.run(driver, MINUTE_MILLIS);
        for (Evening evening : evenings) {
            for (Dish dish : Dish.DINNER) {
                List<Done> steps = evening.of(dish);
                assertEquals(dish.steps(), steps.stream().map(Done::step).toList(), evening.name());
                for (int i = 1; i < steps.size(); i++) {
                    assertTrue(steps.get(i - 1).endedNanos() <= steps.get(i).beganNanos(), "in their order");
                }
                assertEquals(
                        1, Set.copyOf(steps.stream().map(Done::cook).toList()).size(), "one cook for a dish");
            }
            for (Done one : evening.steps()) {
                for (Done other : evening.steps()) {
                    boolean twoHands =
                            one != other && one.step().hands() && other.step().hands();
                    assertTrue(
                            !twoHands || !one.cook().equals(other.cook()) || !one.during(other), "two hands, one step");
                }
            }
        }
        assertEquals(
                List.of(1, 3, 1, 2),
                evenings.stream().map(e -> e.cooks().size()).toList());
        Set<Done> inTurn = overlapping(evenings.getFirst());
        assertEquals(Set.of(), inTurn, "one after another");
        for (Evening overlapped : evenings.subList(1, 4)) {
            Set<Dish> together = new HashSet<>(
                    overlapping(overlapped).stream().map(Done::dish).toList());
            assertEquals(Set.copyOf(Dish.DINNER), together, overlapped.name());
        }
        // The one cook turned to the next dish before the first was done, and came back to it.
        Evening overlapped = evenings.get(2);
        List<Dish> handsOn = overlapped.steps().stream()
                .filter(done -> done.step().hands())
                .map(Done::dish)
                .toList();
        assertEquals(Dish.DINNER, handsOn.subList(0, 3), "each is begun before any is gone on with");
        assertTrue(new HashSet<>(handsOn.subList(3, handsOn.size())).containsAll(Dish.DINNER));
    }

    /** What goes on by itself while another dish is worked on or goes on by itself. */
    private static Set<Done> overlapping(Evening evening) {
        Set<Done> found = new HashSet<>();
        for (Done waiting : evening.steps()) {
            for (Done other : evening.steps()) {
                if (!waiting.step().hands() && other.dish() != waiting.dish() && waiting.during(other)) {
                    found.add(waiting);
                }
            }
        }
        return found;
    }

    @Test
    void theTimelineHasALineForEachDishAndEachCook() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        KitchenTimeline timeline =
                new KitchenTimeline(new PrintStream(bytes, true, StandardCharsets.UTF_8), false, MINUTE_MILLIS);
        List<Done> steps = new ArrayList<>();
        long nanos = 0;
        for (Dish dish : Dish.DINNER) {
            for (Dish.Step step : dish.steps()) {
                long endNanos = nanos + step.minutes() * MINUTE_MILLIS * 1_000_000L;
                steps.add(new Done(dish, step, "cook", nanos, endNanos));
                nanos = endNanos;
            }
        }
        timeline.draw(new Evening("one after another", true, steps));
        List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(8, lines.size(), String.join("\n", lines));
        int next = 0;
        for (int i = 0; i < 3; i++) {
            String line = lines.get(3 + i);
            assertTrue(line.startsWith("  " + Dish.DINNER.get(i).name()), line);
            assertTrue(line.contains("█") && line.contains("░"), line);
            int begins = line.indexOf('█') + KitchenTimeline.columns(line) - line.length();
            assertTrue(begins >= next, "it begins where the one before ends: " + line);
            next = KitchenTimeline.columns(line.stripTrailing());
        }
        assertTrue(lines.get(6).matches("  cook +s+░+s+░+s+r+░+r+m+░+m+░+m+"), lines.get(6));
    }
}
