package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.memory.Buffer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Datagrams: whole or not at all, and who sent them. */
final class DriverDatagramTest extends EachDriver {

    private final Buffer into = Buffer.allocate(2048);
    private final Buffer control = Buffer.allocate(Driver.CONTROL_BYTES);

    private int open(SocketAddress local) {
        return rig.opened(driver.openDatagram(local, false));
    }

    private long receive(int handle, int length) {
        long token = rig.token();
        driver.receiveFrom(handle, into, 0, length, control, token);
        return token;
    }

    private int send(int handle, Buffer datagram, SocketAddress to) {
        long token = rig.token();
        driver.sendTo(handle, datagram, 0, datagram.capacity(), to, Buffer.allocate(Driver.CONTROL_BYTES), token);
        return rig.result(token);
    }

    @Test
    void aDatagramArrivesWithItsSender() {
        int here = open(DriverRig.LOOPBACK);
        int there = open(DriverRig.LOOPBACK);
        for (int i = 0; i < 10; i++) {
            long receiving = receive(there, 2048);
            rig.assertNothingFrom(receiving);

            assertEquals(5, send(here, Buffer.of("hello"), rig.addressOf(there)));

            assertEquals(5, rig.result(receiving));
            assertEquals("hello", into.latin1(0, 5));
            assertEquals(rig.addressOf(here), driver.sender(control));
        }
    }

    @Test
    void datagramsKeepTheirBordersAndEmptyOnesCount() {
        int here = open(DriverRig.LOOPBACK);
        int there = open(DriverRig.LOOPBACK);
        send(here, Buffer.of("one"), rig.addressOf(there));
        send(here, Buffer.of(""), rig.addressOf(there));
        send(here, Buffer.of("three"), rig.addressOf(there));

        assertEquals(3, rig.result(receive(there, 2048)));
        assertEquals(0, rig.result(receive(there, 2048)));
        assertEquals(5, rig.result(receive(there, 2048)));
    }

    @Test
    void aDatagramIsCutToTheLengthAskedFor() {
        int here = open(DriverRig.LOOPBACK);
        int there = open(DriverRig.LOOPBACK);
        send(here, Buffer.of("abcdef"), rig.addressOf(there));
        send(here, Buffer.of("next"), rig.addressOf(there));

        assertEquals(3, rig.result(receive(there, 3)));
        assertEquals("abc", into.latin1(0, 3));
        assertEquals(4, rig.result(receive(there, 2048)));
    }

    @Test
    void aDatagramThatIsTooLongIsRefusedWhole() {
        int here = open(DriverRig.LOOPBACK);

        assertEquals(-Errno.EMSGSIZE, send(here, Buffer.allocate(70_000), rig.addressOf(here)));
    }

    @Test
    void theUnspecifiedAddressOfIpv6TalksToBothProtocols() {
        int here = driver.openDatagram(new InetSocketAddress("::", 0), false);
        Assumptions.assumeFalse(here == -Errno.EAFNOSUPPORT, "not tested here: no IPv6");
        rig.opened(here);
        int port = ((InetSocketAddress) rig.addressOf(here)).getPort();
        int there = open(DriverRig.LOOPBACK);

        assertEquals(2, send(there, Buffer.of("up"), new InetSocketAddress("127.0.0.1", port)));
        assertEquals(2, rig.result(receive(here, 2048)));
        assertEquals(rig.addressOf(there), driver.sender(control));

        assertEquals(4, send(here, Buffer.of("down"), rig.addressOf(there)));
        assertEquals(4, rig.result(receive(there, 2048)));
        assertEquals(new InetSocketAddress("127.0.0.1", port), driver.sender(control));
    }
}
