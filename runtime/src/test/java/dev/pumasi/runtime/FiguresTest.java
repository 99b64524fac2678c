package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What parts of a process offer to be shown. */
final class FiguresTest {

    private record Part(String name) {}

    private static List<Figures.Row> row(Part part) {
        return List.of(new Figures.Row("test_part", part.name, List.of(Figures.Figure.level("answer", 42))));
    }

    private static boolean shows(String name) {
        return Figures.all().stream()
                .anyMatch(row -> row.kind().equals("test_part") && row.name().equals(name));
    }

    @Test
    void whatIsOfferedIsShownUntilItIsTakenBack() {
        Part part = new Part("one");
        Figures.Offer offer = Figures.offer(part, FiguresTest::row);
        assertTrue(shows("one"));
        offer.close();
        offer.close();
        assertFalse(shows("one"));
    }

    @Test
    void aPartThatFailsHidesNobodyElse() {
        Part broken = new Part("broken");
        Part sound = new Part("sound");
        try (Figures.Offer _ = Figures.offer(broken, _ -> {
                    throw new IllegalStateException("on purpose");
                });
                Figures.Offer _ = Figures.offer(sound, FiguresTest::row)) {
            assertTrue(shows("sound"));
        }
    }

    @Test
    void thereIsALimit() {
        List<Figures.Offer> offers = new ArrayList<>();
        int before = Figures.leftOut();
        Part part = new Part("many");
        try {
            while (Figures.leftOut() == before && offers.size() <= Figures.SOURCES_MAX) {
                offers.add(Figures.offer(part, FiguresTest::row));
            }
            assertEquals(before + 1, Figures.leftOut());
        } finally {
            offers.forEach(Figures.Offer::close);
        }
        assertFalse(shows("many"));
    }

    @Test
    void namesAreNames() {
        for (String wrong : List.of("", "In Use", "in-use", "größe")) {
            assertThrows(IllegalArgumentException.class, () -> Figures.Figure.level(wrong, 1));
            assertThrows(IllegalArgumentException.class, () -> new Figures.Row(wrong, "x", List.of()));
        }
    }

    @Test
    void aPoolIsShownWhileItIsOpen() {
        try (Offload _ = Offload.open("a pool of this test", 1, 7)) {
            Figures.Row row = Figures.all().stream()
                    .filter(each -> each.name().equals("a pool of this test"))
                    .findFirst()
                    .orElseThrow();
            assertEquals("offload", row.kind());
            assertTrue(row.figures().contains(Figures.Figure.level("waiting_max", 7)));
        }
        assertTrue(Figures.all().stream().noneMatch(row -> row.name().equals("a pool of this test")));
    }
}
