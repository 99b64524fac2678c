package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.BlockingOrNot.Call;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class BlockingOrNotTest extends EachDriver {

    private static final int MILLIS = 100;

    @Test
    void oneKindReturnsBeforeTheAnswerTheOtherWithIt() throws Exception {
        List<Call> calls = BlockingOrNot.run(story, driver, MILLIS);

        assertEquals(6, calls.size());
        assertEquals(
                Set.of("TCP", "Unix domain", "UDP"),
                calls.stream().map(Call::socket).collect(Collectors.toSet()));
        for (Call call : calls) {
            if (call.blocking()) {
                assertNotEquals(BlockingOrNot.NOT_YET, call.returned());
                assertTrue(Set.of("soup", "rice").contains(call.returned()), call.returned());
                assertTrue(call.nanos() > TimeUnit.MILLISECONDS.toNanos(MILLIS / 2), call.toString());
            } else {
                assertEquals(BlockingOrNot.NOT_YET, call.returned(), call.socket());
            }
        }
    }
}
