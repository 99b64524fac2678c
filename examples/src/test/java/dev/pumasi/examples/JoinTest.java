package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.examples.Join.Joined;
import java.util.List;
import org.junit.jupiter.api.Test;

final class JoinTest extends EachDriver {

    @Test
    void everyKindIsJoinedWhileTheLoopGoesOn() throws Exception {
        Join.Result result = Join.run(story, driver);

        assertEquals(
                List.of("green thread", "platform thread", "process", "process", "process"),
                result.joined().stream().map(Joined::what).sorted().toList());
        for (Joined long150 : result.joined().subList(0, 3)) {
            assertTrue(long150.ticks() > 2, long150 + ": the loop did not tick");
        }
        assertEquals(0, result.hops());
    }
}
