package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Streams: how connections come about, what moves through them, and how they end. */
final class DriverContractTest extends EachDriver {

    private static final int CHUNK_BYTES = 256 * 1024;

    // ---------------------------------------------------------------------------------------------- coming about

    @Test
    void bothEndsOfAConnectionKnowTheirAddresses() {
        DriverRig.Pair pair = rig.pair();

        assertEquals(rig.addressOf(pair.client()), driver.remoteAddress(pair.server()));
        assertEquals(rig.addressOf(pair.server()), driver.remoteAddress(pair.client()));
    }

    @Test
    void oneAcceptBringsConnectionAfterConnection() {
        int listener = rig.listen();
        long accepting = rig.accept(listener);

        for (int i = 0; i < 40; i++) {
            DriverRig.Pair pair = rig.pair(listener, accepting);
            rig.close(pair);
        }
    }

    @Test
    void connectionsThatCameBeforeTheAcceptAreNotLost() {
        int listener = rig.listen();
        SocketAddress address = rig.addressOf(listener);
        long[] connecting = new long[30];
        for (int i = 0; i < connecting.length; i++) {
            connecting[i] = rig.connect(rig.opened(driver.openStream(address)), address);
        }
        for (long token : connecting) {
            assertEquals(0, rig.result(token));
        }

        long accepting = rig.accept(listener);

        for (int i = 0; i < connecting.length; i++) {
            rig.opened(rig.await(accepting).result());
        }
    }

    @Test
    void aPortWhereNobodyListensRefuses() {
        int listener = rig.listen();
        SocketAddress address = rig.addressOf(listener);
        rig.close(listener);
        rig.settle();

        int client = rig.opened(driver.openStream(address));

        assertEquals(-Errno.ECONNREFUSED, rig.result(rig.connect(client, address)));
    }

    @Test
    void aSocketThatFailedToConnectNeitherReceivesNorSends() {
        int listener = rig.listen();
        SocketAddress address = rig.addressOf(listener);
        rig.close(listener);
        rig.settle();
        int client = rig.opened(driver.openStream(address));
        assertEquals(-Errno.ECONNREFUSED, rig.result(rig.connect(client, address)));

        // Linux says "end of the stream" or "not connected", depending on how it was asked about the failure.
        for (int i = 0; i < 2; i++) {
            int received = rig.result(i == 0 ? rig.receive(client) : rig.receive(client, Buffer.allocate(8)));
            assertTrue(received == 0 || received == -Errno.ENOTCONN, () -> "received " + received);
        }
        assertEquals(-Errno.EPIPE, rig.result(rig.send(client, "hello?")));
        rig.settle();
    }

    @Test
    void aTakenPortIsRefusedUnlessItIsShared() {
        int first = rig.opened(driver.listen(DriverRig.LOOPBACK, 8, true));
        SocketAddress address = rig.addressOf(first);

        assertEquals(-Errno.EADDRINUSE, driver.listen(address, 8, false));
        rig.opened(driver.listen(address, 8, true));
    }

    @Test
    void aListenersPortIsFreeOnceItIsClosed() {
        int listener = rig.listen();
        SocketAddress address = rig.addressOf(listener);
        rig.cancelAndEnd(rig.accept(listener));
        rig.close(listener);
        rig.settle();

        rig.listen(address);
    }

    @Test
    void anAddressOfAnotherMachineCannotBeListenedOn() {
        // 192.0.2.0/24 is for documentation (RFC 5737): nobody's.
        assertEquals(-Errno.EADDRNOTAVAIL, driver.listen(new InetSocketAddress("192.0.2.1", 0), 8, false));
        assertEquals(
                -Errno.EADDRNOTAVAIL, driver.listen(InetSocketAddress.createUnresolved("name.invalid", 80), 8, false));
    }

    @Test
    void anUnboundSocketHasNoAddresses() {
        int client = rig.opened(driver.openStream(DriverRig.LOOPBACK));

        assertNull(driver.localAddress(client));
        assertNull(driver.remoteAddress(client));
    }

