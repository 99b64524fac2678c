package dev.pumasi.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TraceTest {

    private static Trace trace(int linesMax, String... what) {
        Trace trace = new Trace(linesMax, null);
        for (int i = 0; i < what.length; i++) {
            trace.add(i * 10L, "someone", what[i]);
        }
        return trace;
    }

    @Test
    void equal_events_make_equal_traces() {
        assertEquals(Optional.empty(), trace(9, "a", "b").difference(trace(9, "a", "b")));
        assertEquals(trace(9, "a", "b").hash(), trace(9, "a", "b").hash());
    }

    @Test
    void a_difference_is_shown_at_its_first_event_with_what_went_before() {
        String shown =
                trace(9, "a", "b", "c").difference(trace(9, "a", "x", "c")).orElseThrow();
        assertTrue(shown.startsWith("the traces differ at event 2:"), shown);
        assertTrue(shown.contains("    0 someone: a\n"), shown);
        assertTrue(shown.contains("  - 10 someone: b\n"), shown);
        assertTrue(shown.endsWith("  + 10 someone: x"), shown);
        assertFalse(shown.contains("someone: c"), shown);
    }

    @Test
    void a_trace_that_ends_early_differs_at_its_end() {
        String shown = trace(9, "a").difference(trace(9, "a", "b")).orElseThrow();
        assertTrue(shown.contains("  - (ends)\n  + 10 someone: b"), shown);
    }

    @Test
    void events_beyond_the_kept_lines_still_count() {
        Trace one = trace(1, "a", "b");
        Trace other = trace(1, "a", "c");
        assertEquals(1, one.lines().size());
        assertEquals(2, one.count());
        assertNotEquals(one.hash(), other.hash());
        assertEquals(
                "the traces differ after the 1 events that were kept",
                one.difference(other).orElseThrow());
        assertEquals("10 someone: b", one.latest().getLast());
    }

    @Test
    void the_stream_gets_every_event() {
        StringBuilder stream = new StringBuilder();
        Trace trace = new Trace(0, stream);
        trace.add(5, "a", "b");
        trace.add(6, "c", "d");
        assertEquals("5 a: b\n6 c: d\n", stream.toString());
    }
}
