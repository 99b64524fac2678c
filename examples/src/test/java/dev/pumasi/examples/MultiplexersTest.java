package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class MultiplexersTest extends EachDriver {

    private static final int REQUESTS_EACH = 200;
    private static final int CONNECTIONS = 16;

    @Test
    void theSameServerEchoesUnderThisDriver() throws Exception {
        Multiplexers.Result result = Multiplexers.run(driver, REQUESTS_EACH);

        assertEquals(driver, result.driver());
        assertEquals(CONNECTIONS * REQUESTS_EACH, result.requests(), "requests that came back as they were sent");
        // Each request arrives and its echo leaves; the listener and the ends of the connections come on top.
        assertTrue(result.completions() >= 2 * result.requests(), result.toString());
        assertTrue(result.turns() > 0, result.toString());
    }
}