    @Test
    void theUnspecifiedAddressOfIpv6ServesBothProtocols() {
        int listener = driver.listen(new InetSocketAddress("::", 0), 8, false);
        Assumptions.assumeFalse(listener == -Errno.EAFNOSUPPORT, "not tested here: no IPv6");
        rig.opened(listener);
        int port = ((InetSocketAddress) rig.addressOf(listener)).getPort();
        long accepting = rig.accept(listener);

        for (String loopback : new String[] {"127.0.0.1", "::1"}) {
            SocketAddress address = new InetSocketAddress(loopback, port);
            int client = rig.opened(driver.openStream(address));
            long connecting = rig.connect(client, address);
            int server = rig.opened(rig.await(accepting).result());
            assertEquals(0, rig.result(connecting));
            assertEquals(rig.addressOf(client), driver.remoteAddress(server));
        }
        assertTrue(((InetSocketAddress) rig.addressOf(listener)).getAddress() instanceof Inet6Address);
    }

    // ---------------------------------------------------------------------------------------------- receiving

    @Test
    void oneReceiveBringsMessageAfterMessage() {
        DriverRig.Pair pair = rig.pair();
        long receiving = rig.receive(pair.server());

        for (int i = 0; i < 40; i++) {
            String message = "message " + i;
            rig.sendAll(pair.client(), message);
            assertEquals(message, rig.text(receiving, message.length()));
        }
    }

    @Test
    void bytesThatCameBeforeTheReceiveAreThere() {
        DriverRig.Pair pair = rig.pair();
        rig.sendAll(pair.client(), "early");
        rig.settle();

        assertEquals("early", rig.text(rig.receive(pair.server()), 5));
    }

    @Test
    void nothingCompletesInsideTheCallThatStartsIt() {
        DriverRig.Pair pair = rig.pair();
        rig.sendAll(pair.client(), "early");
        rig.settle();

        long receiving = rig.receive(pair.server());
        long sending = rig.send(pair.server(), "at once");

        assertFalse(rig.hasArrived(receiving) || rig.hasArrived(sending));
        assertEquals("early", rig.text(receiving, 5));
        assertEquals(7, rig.result(sending));
    }

    @Test
    void aSingleReceiveWaitsForBytes() {
        DriverRig.Pair pair = rig.pair();
        Buffer into = Buffer.allocate(64);
        long receiving = rig.receive(pair.server(), into);
        rig.assertNothingFrom(receiving);

        rig.sendAll(pair.client(), "hello");

        assertEquals(5, rig.result(receiving));
        assertEquals("hello", into.latin1(0, 5));
    }

    @Test
    void aSingleReceiveTakesNoMoreThanItsRange() {
        DriverRig.Pair pair = rig.pair();
        rig.sendAll(pair.client(), "abcdef");
        rig.settle();
        Buffer into = Buffer.of("........");
        long token = rig.token();

        driver.receive(pair.server(), into, 2, 3, token);

        assertEquals(3, rig.result(token));
        assertEquals("..abc...", into.latin1(0, 8));
        assertEquals("def", rig.text(rig.receive(pair.server()), 3));
    }

    @Test
    void theEndOfTheStreamEndsEitherKindOfReceive() {
        DriverRig.Pair pair = rig.pair();
        long receiving = rig.receive(pair.server());
        rig.sendAll(pair.client(), "last words");
        rig.close(pair.client());

        assertEquals("last words", rig.text(receiving, 10));
        assertEquals(0, rig.result(receiving));
        assertEquals(0, rig.result(rig.receive(pair.server(), Buffer.allocate(8))));
        assertEquals(0, rig.result(rig.receive(pair.server())));
    }

    @Test
    void whenTheProvidedBuffersRunOutReceivingEndsAndGoesOnOnceSomeAreBack() {
        DriverRig.Pair pair = rig.pair();
        rig.holdsBuffers = true;
        long receiving = rig.receive(pair.server());
        Buffer piece = Buffer.of("a message that takes a buffer of its own");
        int messages = 0;
        DriverRig.Completion last = null;
        while (last == null || last.hasMore()) {
            assertEquals(piece.capacity(), rig.result(rig.send(pair.client(), piece)));
            messages++;
            assertTrue(messages <= 65_536, "the provided buffers never run out");
            last = rig.await(receiving);
        }
        assertEquals(-Errno.ENOBUFS, last.result());
        assertEquals(messages - 1, rig.heldCount());

        rig.holdsBuffers = false;
        rig.releaseHeld();

        assertEquals(piece.utf8(0, piece.capacity()), rig.text(rig.receive(pair.server()), piece.capacity()));
    }

