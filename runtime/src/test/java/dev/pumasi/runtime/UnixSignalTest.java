package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Names and numbers. */
final class UnixSignalTest {

    @Test
    void namesAndNumbersBelongTogether() {
        for (int number = 1; number <= 31; number++) {
            UnixSignal signal = new UnixSignal(number);
            assertEquals(signal, UnixSignal.of(signal.name()));
            assertEquals(signal, UnixSignal.of(signal.toString().toLowerCase(java.util.Locale.ROOT)));
            assertEquals(number, new sun.misc.Signal(signal.name()).getNumber(), "as the JVM counts");
        }
        assertEquals(34, UnixSignal.of("RTMIN").number());
        assertEquals("RTMIN+3", new UnixSignal(37).name());
        assertEquals(37, UnixSignal.of("SIGRTMIN+3").number());
        assertEquals("33", new UnixSignal(33).name());
        assertThrows(IllegalArgumentException.class, () -> UnixSignal.of("NOPE"));
        assertThrows(IllegalArgumentException.class, () -> UnixSignal.of("RTMIN+31"));
        assertThrows(IllegalArgumentException.class, () -> new UnixSignal(0));
    }
}
