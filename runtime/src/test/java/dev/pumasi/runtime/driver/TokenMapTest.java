package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TokenMapTest {

    @Test
    void behavesAsAMap() {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random random = new Random(seed);
        TokenMap<Attempt> map = new TokenMap<>();
        Map<Long, Attempt> model = new HashMap<>();
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 200_000; i++) {
            // Tokens as loops give them out, a slot below and a generation above, so that they collide now and then.
            long token = 1 + random.nextInt(3000) | (long) random.nextInt(4) << 32;
            if (random.nextInt(5) < 2 && !model.containsKey(token)) {
                Attempt operation = new Attempt(new Watched(i));
                map.put(token, operation);
                model.put(token, operation);
                tokens.add(token);
            } else if (!tokens.isEmpty() && random.nextBoolean()) {
                long old = tokens.remove(random.nextInt(tokens.size()));
                map.remove(old);
                model.remove(old);
            } else {
                map.remove(model.containsKey(token) ? 0 : token);
            }
            assertSame(model.get(token), map.get(token), () -> "pumasi.seed=" + seed);
        }
        model.forEach((token, operation) -> assertSame(operation, map.get(token), () -> "pumasi.seed=" + seed));
        model.keySet().forEach(map::remove);
        model.keySet().forEach(token -> assertNull(map.get(token)));
        assertNull(map.get(0));
    }

    @Test
    void aTokenInUseIsNotTakenTwice() {
        TokenMap<Attempt> map = new TokenMap<>();
        Attempt operation = new Attempt(new Watched(1));
        map.put(7, operation);

        assertThrows(IllegalStateException.class, () -> map.put(7, new Attempt(new Watched(2))));
        assertSame(operation, map.get(7));
    }

    @Test
    void queuedCompletionsKeepTheirOrderWhileTheQueueGrows() {
        CompletionQueue queue = new CompletionQueue();
        Completions completions = new Completions(100);
        int next = 0;
        int seen = 0;
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < 130 && next < 20_000; i++) {
                queue.add(++next, next * 3, next & 0xff);
            }
            completions.clear();
            queue.moveTo(completions);
            for (int i = 0; i < completions.size(); i++) {
                seen++;
                assertEquals(seen, completions.token(i));
                assertEquals(seen * 3, completions.result(i));
                assertEquals(seen & 0xff, completions.flags(i));
            }
        }
        assertEquals(20_000, seen);
        assertEquals(0, queue.size());
    }
}
