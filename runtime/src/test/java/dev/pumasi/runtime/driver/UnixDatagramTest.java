package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A datagram to a name in the abstract name space, which the JDK's own sockets do not know. */
final class UnixDatagramTest {

    private static final int SOCK_DGRAM_CLOEXEC = 0x80002;
    private static final int MSG_DONTWAIT = 0x40;

    @Test
    void anAbstractNameIsReached() {
        String name = "pumasi-test-" + ProcessHandle.current().pid();
        byte[] bytes = ("\0" + name).getBytes(StandardCharsets.US_ASCII);
        Buffer address = Buffer.allocate(SocketAddresses.BYTES_MAX);
        Memory.putShort(address.address(), (short) SocketAddresses.AF_UNIX);
        address.put(2, bytes, 0, bytes.length);
        Libc libc = new Libc();
        int receiver = (int) libc.call(SystemCall.SOCKET, SocketAddresses.AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
        try {
            assertEquals(0, libc.call(SystemCall.BIND, receiver, address.address(), 2 + bytes.length));
            assertEquals(0, UnixDatagram.send("@" + name, "READY=1".getBytes(StandardCharsets.US_ASCII)));
            Buffer into = Buffer.allocate(100);
            long length = libc.call(SystemCall.RECVFROM, receiver, into.address(), 100, MSG_DONTWAIT, 0, 0);
            assertEquals("READY=1", into.latin1(0, (int) length));
        } finally {
            libc.call(SystemCall.CLOSE, receiver);
        }
        assertEquals(-Errno.ECONNREFUSED, UnixDatagram.send("@" + name, new byte[] {1}), "nobody is left");
    }

    @Test
    void whatIsNoAddressIsRefused() {
        assertEquals(-Errno.EINVAL, UnixDatagram.send("", new byte[1]));
        assertEquals(-Errno.EINVAL, UnixDatagram.send("relative/path", new byte[1]));
        assertEquals(-Errno.ENAMETOOLONG, UnixDatagram.send("/" + "x".repeat(107), new byte[1]));
        assertEquals(-Errno.ENOENT, UnixDatagram.send("/no/such/socket", new byte[1]));
    }
}
