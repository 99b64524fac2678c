package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The small things: addresses, positions, delays, ids, and what they make of nonsense. */
final class SettingsTest {

    @Test
    void an_address_is_read_and_a_wrong_one_is_told_what_is_wrong() throws QueueException {
        QueueUrl url = QueueUrl.parse("log:/var/lib/shop?segment=64k&company=5ms&damage=skip");
        assertEquals("log", url.scheme());
        assertEquals("/var/lib/shop", url.place());
        assertEquals(url.options(), QueueUrl.parse(url.toString()).options());
        assertEquals(65536, url.bytes("segment", 1, 1, 1 << 20));
        assertEquals(Duration.ofMillis(5), url.time("company", Duration.ZERO));
        assertEquals(7, url.bytes("pending", 7, 1, 9));
        for (String wrong : new String[] {"", "log:", "/var/lib/shop", "LOG:/x", "log:/x?segment", "log:/x?a=1&a=2"}) {
            assertEquals(
                    QueueFailure.INVALID,
                    assertThrows(QueueException.class, () -> QueueUrl.parse(wrong), wrong)
                            .failure());
        }
        for (String wrong : new String[] {"64", "2g", "64kb", "-1", "99999999999999999", "64k "}) {
            QueueUrl given = QueueUrl.parse("log:/x?segment=" + wrong);
            QueueException refused = assertThrows(QueueException.class, () -> LogEngine.settings(given), wrong);
            assertTrue(refused.getMessage().contains("segment=" + wrong), refused.getMessage());
        }
    }

    @Test
    void positions_are_written_read_and_ordered() {
        assertEquals(new Position(3, 42), Position.parse("3-42"));
        assertEquals("0-7", Position.of(7).toString());
        assertTrue(Position.of(7).compareTo(Position.of(8)) < 0);
        assertTrue(new Position(1, 0).compareTo(Position.of(8)) > 0);
        for (String wrong : new String[] {"", "7", "a-1", "-1", "1-", "0--1"}) {
            assertThrows(IllegalArgumentException.class, () -> Position.parse(wrong), wrong);
        }
    }

    @Test
    void delays_double_up_to_their_limit() {
        GroupSettings how = GroupSettings.DEFAULT.withDelay(Duration.ofMillis(100), Duration.ofMillis(500));
        assertEquals(Duration.ofMillis(100), how.delayAfter(1));
        assertEquals(Duration.ofMillis(200), how.delayAfter(2));
        assertEquals(Duration.ofMillis(400), how.delayAfter(3));
        assertEquals(Duration.ofMillis(500), how.delayAfter(4));
        assertEquals(Duration.ofMillis(500), how.delayAfter(Integer.MAX_VALUE));
        GroupSettings none = GroupSettings.DEFAULT.withDelay(Duration.ZERO, Duration.ZERO);
        assertEquals(Duration.ZERO, none.delayAfter(Integer.MAX_VALUE));
    }

    @Test
    void dead_letters_have_somewhere_to_go_or_are_delivered_again() {
        assertEquals(Optional.of("t.dead"), GroupSettings.DEFAULT.deadLettersOf("t"));
        assertEquals(Optional.empty(), GroupSettings.DEFAULT.deadLettersOf("t.dead"));
        assertEquals(
                Optional.of("grave"),
                GroupSettings.DEFAULT.withDeadLetterTopic("grave").deadLettersOf("t.dead"));
        assertEquals(
                Optional.empty(), GroupSettings.DEFAULT.withDeliveriesMax(0).deadLettersOf("t"));
    }

    @Test
    void whatever_the_clock_says_nothing_waits_longer_than_it_was_to_wait() {
        LedgerReplay.Remembered one = new LedgerReplay.Remembered(1, 1_000_000, 500, "");
        assertEquals(300, one.waitsMillis(1_000_200));
        assertEquals(0, one.waitsMillis(Long.MAX_VALUE / 2), "the clock was set forward");
        assertEquals(500, one.waitsMillis(0), "the clock was set back");
    }

    @Test
    void ids_are_remembered_for_their_time_and_up_to_their_number() {
        RecentIds ids = new RecentIds(
                TopicSettings.DEFAULT.withSameIdWindow(Duration.ofMillis(100)).withSameIdsMax(3));
        assertTrue(ids.isOn());
        ids.add("a", 0, 1_000);
        ids.add("b", 1, 1_050);
        assertEquals(0L, ids.sequenceOf("a", 1_100));
        assertNull(ids.sequenceOf("a", 1_101), "its time is over");
        ids.add("c", 2, 1_101);
        assertNull(ids.sequenceOf("a", 1_101));
        ids.add("d", 3, 1_101);
        ids.add("e", 4, 1_101);
        assertNull(ids.sequenceOf("b", 1_101), "three are remembered");
        assertEquals(2L, ids.sequenceOf("c", 1_101));
        assertFalse(new RecentIds(TopicSettings.DEFAULT.withSameIdsMax(0)).isOn());
    }
}
