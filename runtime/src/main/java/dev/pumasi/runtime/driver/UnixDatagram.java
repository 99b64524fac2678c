package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.nio.charset.StandardCharsets;

/**
 * One datagram to a Unix domain socket, without a socket of one's own that could be answered: how a service tells its manager
 * something ({@code sd_notify(3)}). Stateless; any thread; it does not wait.
 */
public final class UnixDatagram {

    private static final int SOCK_DGRAM_CLOEXEC = 0x80002;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int PATH_OFFSET = 2;

    /** {@code sun_path} is 108 bytes; a path ends with a zero byte within them. */
    private static final int PATH_BYTES_MAX = 107;

    private UnixDatagram() {}

    /**
     * Sends {@code message}, whole or not at all.
     *
     * @param address a path, or a name in the abstract name space after an {@code @} ({@code unix(7)})
     * @return 0, or a negated number of {@link Errno}: {@link Errno#EINVAL} for what is neither, {@link Errno#EAGAIN} if the
     *     receiver does not keep up, {@link Errno#EOPNOTSUPP} where system calls cannot be made
     */
    public static int send(String address, byte[] message) {
        if (!Libc.isSupported()) {
            return -Errno.EOPNOTSUPP;
        }
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = address.startsWith("@");
        if (!isAbstract && !address.startsWith("/") || path.length < 2) {
            return -Errno.EINVAL;
        }
        if (path.length > PATH_BYTES_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        Libc libc = new Libc();
        int socket = (int) libc.call(SystemCall.SOCKET, SocketAddresses.AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
        if (socket < 0) {
            return socket;
        }
        try {
            // Zeroed, so that a path has its end; an abstract name has none, and its length says where it ends.
            Buffer to = Buffer.allocate(SocketAddresses.BYTES_MAX);
            Memory.putShort(to.address(), (short) SocketAddresses.AF_UNIX);
            to.put(PATH_OFFSET, path, 0, path.length);
            if (isAbstract) {
                to.put(PATH_OFFSET, (byte) 0);
            }
            int length = PATH_OFFSET + path.length + (isAbstract ? 0 : 1);
            Buffer bytes = Buffer.of(message);
            return (int) Math.min(
                    0,
                    libc.call(
                            SystemCall.SENDTO,
                            socket,
                            bytes.address(),
                            message.length,
                            MSG_DONTWAIT | MSG_NOSIGNAL,
                            to.address(),
                            length));
        } finally {
            libc.call(SystemCall.CLOSE, socket);
        }
    }
}