    // ---------------------------------------------------------------------------------------------- sending

    @Test
    void aSendWaitsForASlowReader() {
        DriverRig.Pair pair = rig.pair();
        Buffer chunk = Buffer.allocate(CHUNK_BYTES);
        for (int i = 0; i < CHUNK_BYTES; i++) {
            chunk.put(i, (byte) (i * 31 >>> 4));
        }
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        long waiting = sendUntilItWaits(pair.client(), chunk, sent);

        long receiving = rig.receive(pair.server());
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        while (!rig.hasArrived(waiting)) {
            received.writeBytes(rig.await(receiving).bytes());
        }
        int rest = rig.result(waiting);
        assertTrue(rest > 0, () -> "the waiting send fails with " + -rest);
        sent.write(chunk.bytes(0, rest), 0, rest);
        while (received.size() < sent.size()) {
            received.writeBytes(rig.await(receiving).bytes());
        }

        assertArrayEquals(sent.toByteArray(), received.toByteArray());
    }

    /** Sends the chunk again and again until the peer's and our kernel's buffers are full; returns the send that waits. */
    private long sendUntilItWaits(int handle, Buffer chunk, ByteArrayOutputStream sent) {
        for (int i = 0; i < 1000; i++) {
            long sending = rig.send(handle, chunk);
            if (rig.isWaiting(sending)) {
                return sending;
            }
            int result = rig.result(sending);
            assertTrue(result > 0 && result <= chunk.capacity());
            sent.write(chunk.bytes(0, result), 0, result);
        }
        throw new AssertionError("sending never waits");
    }

    @Test
    void piecesAreSentAsOne() {
        DriverRig.Pair pair = rig.pair();
        Buffer shared = Buffer.of("head, tail");
        Gather pieces = new Gather(4)
                .add(shared, 0, 6)
                .add(Buffer.of("<body, >"), 1, 6)
                .add(shared, 6, 4)
                .add(Buffer.of("."), 0, 1);

        assertEquals(17, rig.result(rig.send(pair.client(), pieces)));

        assertEquals("head, body, tail.", rig.text(rig.receive(pair.server()), 17));
    }

    @Test
    void morePiecesThanTheKernelTakesAreSentInPart() {
        DriverRig.Pair pair = rig.pair();
        Buffer chunk = Buffer.allocate(CHUNK_BYTES);
        Gather pieces = new Gather(Gather.PIECES_MAX);
        for (int i = 0; i < Gather.PIECES_MAX; i++) {
            pieces.add(chunk, 0, CHUNK_BYTES);
        }
        long receiving = rig.receive(pair.server());
        long sent = 0;
        long received = 0;
        for (int i = 0; i < 3; i++) {
            long sending = rig.send(pair.client(), pieces);
            while (!rig.hasArrived(sending)) {
                received += rig.await(receiving).result();
            }
            int result = rig.result(sending);
            assertTrue(result > 0 && result <= pieces.length(), () -> "sent " + result);
            sent += result;
        }
        while (received < sent) {
            received += rig.await(receiving).result();
        }
        assertEquals(sent, received);
    }

    @Test
    void sendingAndReceivingGoOnAtTheSameTime() {
        DriverRig.Pair pair = rig.pair();
        long atClient = rig.receive(pair.client());
        long atServer = rig.receive(pair.server());

        for (int i = 0; i < 10; i++) {
            long ping = rig.send(pair.client(), "ping");
            long pong = rig.send(pair.server(), "pong");
            assertEquals("ping", rig.text(atServer, 4));
            assertEquals("pong", rig.text(atClient, 4));
            assertEquals(4, rig.result(ping));
            assertEquals(4, rig.result(pong));
        }
    }

    // ---------------------------------------------------------------------------------------------- ending

