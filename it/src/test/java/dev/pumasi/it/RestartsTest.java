package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Restarts under load, a handful of each; {@code it/restarts 100 20} is the long form. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class RestartsTest {

    @Test
    void noRequestFailsWhenTheServerIsReloaded() throws Exception {
        Restarts.Result result = Restarts.run(4, 0, "green", 1);
        assertEquals(List.of(), result.others());
        assertEquals(List.of(), result.ofKilled());
        assertTrue(result.answered() > 100, () -> "only " + result.answered() + " requests");
    }

    @Test
    void onlyTheKilledWorkersOwnRequestsFail() throws Exception {
        Restarts.Result result = Restarts.run(0, 3, "event-loop", 2);
        assertEquals(List.of(), result.others());
        assertTrue(result.answered() > 100, () -> "only " + result.answered() + " requests");
    }
}
