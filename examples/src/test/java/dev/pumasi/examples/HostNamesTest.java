package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class HostNamesTest extends EachDriver {

    @Test
    void namesAreConnectedToAndNobodyHops() throws Exception {
        HostNames.Facts facts = HostNames.run(story, driver, 50);

        Map<String, String> answers = facts.answers();
        for (String host : new String[] {"localhost", "127.0.0.1", "soup.example", "spam.example"}) {
            assertEquals(host, answers.get(host));
        }
        assertEquals("NAME_UNKNOWN", answers.get("nobody.invalid").split(",")[0]);
        assertEquals("NAME_UNKNOWN", answers.get("rice.example").split(",")[0]);
        assertEquals("NAME_MALFORMED", answers.get("no name").split(",")[0]);
        assertEquals("java.net", answers.get("java.net.Socket"));
        assertEquals(3, facts.asked(), "a thousand asked for the first one at once");
        assertEquals(0, facts.hops());
    }
}
