package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Seed;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDateTest {

    private static final long NOW = Instant.parse("2026-11-21T12:00:00Z").getEpochSecond();

    /** RFC 9110 section 5.6.7 gives these three for one time. */
    @ParameterizedTest
    @ValueSource(
            strings = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    void readsAllThreeForms(String text) {
        assertEquals(OptionalLong.of(784_111_777), HttpDate.parse(text, NOW));
    }

    @Test
    void aYearOfTwoDigitsIsNotFarAhead() {
        assertEquals(
                Instant.parse("2030-01-01T00:00:00Z").getEpochSecond(),
                HttpDate.parse("Tuesday, 01-Jan-30 00:00:00 GMT", NOW).orElseThrow());
        assertEquals(
                Instant.parse("1977-01-01T00:00:00Z").getEpochSecond(),
                HttpDate.parse("Saturday, 01-Jan-77 00:00:00 GMT", NOW).orElseThrow());
    }

    @Test
    void writesWhatItReads() {
        Seed seed = Seed.fromCommandLine();
        Random random = new Random(seed.value());
        for (int i = 0; i < 10_000; i++) {
            long second = random.nextLong(0, 253_402_300_799L);
            String text = HttpDate.format(second);
            String expected = DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
                    .format(Instant.ofEpochSecond(second).atOffset(ZoneOffset.UTC));
            assertEquals(expected, text, () -> seed.toString());
            assertEquals(OptionalLong.of(second), HttpDate.parse(text, NOW), () -> text + ", " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "yesterday",
                "Sun, 06 Nov 1994 08:49:37",
                "Sun, 06 Nov 1994 08:49:37 UTC",
                "Sun, 6 Nov 1994 08:49:37 GMT",
                "Sun, 06 nov 1994 08:49:37 GMT",
                "Sun, 32 Nov 1994 08:49:37 GMT",
                "Sun, 30 Feb 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 24:49:37 GMT",
                "Sun, 06 ovD 1994 08:49:37 GMT",
                "Sunday, 06-Nov-1994 08:49:37 GMT",
                "Sun Nov 6 08:49:37 1994",
                "Sun Nov  6 08:49:37 1994 GMT"
            })
    void whatIsNoDateIsNotGuessedAt(String text) {
        assertTrue(HttpDate.parse(text, NOW).isEmpty());
    }
}
