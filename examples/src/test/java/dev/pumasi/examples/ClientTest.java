package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.Loop;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClientTest extends EachDriver {

    @Test
    void everybodyIsServed() throws Exception {
        Client.Facts facts = Client.run(story, driver);
        assertEquals(
                List.of(
                        "200 rice for you",
                        "200 spam for you",
                        "onion-1 for you",
                        "onion-2 for you",
                        "onion-3 for you",
                        "onion-4 for you",
                        "onion-5 for you",
                        "onion-6 for you",
                        "onion-7 for you",
                        "onion-8 for you",
                        "an order of 1000 lines",
                        "WHOLE_TIMEOUT: raise wholeTimeoutMillis, or give the request a timeout"),
                facts.answers());
        assertEquals(8, facts.connections());
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(0, facts.hops());
        }
    }
}
