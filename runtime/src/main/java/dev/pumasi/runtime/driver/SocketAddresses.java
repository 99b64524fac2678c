package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Memory;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.Charset;

/**
 * Addresses as the kernel writes them: {@code sockaddr_in} ({@code ip(7)}), {@code sockaddr_in6} ({@code ipv6(7)}) and
 * {@code sockaddr_un} ({@code unix(7)}, paths only). Stateless; any thread.
 */
final class SocketAddresses {

    static final int AF_UNSPEC = 0;
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    /** {@code struct sockaddr_storage}: the longest address of any family. */
    static final int BYTES_MAX = 128;

    private static final int INET_BYTES = 16;
    private static final int INET6_BYTES = 28;
    private static final int UNIX_PATH_OFFSET = 2;
    /** {@code sun_path} is 108 bytes, and one of them ends it. */
    private static final int UNIX_PATH_BYTES_MAX = 107;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    /** The encoding of the file system's names, which is not always that of files' contents. */
    private static final Charset PATHS =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), Charset.defaultCharset());

    private SocketAddresses() {}

    /** The address family in which a socket for {@code address} is made. */
    static int family(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress inet -> inet.getAddress() instanceof Inet6Address ? AF_INET6 : AF_INET;
            case UnixDomainSocketAddress _ -> AF_UNIX;
            default -> throw unknown(address);
        };
    }

    /** Whether it is IPv6's {@code ::}, which stands for every address of both protocols. */
    static boolean isUnspecified6(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                && inet.getAddress() instanceof Inet6Address six
                && six.isAnyLocalAddress();
    }

    /**
     * Writes {@code address} to the {@link #BYTES_MAX} bytes at {@code at}.
     *
     * @return its length in bytes; {@link Errno#EHOSTUNREACH} negated for a host name that was never resolved,
     *     {@link Errno#ENAMETOOLONG} or {@link Errno#EINVAL} for a path that is too long or empty
     */
    static int encode(SocketAddress address, long at) {
        return switch (address) {
            case InetSocketAddress inet -> encode(inet, at);
            case UnixDomainSocketAddress unix -> encode(unix, at);
            default -> throw unknown(address);
        };
    }

    private static int encode(InetSocketAddress address, long at) {
        switch (address.getAddress()) {
            case null -> {
                return -Errno.EHOSTUNREACH;
            }
            case Inet4Address four -> {
                Memory.fill(at, INET_BYTES, (byte) 0);
                Memory.putShort(at, (short) AF_INET);
                Memory.putShort(at + 2, networkOrder((short) address.getPort()));
                Memory.copy(four.getAddress(), 0, at + 4, 4);
                return INET_BYTES;
            }
            case Inet6Address six -> {
                Memory.fill(at, INET6_BYTES, (byte) 0);
                Memory.putShort(at, (short) AF_INET6);
                Memory.putShort(at + 2, networkOrder((short) address.getPort()));
                Memory.copy(six.getAddress(), 0, at + 8, 16);
                Memory.putInt(at + 24, six.getScopeId());
                return INET6_BYTES;
            }
            default -> throw unknown(address);
        }
    }

    private static int encode(UnixDomainSocketAddress address, long at) {
        byte[] path = address.getPath().toString().getBytes(PATHS);
        if (path.length > UNIX_PATH_BYTES_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        if (path.length == 0) {
            return -Errno.EINVAL;
        }
        Memory.putShort(at, (short) AF_UNIX);
        Memory.copy(path, 0, at + UNIX_PATH_OFFSET, path.length);
        Memory.putByte(at + UNIX_PATH_OFFSET + path.length, (byte) 0);
        return UNIX_PATH_OFFSET + path.length + 1;
    }

    /**
     * Reads the address of {@code length} bytes at {@code at}. A Unix domain socket without a name, or with one outside
     * the file system, has the empty path; IPv4 in IPv6's clothes ({@code ::ffff:a.b.c.d}) is IPv4.
     */
    static SocketAddress decode(long at, int length) {
        int family = length < Short.BYTES ? AF_UNSPEC : Memory.getShort(at);
        return switch (family) {
            case AF_INET -> new InetSocketAddress(internet(bytes(at + 4, 4), 0), port(at));
            case AF_INET6 -> new InetSocketAddress(internet(bytes(at + 8, 16), Memory.getInt(at + 24)), port(at));
            // Without a family: the sender of a Unix datagram that never had a name.
            case AF_UNSPEC, AF_UNIX -> UnixDomainSocketAddress.of(path(at, length));
            default -> throw new IllegalArgumentException("address family " + family + " is not one of ours");
        };
    }

    private static InetAddress internet(byte[] bytes, int scope) {
        try {
            return scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
        } catch (UnknownHostException impossible) {
            throw new AssertionError("the length of an address was fixed here", impossible);
        }
    }

    private static String path(long at, int length) {
        int end = UNIX_PATH_OFFSET;
        while (end < length && Memory.getByte(at + end) != 0) {
            end++;
        }
        return new String(bytes(at + UNIX_PATH_OFFSET, end - UNIX_PATH_OFFSET), PATHS);
    }

    private static int port(long at) {
        return Short.toUnsignedInt(networkOrder(Memory.getShort(at + 2)));
    }

    private static byte[] bytes(long at, int length) {
        byte[] bytes = new byte[length];
        Memory.copy(at, bytes, 0, length);
        return bytes;
    }

    private static short networkOrder(short value) {
        return LITTLE_ENDIAN ? Short.reverseBytes(value) : value;
    }

    private static IllegalArgumentException unknown(SocketAddress address) {
        return new IllegalArgumentException("neither an internet nor a Unix domain address: "
                + address.getClass().getName());
    }
}
