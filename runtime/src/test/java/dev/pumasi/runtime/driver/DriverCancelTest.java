package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Cancelling: each kind of operation ends, and nothing is lost with it. */
final class DriverCancelTest extends EachDriver {

    @Test
    void anAcceptEndsAndTheListenerCanAcceptAgain() {
        int listener = rig.listen();
        long first = rig.accept(listener);
        rig.settle();

        assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(first));

        SocketAddress address = rig.addressOf(listener);
        int client = rig.opened(driver.openStream(address));
        assertEquals(0, rig.result(rig.connect(client, address)));
        rig.assertNothingFrom(first);
        rig.opened(rig.await(rig.accept(listener)).result());
    }

    @Test
    void aConnectEnds() {
        int listener = rig.opened(driver.listen(DriverRig.LOOPBACK, 1, false));
        SocketAddress address = rig.addressOf(listener);
        // Nobody accepts, so the queue fills, and then the kernel ignores attempts to connect: they wait.
        List<Long> connecting = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            connecting.add(rig.connect(rig.opened(driver.openStream(address)), address));
        }
        rig.settle();
        connecting.removeIf(rig::hasArrived);
        assertTrue(!connecting.isEmpty(), "every attempt to connect has succeeded");

        int cancelled = 0;
        for (long token : connecting) {
            int result = rig.cancelAndEnd(token); // a few may have succeeded since
            assertTrue(result == -Errno.ECANCELED || result == 0, () -> "ended with " + result);
            cancelled += result == 0 ? 0 : 1;
        }
        assertTrue(cancelled >= 8, "cancelled " + cancelled);
    }

    @Test
    void whatArrivesAfterAReceiveWasCancelledIsReceivedByTheNext() {
        DriverRig.Pair pair = rig.pair();
        for (int i = 0; i < 20; i++) {
            long receiving = rig.receive(pair.server());
            rig.settle();
            assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(receiving));
            rig.sendAll(pair.client(), "kept" + i % 10);
            rig.assertNothingFrom(receiving);

            long next = rig.receive(pair.server());
            assertEquals("kept" + i % 10, rig.text(next, 5));
            rig.cancelAndEnd(next);
        }
    }

    @Test
    void noByteIsLostWhereverACancellationFalls() {
        DriverRig.Pair pair = rig.pair();
        StringBuilder received = new StringBuilder();
        StringBuilder sent = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            long receiving = rig.receive(pair.server());
            String message = "<" + i + ">";
            long sending = rig.send(pair.client(), message);
            sent.append(message);
            for (int polls = 0; polls < i % 4; polls++) {
                rig.poll(0);
            }
            rig.cancelAndEnd(receiving);
            while (rig.hasArrived(receiving)) {
                received.append(rig.await(receiving).text());
            }
            assertEquals(message.length(), rig.result(sending));
        }
        long receiving = rig.receive(pair.server());
        received.append(rig.text(receiving, sent.length() - received.length()));

        assertEquals(sent.toString(), received.toString());
    }

    @Test
    void aSingleReceiveEnds() {
        DriverRig.Pair pair = rig.pair();
        Buffer into = Buffer.allocate(64);
        long receiving = rig.receive(pair.server(), into);
        rig.settle();

        assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(receiving));

        rig.sendAll(pair.client(), "kept");
        rig.settle();
        assertEquals(0, into.get(0), "the buffer was given back, and is written to all the same");
        assertEquals(4, rig.result(rig.receive(pair.server(), into)));
    }

    @Test
    void aSendThatWaitsEnds() {
        DriverRig.Pair pair = rig.pair();
        Buffer chunk = Buffer.allocate(1 << 20);
        long sending = rig.send(pair.client(), chunk);
        while (!rig.isWaiting(sending)) {
            assertTrue(rig.result(sending) > 0);
            sending = rig.send(pair.client(), chunk);
        }

        int result = rig.cancelAndEnd(sending);

        // A kernel that sends by itself may have sent a part.
        assertTrue(
                result == -Errno.ECANCELED || result > 0 && result <= chunk.capacity(), () -> "ended with " + result);
    }

    @Test
    void aReceiveOfDatagramsEnds() {
        int socket = rig.opened(driver.openDatagram(DriverRig.LOOPBACK, false));
        long token = rig.token();
        driver.receiveFrom(socket, Buffer.allocate(8), 0, 8, Buffer.allocate(Driver.CONTROL_BYTES), token);
        rig.settle();

        assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(token));
    }

    @Test
    void whatHasJustBeenStartedCanBeCancelled() {
        DriverRig.Pair pair = rig.pair();
        long receiving = rig.receive(pair.server());

        assertEquals(-Errno.ECANCELED, rig.cancelAndEnd(receiving));
    }

    @Test
    void cancellingWhatIsOverOrNeverWasDoesNothing() {
        DriverRig.Pair pair = rig.pair();
        long over = rig.send(pair.client(), "done");
        rig.result(over);

        driver.cancel(over);
        driver.cancel(12_345);
        rig.settle();

        assertEquals("done", rig.text(rig.receive(pair.server()), 4));
    }

    @Test
    void cancellingOneDirectionLeavesTheOther() {
        DriverRig.Pair pair = rig.pair();
        long atServer = rig.receive(pair.server());
        Buffer chunk = Buffer.allocate(1 << 20);
        long sending = rig.send(pair.server(), chunk);
        while (!rig.isWaiting(sending)) {
            rig.result(sending);
            sending = rig.send(pair.server(), chunk);
        }
        rig.cancelAndEnd(sending);

        rig.sendAll(pair.client(), "still here");

        assertEquals("still here", rig.text(atServer, 10));
    }

    @Test
    void aListenerIsClosedInOneBreathWithItsCancellation() {
        int listener = rig.listen();
        InetSocketAddress address = (InetSocketAddress) rig.addressOf(listener);
        long accepting = rig.accept(listener);
        rig.settle();
        driver.cancel(accepting);
        rig.close(listener);

        assertEquals(-Errno.ECANCELED, rig.result(accepting));
        rig.settle();
        int client = rig.opened(driver.openStream(address));
        assertEquals(-Errno.ECONNREFUSED, rig.result(rig.connect(client, address)));
    }
}
