package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ring: what is read was written so, whole and in order, and what was overwritten is counted. */
@Timeout(60)
final class LoopRecordingTest {

    private static final int CAPACITY = 64;

    private static LoopRecording ring() {
        return new LoopRecording("loop", Clock.SYSTEM, CAPACITY);
    }

    private static void write(LoopRecording ring, long number) {
        ring.at(3 * number, RecordedKind.SPAN_BEGUN, (int) (number % 3), number);
    }

    @Test
    void what_was_written_is_read_once() {
        LoopRecording ring = ring();
        List<RecordedEvent> read = new ArrayList<>();
        for (int n = 1; n <= 10; n++) {
            write(ring, n);
        }
        ring.drain(read);
        assertEquals(10, read.size());
        assertEquals(new RecordedEvent("loop", 30, RecordedKind.SPAN_BEGUN, "other", 10), read.get(9));
        ring.drain(read);
        assertEquals(10, read.size());
        assertEquals(0, ring.lost());
    }

    /** Of a full ring one event is given up: the writer may be over it just now. */
    @Test
    void what_was_overwritten_is_counted() {
        LoopRecording ring = ring();
        List<RecordedEvent> read = new ArrayList<>();
        for (int n = 1; n <= 3 * CAPACITY; n++) {
            write(ring, n);
        }
        ring.drain(read);
        assertEquals(CAPACITY - 1, read.size());
        assertEquals(2 * CAPACITY + 1, ring.lost());
        assertEquals(3 * CAPACITY, read.getLast().number());
    }

    @Test
    void each_kind_and_the_largest_number_fit() {
        LoopRecording ring = ring();
        long largest = (1L << 42) - 1;
        for (RecordedKind kind : RecordedKind.values()) {
            ring.at(Long.MAX_VALUE, kind, Labels.of("word"), largest);
        }
        List<RecordedEvent> read = new ArrayList<>();
        ring.drain(read);
        for (RecordedKind kind : RecordedKind.values()) {
            assertEquals(new RecordedEvent("loop", Long.MAX_VALUE, kind, "word", largest), read.get(kind.ordinal()));
        }
    }

    /** A writer that goes round all the time, and a reader that must never see half of one event and half of another. */
    @Test
    void a_reader_sees_no_torn_event_while_the_writer_goes_round() throws InterruptedException {
        LoopRecording ring = ring();
        AtomicBoolean over = new AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            for (long n = 1; !over.get(); n++) {
                write(ring, n);
                if (n % 1000 == 0) {
                    Thread.onSpinWait(); // so that the reader also finds a ring that is not overrun
                }
            }
        });
        long seen = 0;
        long last = 0;
        try {
            for (int look = 0; look < 20_000 || seen < 1_000; look++) {
                List<RecordedEvent> read = new ArrayList<>();
                ring.drain(read);
                for (RecordedEvent event : read) {
                    assertEquals(3 * event.number(), event.nanos(), "torn");
                    assertTrue(event.number() > last, () -> event + " after a later one");
                    last = event.number();
                }
                seen += read.size();
            }
        } finally {
            over.set(true);
            writer.join();
        }
        ring.drain(new ArrayList<>());
        assertTrue(seen > 0);
    }

    @Test
    void a_ring_has_a_size_that_makes_sense() {
        assertThrows(IllegalArgumentException.class, () -> new LoopRecording("loop", Clock.SYSTEM, 100));
        assertThrows(IllegalArgumentException.class, () -> new LoopRecording("loop", Clock.SYSTEM, 1 << 23));
        assertThrows(IllegalArgumentException.class, () -> Recording.start(List.of(), 0));
        assertThrows(IllegalArgumentException.class, () -> Recording.start(List.of(), Recording.EVENTS_MAX + 1));
    }
}
