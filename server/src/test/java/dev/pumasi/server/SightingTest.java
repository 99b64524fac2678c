package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Violation;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Figures.Figure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a worker says of its parts and its clients comes out as it went in, and what is too long costs nobody the rest. */
final class SightingTest {

    private static Sighting through(Sighting said) {
        List<Figures.Row> parts = new ArrayList<>();
        Sighting heard = Sighting.NOTHING;
        for (ControlLine line : said.lines()) {
            byte[] bytes = line.encoded();
            assertTrue(bytes.length <= ControlLine.BYTES_MAX);
            ControlLine parsed =
                    ControlLine.parse(new String(bytes, 0, bytes.length - 1, StandardCharsets.UTF_8)); // no line end
            switch (parsed.verb()) {
                case ControlLine.SEEN_PART -> parts.add(Sighting.part(parsed.rest()));
                case ControlLine.SEEN -> heard = Sighting.of(parsed.rest(), List.of(), List.of(), parts);
                default -> throw new AssertionError(parsed);
            }
        }
        return heard;
    }

    private static Sighting of(Figures.Row... parts) {
        return new Sighting(1, 2, HttpStatus.NOTHING, List.of(), List.of(), List.of(parts), 3);
    }

    @Test
    void partsComeOutAsTheyWentIn() {
        Sighting said = of(
                new Figures.Row(
                        "database",
                        "jdbc:h2:/a path/with = and + and 품앗이",
                        List.of(Figure.level("in_use", 0.5), Figure.count("admitted", 1e18)),
                        "its disk is full"),
                new Figures.Row("nothing", "counts nothing", List.of()),
                new Figures.Row("odd", "", List.of(Figure.level("ratio", Double.NaN), Figure.level("depth", -1e-9))));
        assertEquals(said, through(said));
    }

    @Test
    void aLongNameIsCutAndItsFiguresAreWhole() {
        Figures.Row heard = through(of(new Figures.Row("cache", "품".repeat(4000), List.of(Figure.count("hits", 7)))))
                .parts()
                .getFirst();
        assertEquals(List.of(Figure.count("hits", 7)), heard.figures());
        assertTrue(heard.name().startsWith("품품품"), heard::name);
    }

    @Test
    void oneWithMoreFiguresThanALineHoldsIsLeftOut() {
        Figures.Row small = new Figures.Row("cache", "small", List.of(Figure.level("entries", 1)));
        Figures.Row large = new Figures.Row(
                "cache",
                "large",
                IntStream.range(0, 500)
                        .mapToObj(i -> Figure.level("entries_" + i, i))
                        .toList());
        assertTrue(Sighting.fits(small));
        assertFalse(Sighting.fits(large));
    }

    @Test
    void allKindsOfViolationsAtOnceHaveRoom() {
        Map<Violation, Long> all = new EnumMap<>(Violation.class);
        for (Violation each : Violation.values()) {
            all.put(each, (long) Integer.MAX_VALUE);
        }
        HttpStatus http = new HttpStatus(1, 2, 3, 4, 5, 6, 7, 8, 9, all);
        Sighting said = new Sighting(1, 2, http, List.of(), List.of(), List.of(), 0);
        assertEquals(said, through(said));
    }
}
