package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ScopesTest extends EachDriver {

    @Test
    void theScopeDecidesWhatTheEndOfOneMeansForTheOthers() throws Exception {
        List<Scopes.Part> parts = Scopes.run(story, driver, 100);

        assertEquals("soup, rice, spam", parts.get(0).outcome());
        assertEquals(
                Map.of("soup", "came", "rice", "came", "spam", "came"),
                parts.get(0).dishes());
        assertEquals("thrown: the spam is burnt", parts.get(1).outcome());
        assertEquals(
                Map.of("soup", "CANCELLED", "rice", "CANCELLED", "spam", "came"),
                parts.get(1).dishes());
        assertEquals("near kitchen", parts.get(2).outcome());
        assertEquals(
                Map.of("far kitchen", "CANCELLED", "near kitchen", "came"),
                parts.get(2).dishes());
        assertEquals("soup, nothing, spam", parts.get(3).outcome());
        assertEquals("TIMED_OUT", parts.get(3).dishes().get("rice"));
    }
}
