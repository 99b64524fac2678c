package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Handles: many of them, and numbers that come back. */
final class DriverHandlesTest extends EachDriver {

    @Test
    void fiveHundredHandlesAtOnce() {
        int listener = rig.listen();
        long accepting = rig.accept(listener);
        List<DriverRig.Pair> pairs = new ArrayList<>();
        List<Long> atServers = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            DriverRig.Pair pair = rig.pair(listener, accepting);
            pairs.add(pair);
            atServers.add(rig.receive(pair.server()));
        }
        assertEquals(
                500,
                Set.copyOf(pairs.stream().flatMap(DriverHandlesTest::ends).toList())
                        .size());
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < pairs.size(); i++) {
                rig.send(pairs.get(i).client(), "to " + i);
            }
            for (int i = 0; i < pairs.size(); i++) {
                String text = "to " + i;
                assertEquals(text, rig.text(atServers.get(i), text.length()));
            }
        }
    }

    private static Stream<Integer> ends(DriverRig.Pair pair) {
        return Stream.of(pair.client(), pair.server());
    }

    @Test
    void aNumberThatComesBackGetsNothingOfItsPredecessors() {
        int listener = rig.listen();
        long accepting = rig.accept(listener);
        int reused = 0;
        for (int i = 0; i < 200; i++) {
            DriverRig.Pair pair = rig.pair(listener, accepting);
            long receiving = rig.receive(pair.server());
            if (i % 2 == 0) {
                rig.settle();
            }
            // On its way when the number is given back: it is nobody's.
            long sending = rig.send(pair.client(), "stale " + i);
            if (i % 3 == 0) {
                rig.result(sending);
            }
            driver.cancel(receiving);
            driver.cancel(sending);
            rig.close(pair.server());
            rig.close(pair.client());

            DriverRig.Pair next = rig.pair(listener, accepting);
            reused += next.server() == pair.server() || next.server() == pair.client() ? 1 : 0;
            long nextReceiving = rig.receive(next.server());
            rig.assertNothingFrom(nextReceiving);
            rig.sendAll(next.client(), "fresh");
            assertEquals("fresh", rig.text(nextReceiving, 5));
            driver.cancel(nextReceiving);
            rig.close(next);
        }
        assertTrue(reused > 0, "the numbers never came back, so this showed nothing");
    }

    @Test
    void everyKindOfOperationOnAClosedHandleFails() {
        DriverRig.Pair pair = rig.pair();
        rig.close(pair);
        rig.settle();

        assertEquals(-Errno.EBADF, rig.result(rig.receive(pair.server())));
        assertEquals(-Errno.EBADF, rig.result(rig.send(pair.server(), "x")));
        assertEquals(-Errno.EBADF, rig.result(rig.accept(pair.client())));
        assertEquals(-Errno.EBADF, driver.setOption(pair.server(), SocketOption.KEEP_ALIVE, 1));
        assertEquals(-Errno.EBADF, driver.option(pair.server(), SocketOption.KEEP_ALIVE));
        assertEquals(-Errno.EBADF, driver.shutdownOutput(pair.server()));
    }
}
