package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The list against a map, in a random order; and read by another thread meanwhile. */
final class GreenThreadListTest {

    private static final long SEED = Long.getLong("pumasi.seed", System.nanoTime());

    @Test
    void itHoldsWhoEnteredAndHasNotLeft() throws Exception {
        Random random = new Random(SEED);
        GreenThreadList list = new GreenThreadList();
        Map<Integer, Thread> model = new HashMap<>();
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong looks = new AtomicLong();
        Thread reader = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                list.all().forEach(thread -> looks.addAndGet(thread.getName().length()));
            }
        });
        try {
            for (int i = 0; i < 100_000; i++) {
                boolean grows = i % 20_000 < 10_000;
                if (model.isEmpty() || random.nextInt(10) < (grows ? 7 : 3)) {
                    Thread thread = Thread.ofVirtual().name("t" + i).unstarted(() -> {});
                    assertNull(model.put(list.enter(thread), thread), () -> "seed " + SEED);
                } else {
                    int slot = new ArrayList<>(model.keySet()).get(random.nextInt(Math.min(model.size(), 16)));
                    model.remove(slot);
                    list.leave(slot);
                }
                assertEquals(model.size(), list.size(), () -> "seed " + SEED);
                if (i == 10_000) {
                    Eventually.until("the other looks", () -> looks.get() > 0);
                }
            }
        } finally {
            over.set(true);
            reader.join();
        }
        assertEquals(new HashSet<>(model.values()), Set.copyOf(list.all()), () -> "seed " + SEED);
        List.copyOf(model.keySet()).forEach(list::leave);
        assertEquals(List.of(), list.all());
    }
}
