package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is done to sockets at once and without waiting, for every driver whose handles are descriptors: they are made,
 * bound, asked, set and closed. Every socket made here is closed in child processes; it is non-blocking, unless the driver
 * lets the kernel wait.
 *
 * <p>Results are zero or positive, or a negated {@link Errno}; a descriptor whose making fails half-way is closed. Like
 * its {@link Libc}, it belongs to one thread.
 */
final class SocketCalls {

    /** For {@code accept4} and {@code socket}: non-blocking, and closed in child processes. */
    static final int SOCK_NONBLOCK_CLOEXEC = 0x800 | 0x80000;

    private static final int SOCK_CLOEXEC = 0x80000;

    /** {@code O_NONBLOCK}, too. */
    private static final int SOCK_NONBLOCK = 0x800;

    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;

    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEADDR = 2;
    private static final int SO_TYPE = 3;
    private static final int SO_ERROR = 4;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_LINGER = 13;
    private static final int SO_REUSEPORT = 15;
    private static final int SO_ACCEPTCONN = 30;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;
    private static final int SHUT_WR = 1;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;

    private static final int MILLIS_PER_SECOND = 1000;

    private static final int VALUE_OFFSET = SocketAddresses.BYTES_MAX;
    private static final int LENGTH_OFFSET = VALUE_OFFSET + 16;

    private final Libc libc;
    /** An address, an option's value, and a length: one call's worth. */
    private final Buffer scratch = Buffer.allocate(LENGTH_OFFSET + 16);

    /** What is added to a socket's type when it is made. */
    private final int typeFlags;

    SocketCalls(Libc libc) {
        this(libc, SOCK_NONBLOCK_CLOEXEC);
    }

    /** For a driver whose kernel waits by itself. */
    static SocketCalls blocking(Libc libc) {
        return new SocketCalls(libc, SOCK_CLOEXEC);
    }

    private SocketCalls(Libc libc, int typeFlags) {
        this.libc = libc;
        this.typeFlags = typeFlags;
    }

    /** As {@link Driver#listen}. */
    int listen(SocketAddress address, int backlog, boolean reusePort) {
        int descriptor = open(address, SOCK_STREAM);
        if (descriptor < 0) {
            return descriptor;
        }
        int result = prepareToBind(descriptor, address, reusePort);
        if (result >= 0) {
            result = bind(descriptor, address);
        }
        if (result >= 0) {
            result = (int) libc.call(SystemCall.LISTEN, descriptor, backlog);
        }
        return orClosed(descriptor, result);
    }

    /** As {@link Driver#share}: it must not block, since another process may be faster. */
    int share(int descriptor) {
        return setNonBlocking(descriptor, true);
    }

    /** As {@link Driver#inherit}. */
    int inherit(int descriptor, boolean keep) {
        int type = get(descriptor, SOL_SOCKET, SO_TYPE, Integer.BYTES);
        if (type < 0 || type != SOCK_STREAM) {
            return type < 0 ? type : -Errno.ENOTSOCK;
        }
        boolean listens = isListening(descriptor);
        int result = setNonBlocking(descriptor, listens || (typeFlags & SOCK_NONBLOCK) != 0);
        if (result < 0) {
            return result;
        }
        int copy = (int) libc.call(SystemCall.FCNTL, descriptor, F_DUPFD_CLOEXEC, Launch.STREAMS);
        if (copy >= 0 && !keep) {
            close(descriptor);
        }
        return copy;
    }

    /** Whether it was made to listen. */
    boolean isListening(int descriptor) {
        return get(descriptor, SOL_SOCKET, SO_ACCEPTCONN, Integer.BYTES) > 0;
    }

    /** As {@link Driver#openPair}. */
    long openPair() {
        long both = scratch.address() + VALUE_OFFSET;
        long result = libc.call(SystemCall.SOCKETPAIR, SocketAddresses.AF_UNIX, SOCK_STREAM | typeFlags, 0, both);
        return result < 0 ? result : (long) Memory.getInt(both) << Integer.SIZE | Memory.getInt(both + Integer.BYTES);
    }

