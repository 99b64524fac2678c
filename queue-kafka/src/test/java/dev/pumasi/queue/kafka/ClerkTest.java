package dev.pumasi.queue.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import java.time.Duration;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** The clerk's patience. */
final class ClerkTest {

    @Test
    void what_the_brokers_never_show_is_looked_for_as_long_as_the_patience_lasts() throws Exception {
        Duration patience = Duration.ofHours(1);
        String inVain = "the ledger was deleted, and is still there";
        Clerk.lookAgain(System.nanoTime(), patience, inVain); // goes on
        long begin = System.nanoTime() - patience.toNanos() - 1;
        TimeoutException over = assertThrows(TimeoutException.class, () -> Clerk.lookAgain(begin, patience, inVain));
        QueueException told = Failures.of("forget the group g of t", over);
        assertEquals(QueueFailure.UNAVAILABLE, told.failure());
        assertTrue(told.getMessage().contains("is still there (looked for 3600000 ms)"), told.getMessage());
    }
}