    @Test
    void halfAConnectionCanBeClosed() {
        DriverRig.Pair pair = rig.pair();
        long atClient = rig.receive(pair.client());
        long atServer = rig.receive(pair.server());
        rig.sendAll(pair.client(), "question");

        assertEquals(0, driver.shutdownOutput(pair.client()));

        assertEquals("question", rig.text(atServer, 8));
        assertEquals(0, rig.result(atServer));
        rig.sendAll(pair.server(), "answer");
        assertEquals("answer", rig.text(atClient, 6));
        assertEquals(-Errno.EPIPE, rig.result(rig.send(pair.client(), "more")));
    }

    @Test
    void aResetEndsAReceiveAndLaterSends() {
        DriverRig.Pair pair = rig.pair();
        long receiving = rig.receive(pair.server());
        reset(pair.client());

        assertEquals(-Errno.ECONNRESET, rig.result(receiving));
        int sent = rig.result(rig.send(pair.server(), "anybody?"));
        assertTrue(sent == -Errno.EPIPE || sent == -Errno.ECONNRESET, () -> "sending into a reset connection: " + sent);
    }

    @Test
    void aResetEndsASendThatWaits() {
        DriverRig.Pair pair = rig.pair();
        long waiting = sendUntilItWaits(pair.server(), Buffer.allocate(CHUNK_BYTES), new ByteArrayOutputStream());
        reset(pair.client());

        int result = rig.result(waiting);
        assertTrue(result == -Errno.EPIPE || result == -Errno.ECONNRESET, () -> "a send that was reset: " + result);
    }

    private void reset(int handle) {
        assertEquals(0, driver.setOption(handle, SocketOption.LINGER, 0));
        rig.close(handle);
    }

    @Test
    void aConnectionThatHasEndedKeepsNobodyBusy() {
        DriverRig.Pair ended = rig.pair();
        DriverRig.Pair reset = rig.pair();
        long first = rig.receive(ended.server());
        long second = rig.receive(reset.server());
        rig.close(ended.client());
        reset(reset.client());
        assertEquals(0, rig.result(first));
        assertEquals(-Errno.ECONNRESET, rig.result(second));
        driver.shutdownOutput(ended.server());
        rig.settle();

        assertTrue(rig.waitsOut(30_000_000), "the wait ends early though nothing is asked for");
    }

    // ---------------------------------------------------------------------------------------------- options

    @Test
    void smallSegmentsAreSentAtOnceUnlessSwitchedOff() {
        DriverRig.Pair pair = rig.pair();
        for (int handle : new int[] {pair.client(), pair.server()}) {
            assertEquals(1, driver.option(handle, SocketOption.NO_DELAY));
            assertEquals(0, driver.setOption(handle, SocketOption.NO_DELAY, 0));
            assertEquals(0, driver.option(handle, SocketOption.NO_DELAY));
        }
    }

    @Test
    void optionsAreKept() {
        DriverRig.Pair pair = rig.pair();
        int handle = pair.server();

        assertEquals(0, driver.option(handle, SocketOption.KEEP_ALIVE));
        assertEquals(0, driver.setOption(handle, SocketOption.KEEP_ALIVE, 1));
        assertEquals(1, driver.option(handle, SocketOption.KEEP_ALIVE));

        assertEquals(-1, driver.option(handle, SocketOption.LINGER));
        assertEquals(0, driver.setOption(handle, SocketOption.LINGER, 1500));
        assertEquals(2000, driver.option(handle, SocketOption.LINGER));
        assertEquals(0, driver.setOption(handle, SocketOption.LINGER, -1));
        assertEquals(-1, driver.option(handle, SocketOption.LINGER));

        assertEquals(0, driver.setOption(handle, SocketOption.SEND_BUFFER_BYTES, 20_000));
        assertTrue(driver.option(handle, SocketOption.SEND_BUFFER_BYTES) >= 20_000);
        assertEquals(0, driver.setOption(handle, SocketOption.RECEIVE_BUFFER_BYTES, 20_000));
        assertTrue(driver.option(handle, SocketOption.RECEIVE_BUFFER_BYTES) >= 20_000);
        assertNotNull(driver.clock());
    }
}