    private int setNonBlocking(int descriptor, boolean wanted) {
        int flags = (int) libc.call(SystemCall.FCNTL, descriptor, F_GETFL);
        if (flags < 0) {
            return flags;
        }
        int changed = wanted ? flags | SOCK_NONBLOCK : flags & ~SOCK_NONBLOCK;
        return changed == flags ? 0 : (int) libc.call(SystemCall.FCNTL, descriptor, F_SETFL, changed);
    }

    /** As {@link Driver#openStream}. */
    int openStream(SocketAddress peer) {
        return open(peer, SOCK_STREAM);
    }

    /** As {@link Driver#openDatagram}. */
    int openDatagram(SocketAddress local, boolean reusePort) {
        int descriptor = open(local, SOCK_DGRAM);
        if (descriptor < 0) {
            return descriptor;
        }
        int result = isInternet(local) && reusePort ? set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) : 0;
        if (result >= 0 && SocketAddresses.isUnspecified6(local)) {
            listenOnBothProtocols(descriptor);
        }
        if (result >= 0) {
            result = bind(descriptor, local);
        }
        return orClosed(descriptor, result);
    }

    /** As {@link Driver#localAddress}. */
    @Nullable
    SocketAddress localAddress(int descriptor) {
        SocketAddress address = address(SystemCall.GETSOCKNAME, descriptor);
        // A socket that was never bound has port 0, which no bound one has.
        return address instanceof InetSocketAddress inet && inet.getPort() == 0 ? null : address;
    }

    /** As {@link Driver#remoteAddress}. */
    @Nullable
    SocketAddress remoteAddress(int descriptor) {
        return address(SystemCall.GETPEERNAME, descriptor);
    }

    /** As {@link Driver#setOption}. */
    int setOption(int descriptor, SocketOption option, int value) {
        return switch (option) {
            case NO_DELAY -> set(descriptor, IPPROTO_TCP, TCP_NODELAY, value);
            case KEEP_ALIVE -> set(descriptor, SOL_SOCKET, SO_KEEPALIVE, value);
            case RECEIVE_BUFFER_BYTES -> set(descriptor, SOL_SOCKET, SO_RCVBUF, value);
            case SEND_BUFFER_BYTES -> set(descriptor, SOL_SOCKET, SO_SNDBUF, value);
            case LINGER -> setLinger(descriptor, value);
        };
    }

    /** As {@link Driver#option}; a linger time that is switched off is −1, which is no error that this call has. */
    int option(int descriptor, SocketOption option) {
        return switch (option) {
            case NO_DELAY -> get(descriptor, IPPROTO_TCP, TCP_NODELAY, Integer.BYTES);
            case KEEP_ALIVE -> get(descriptor, SOL_SOCKET, SO_KEEPALIVE, Integer.BYTES);
            case RECEIVE_BUFFER_BYTES -> get(descriptor, SOL_SOCKET, SO_RCVBUF, Integer.BYTES);
            case SEND_BUFFER_BYTES -> get(descriptor, SOL_SOCKET, SO_SNDBUF, Integer.BYTES);
            case LINGER -> linger(descriptor);
        };
    }

    /** What the socket's last asynchronous failure was ({@code SO_ERROR}), and forgets it: 0, or an errno negated. */
    int pendingError(int descriptor) {
        int error = get(descriptor, SOL_SOCKET, SO_ERROR, Integer.BYTES);
        return error > 0 ? -error : error;
    }

    /** As {@link Driver#shutdownOutput}. */
    int shutdownOutput(int descriptor) {
        return (int) libc.call(SystemCall.SHUTDOWN, descriptor, SHUT_WR);
    }

    /** Closes; on Linux the descriptor is free again whatever the call says, so it is never repeated. */
    void close(int descriptor) {
        libc.call(SystemCall.CLOSE, descriptor);
    }

    private int open(SocketAddress address, int type) {
        int family = SocketAddresses.family(address);
        int descriptor = (int) libc.call(SystemCall.SOCKET, family, type | typeFlags, 0);
        if (descriptor >= 0 && type == SOCK_STREAM && family != SocketAddresses.AF_UNIX) {
            // A listener hands this down to what it accepts: no call per connection.
            set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
        }
        return descriptor;
    }

    private int prepareToBind(int descriptor, SocketAddress address, boolean reusePort) {
        if (!isInternet(address)) {
            return 0;
        }
        // Connections of a server that has just left must not keep its successor from the port.
        int result = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
        if (result >= 0 && reusePort) {
            result = set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
        }
        if (result >= 0 && SocketAddresses.isUnspecified6(address)) {
            listenOnBothProtocols(descriptor);
        }
        return result;
    }

    /** Whatever the machine's default is; where the kernel refuses, IPv6 alone is still served. */
    private void listenOnBothProtocols(int descriptor) {
        set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }

    private int bind(int descriptor, SocketAddress address) {
        int length = SocketAddresses.encode(address, scratch.address());
        if (length < 0) {
            // A name that does not resolve is none of this machine's addresses.
            return length == -Errno.EHOSTUNREACH ? -Errno.EADDRNOTAVAIL : length;
        }
        return (int) libc.call(SystemCall.BIND, descriptor, scratch.address(), length);
    }

    private int orClosed(int descriptor, int result) {
        if (result < 0) {
            close(descriptor);
            return result;
        }
        return descriptor;
    }

    private @Nullable SocketAddress address(long call, int descriptor) {
        long length = scratch.address() + LENGTH_OFFSET;
        Memory.putInt(length, SocketAddresses.BYTES_MAX);
        long result = libc.call(call, descriptor, scratch.address(), length);
        return result < 0 ? null : SocketAddresses.decode(scratch.address(), Memory.getInt(length));
    }

    private int setLinger(int descriptor, int millis) {
        long value = scratch.address() + VALUE_OFFSET;
        Memory.putInt(value, millis < 0 ? 0 : 1);
        Memory.putInt(value + Integer.BYTES, millis < 0 ? 0 : Math.ceilDiv(millis, MILLIS_PER_SECOND));
        return known(libc.call(SystemCall.SETSOCKOPT, descriptor, SOL_SOCKET, SO_LINGER, value, 2 * Integer.BYTES, 0));
    }

    private int linger(int descriptor) {
        int isOn = get(descriptor, SOL_SOCKET, SO_LINGER, 2 * Integer.BYTES);
        if (isOn <= 0) {
            return isOn == 0 ? -1 : isOn;
        }
        return Memory.getInt(scratch.address() + VALUE_OFFSET + Integer.BYTES) * MILLIS_PER_SECOND;
    }

    private int set(int descriptor, int level, int name, int value) {
        long at = scratch.address() + VALUE_OFFSET;
        Memory.putInt(at, value);
        return known(libc.call(SystemCall.SETSOCKOPT, descriptor, level, name, at, Integer.BYTES, 0));
    }

    /** The option's first four bytes, or an error. */
    private int get(int descriptor, int level, int name, int bytes) {
        long value = scratch.address() + VALUE_OFFSET;
        long length = scratch.address() + LENGTH_OFFSET;
        Memory.putInt(length, bytes);
        int result = known(libc.call(SystemCall.GETSOCKOPT, descriptor, level, name, value, length, 0));
        return result < 0 ? result : Memory.getInt(value);
    }

    /** A Unix domain socket says "not supported" to TCP's options, others "no such option": the latter is meant. */
    private static int known(long result) {
        return result == -Errno.EOPNOTSUPP ? -Errno.ENOPROTOOPT : (int) result;
    }

    private static boolean isInternet(SocketAddress address) {
        return address instanceof InetSocketAddress;
    }
}
