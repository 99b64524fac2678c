package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.lang.ref.Reference;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Sockets whose handles are descriptors: one system call each. */
final class DescriptorSockets implements Sockets {

    /** A broken connection is an error, never a signal. */
    private static final int MSG_NOSIGNAL = 0x4000;

    private static final int MSG_MORE = 0x8000;

    private final Libc libc;
    private final SocketCalls calls;
    private final int descriptorsMax;
    private final boolean isModern;
    private final FileSending fileSending;

    /** @param descriptorsMax sockets whose descriptor is not below it are refused, as if the process had no more */
    DescriptorSockets(Libc libc, int descriptorsMax) {
        this(libc, descriptorsMax, true);
    }

    /** @param isModern false as on kernels that lack what is tried first and may be lacking */
    DescriptorSockets(Libc libc, int descriptorsMax, boolean isModern) {
        this.isModern = isModern;
        this.libc = libc;
        fileSending = new FileSending(libc);
        this.calls = new SocketCalls(libc);
        this.descriptorsMax = descriptorsMax;
    }

    @Override
    public FileCalls files() {
        return new DescriptorFiles(libc, isModern);
    }

    @Override
    public int sendFile(int handle, OpenFile file, long position, int length) {
        return isModern ? fileSending.send(handle, file.descriptor, position, length) : NOT_IN_MEMORY;
    }

    @Override
    public boolean wasFilled(int handle) {
        return fileSending.wasFilled(handle);
    }

    @Override
    public void turn() {
        fileSending.turn();
    }

    @Override
    public void forget(OpenFile file) {
        fileSending.forget(file.descriptor);
    }

    /** @throws DriverUnavailableException where no system calls can be made */
    static Libc libcFor(String driver) {
        if (!Libc.isSupported()) {
            throw new DriverUnavailableException(
                    driver + " does not work here: " + Libc.unsupportedReason() + "; use nio");
        }
        return new Libc();
    }

    @Override
    public int listen(SocketAddress address, int backlog, boolean reusePort) {
        return withinLimit(calls.listen(address, backlog, reusePort));
    }

    @Override
    public int share(int listener) {
        return calls.share(listener);
    }

    @Override
    public int inherit(int descriptor, boolean keep) {
        return withinLimit(calls.inherit(descriptor, keep));
    }

    @Override
    public long openPair() {
        long pair = calls.openPair();
        if (pair >= 0 && Math.max(Driver.first(pair), Driver.second(pair)) >= descriptorsMax) {
            calls.close(Driver.first(pair));
            calls.close(Driver.second(pair));
            return -Errno.EMFILE;
        }
        return pair;
    }

    @Override
    public int openStream(SocketAddress peer) {
        return withinLimit(calls.openStream(peer));
    }

    @Override
    public int openDatagram(SocketAddress local, boolean reusePort) {
        return withinLimit(calls.openDatagram(local, reusePort));
    }

    @Override
    public @Nullable SocketAddress localAddress(int handle) {
        return calls.localAddress(handle);
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int handle) {
        return calls.remoteAddress(handle);
    }

    @Override
    public int setOption(int handle, SocketOption option, int value) {
        return calls.setOption(handle, option, value);
    }

    @Override
    public int option(int handle, SocketOption option) {
        return calls.option(handle, option);
    }

    @Override
    public int shutdownOutput(int handle) {
        return calls.shutdownOutput(handle);
    }

    @Override
    public int adopt(int descriptor) {
        return withinLimit(descriptor);
    }

    @Override
    public Processes processes(ProcessHost host) {
        return new DescriptorProcesses(libc, host, true);
    }

    @Override
    public void close(int handle) {
        calls.close(handle);
    }

    @Override
    public int accept(int listener) {
        return withinLimit((int) libc.call(SystemCall.ACCEPT4, listener, 0, 0, SocketCalls.SOCK_NONBLOCK_CLOEXEC));
    }

    @Override
    public int connect(int handle, SocketAddress peer, Buffer control) {
        int length = SocketAddresses.encode(peer, control.address());
        if (length < 0) {
            return length;
        }
        int result = (int) libc.call(SystemCall.CONNECT, handle, control.address(), length);
        Reference.reachabilityFence(control);
        return switch (result) {
            case -Errno.EALREADY, -Errno.EINTR -> -Errno.EINPROGRESS;
            // Only a Unix domain socket says so: the listener's queue is full, and nothing tells when it has room.
            case -Errno.EAGAIN -> -Errno.ECONNREFUSED;
            default -> result;
        };
    }

    @Override
    public int receive(int handle, Buffer into, int offset, int length) {
        int result = (int) libc.call(SystemCall.RECVFROM, handle, into.address() + offset, length);
        if (result == -Errno.ENOTSOCK) { // a pipe, which is told here, where it costs sockets nothing
            result = (int) libc.call(SystemCall.READ, handle, into.address() + offset, length);
        }
        Reference.reachabilityFence(into);
        return result;
    }

    @Override
    public int receiveFrom(int handle, Buffer into, int offset, int length, Buffer control) {
        long address = control.address();
        control.putInt(SocketAddresses.BYTES_MAX, SocketAddresses.BYTES_MAX);
        int result = (int) libc.call(
                SystemCall.RECVFROM,
                handle,
                into.address() + offset,
                length,
                0,
                address,
                address + SocketAddresses.BYTES_MAX);
        Reference.reachabilityFence(into);
        Reference.reachabilityFence(control);
        return result;
    }

    @Override
    public int send(int handle, Buffer from, int offset, int length) {
        return send(handle, from, offset, length, MSG_NOSIGNAL);
    }

    @Override
    public int sendBeforeFile(int handle, Buffer from, int offset, int length) {
        return send(handle, from, offset, length, MSG_NOSIGNAL | MSG_MORE);
    }

    private int send(int handle, Buffer from, int offset, int length, int flags) {
        int result = (int) libc.call(SystemCall.SENDTO, handle, from.address() + offset, length, flags);
        if (result == -Errno.ENOTSOCK) {
            // Its SIGPIPE does no harm: every JVM ignores that.
            result = (int) libc.call(SystemCall.WRITE, handle, from.address() + offset, length);
        }
        Reference.reachabilityFence(from);
        return result;
    }

    @Override
    public int send(int handle, Gather pieces) {
        int result = (int) libc.call(SystemCall.SENDMSG, handle, pieces.messageAddress(), MSG_NOSIGNAL);
        if (result == -Errno.ENOTSOCK) {
            result = (int) libc.call(SystemCall.WRITEV, handle, pieces.tableAddress(), pieces.size());
        }
        Reference.reachabilityFence(pieces);
        return result;
    }

    @Override
    public int sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control) {
        int addressLength = SocketAddresses.encode(to, control.address());
        if (addressLength < 0) {
            return addressLength;
        }
        int result = (int) libc.call(
                SystemCall.SENDTO,
                handle,
                from.address() + offset,
                length,
                MSG_NOSIGNAL,
                control.address(),
                addressLength);
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(control);
        return result;
    }

    private int withinLimit(int descriptor) {
        if (descriptor < descriptorsMax) {
            return descriptor;
        }
        calls.close(descriptor);
        return -Errno.EMFILE;
    }
}
