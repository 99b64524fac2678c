package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sockets that are channels; a handle is an index into the table of them. What they throw becomes an {@link Errno}.
 *
 * <p>What is sent from goes to its channel as a view of its own: one buffer may be sent by several loops at once, and a
 * view's position belongs to one of them.
 */
final class NioSockets implements Sockets {

    private static final int MILLIS_PER_SECOND = 1000;

    private @Nullable SelectableChannel[] channels = new SelectableChannel[256];
    private int[] free = new int[256];
    private int freeCount;
    private int used;

    SelectableChannel channel(int handle) {
        return Objects.requireNonNull(channels[handle]);
    }

    private int add(SelectableChannel channel) {
        int handle = freeCount > 0 ? free[--freeCount] : used++;
        if (handle == channels.length) {
            channels = Arrays.copyOf(channels, 2 * handle);
        }
        channels[handle] = channel;
        return handle;
    }

    /** Takes over a channel that is read or written like a socket. */
    int adopt(SelectableChannel channel) {
        try {
            channel.configureBlocking(false);
        } catch (IOException closed) {
            return NioErrno.of(closed);
        }
        return add(channel);
    }

    @Override
    public int adopt(int handle) {
        return handle;
    }

    @Override
    public Processes processes(ProcessHost host) {
        return new NioProcesses(this, host);
    }

    // ---------------------------------------------------------------------------------------------- control

    /** One call on a channel. */
    private interface Call {
        int run() throws IOException;
    }

    @Override
    public FileCalls files() {
        return new NioFiles();
    }

    /** A channel's transfer waits for the disk, and nothing in {@code java.nio} tells whether it would. */
    @Override
    public int sendFile(int handle, OpenFile file, long position, int length) {
        return NOT_IN_MEMORY;
    }

    @Override
    public boolean wasFilled(int handle) {
        return false;
    }

    @Override
    public void turn() {
        // Threads read what is sent, in pieces of their own.
    }

    @Override
    public void forget(OpenFile file) {
        // Nothing is remembered of it.
    }

    private static int tried(Call call) {
        try {
            return call.run();
        } catch (UnsupportedOperationException unknown) {
            return -Errno.EAFNOSUPPORT;
        } catch (IOException | IllegalArgumentException | IllegalStateException failure) {
            return NioErrno.of(failure);
        }
    }

    @Override
    public int listen(SocketAddress address, int backlog, boolean reusePort) {
        return tried(() -> {
            ServerSocketChannel channel = ServerSocketChannel.open(family(address));
            return bound(channel, () -> {
                if (isInternet(address)) {
                    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                    if (reusePort) {
                        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
                    }
                }
                channel.bind(address, backlog);
                return 0;
            });
        });
    }

    @Override
    public int openStream(SocketAddress peer) {
        return tried(() -> {
            SocketChannel channel = SocketChannel.open(family(peer));
            return bound(channel, () -> {
                if (isInternet(peer)) {
                    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                return 0;
            });
        });
    }

    @Override
    public int openDatagram(SocketAddress local, boolean reusePort) {
        return tried(() -> {
            DatagramChannel channel = DatagramChannel.open(family(local));
            return bound(channel, () -> {
                if (reusePort) {
                    channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
                }
                channel.bind(local);
                return 0;
            });
        });
    }

    /** Makes the channel ready by {@code preparation}, and closes it if that fails. */
    private int bound(SelectableChannel channel, Call preparation) throws IOException {
        int result = tried(() -> {
            channel.configureBlocking(false);
            return preparation.run();
        });
        if (result < 0) {
            channel.close();
            // A name that does not resolve is none of this machine's addresses.
            return result == -Errno.EHOSTUNREACH ? -Errno.EADDRNOTAVAIL : result;
        }
        return add(channel);
    }

    private static ProtocolFamily family(SocketAddress address) {
        return switch (SocketAddresses.family(address)) {
            case SocketAddresses.AF_UNIX -> StandardProtocolFamily.UNIX;
            case SocketAddresses.AF_INET6 -> StandardProtocolFamily.INET6;
            default -> StandardProtocolFamily.INET;
        };
    }

    private static boolean isInternet(SocketAddress address) {
        return SocketAddresses.family(address) != SocketAddresses.AF_UNIX;
    }

    @Override
    public @Nullable SocketAddress localAddress(int handle) {
        try {
            return channel(handle) instanceof NetworkChannel socket ? socket.getLocalAddress() : null;
        } catch (IOException gone) {
            return null;
        }
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int handle) {
        try {
            return channel(handle) instanceof SocketChannel stream && stream.isConnected()
                    ? stream.getRemoteAddress()
                    : null;
        } catch (IOException gone) {
            return null;
        }
    }

    @Override
    public int setOption(int handle, SocketOption option, int value) {
        if (!(channel(handle) instanceof NetworkChannel channel)) {
            return -Errno.ENOTSOCK;
        }
        java.net.SocketOption<?> theirs = theirs(option);
        if (!channel.supportedOptions().contains(theirs)) {
            return -Errno.ENOPROTOOPT;
        }
        return tried(() -> {
            switch (option) {
                case NO_DELAY -> channel.setOption(StandardSocketOptions.TCP_NODELAY, value != 0);
                case KEEP_ALIVE -> channel.setOption(StandardSocketOptions.SO_KEEPALIVE, value != 0);
                case RECEIVE_BUFFER_BYTES -> channel.setOption(StandardSocketOptions.SO_RCVBUF, value);
                case SEND_BUFFER_BYTES -> channel.setOption(StandardSocketOptions.SO_SNDBUF, value);
                case LINGER ->
                    channel.setOption(
                            StandardSocketOptions.SO_LINGER, value < 0 ? -1 : Math.ceilDiv(value, MILLIS_PER_SECOND));
            }
            return 0;
        });
    }

    @Override
    public int option(int handle, SocketOption option) {
        if (!(channel(handle) instanceof NetworkChannel channel)) {
            return -Errno.ENOTSOCK;
        }
        java.net.SocketOption<?> theirs = theirs(option);
        if (!channel.supportedOptions().contains(theirs)) {
            return -Errno.ENOPROTOOPT;
        }
        return tried(() -> switch (channel.getOption(theirs)) {
            case Boolean on -> on ? 1 : 0;
            case Integer number when option == SocketOption.LINGER && number > 0 -> number * MILLIS_PER_SECOND;
            case Integer number -> number;
            case null, default -> -Errno.ENOPROTOOPT;
        });
    }

    private static java.net.SocketOption<?> theirs(SocketOption option) {
        return switch (option) {
            case NO_DELAY -> StandardSocketOptions.TCP_NODELAY;
            case KEEP_ALIVE -> StandardSocketOptions.SO_KEEPALIVE;
            case RECEIVE_BUFFER_BYTES -> StandardSocketOptions.SO_RCVBUF;
            case SEND_BUFFER_BYTES -> StandardSocketOptions.SO_SNDBUF;
            case LINGER -> StandardSocketOptions.SO_LINGER;
        };
    }

    @Override
    public int shutdownOutput(int handle) {
        if (!(channel(handle) instanceof SocketChannel stream)) {
            return -Errno.ENOTCONN;
        }
        return tried(() -> {
            stream.shutdownOutput();
            return 0;
        });
    }

    @Override
    public void close(int handle) {
        SelectableChannel channel = channel(handle);
        channels[handle] = null;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = handle;
        try {
            channel.close();
        } catch (IOException ignored) {
            // It is closed all the same, and nobody waits for the answer.
        }
    }

    // ---------------------------------------------------------------------------------------------- operations

    @Override
    public int accept(int listener) {
        try {
            SocketChannel accepted = ((ServerSocketChannel) channel(listener)).accept();
            if (accepted == null) {
                return -Errno.EAGAIN;
            }
            return bound(accepted, () -> {
                if (isInternet(accepted.getLocalAddress())) {
                    accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                return 0;
            });
        } catch (IOException failure) {
            return NioErrno.of(failure);
        }
    }

    @Override
    public int connect(int handle, SocketAddress peer, Buffer control) {
        SocketChannel stream = (SocketChannel) channel(handle);
        try {
            boolean isDone = stream.isConnectionPending() ? stream.finishConnect() : stream.connect(peer);
            return isDone ? 0 : -Errno.EINPROGRESS;
        } catch (IOException | IllegalArgumentException | IllegalStateException failure) {
            return NioErrno.of(failure);
        }
    }

    @Override
    public int receive(int handle, Buffer into, int offset, int length) {
        if (!(channel(handle) instanceof ReadableByteChannel channel)) {
            return -Errno.ENOTCONN;
        }
        try {
            int count = channel.read(range(into.view(), offset, length));
            return count > 0 ? count : count < 0 ? 0 : -Errno.EAGAIN;
        } catch (ClosedChannelException neverConnected) {
            // The handle is open, so the channel has closed itself: that is what it does when it fails to connect.
            return -Errno.ENOTCONN;
        } catch (IOException | IllegalStateException failure) {
            return NioErrno.of(failure);
        }
    }

    @Override
    public int receiveFrom(int handle, Buffer into, int offset, int length, Buffer control) {
        if (!(channel(handle) instanceof DatagramChannel channel)) {
            return -Errno.EOPNOTSUPP;
        }
        try {
            ByteBuffer view = range(into.view(), offset, length);
            SocketAddress sender = channel.receive(view);
            if (sender == null) {
                return -Errno.EAGAIN;
            }
            control.putInt(SocketAddresses.BYTES_MAX, SocketAddresses.encode(sender, control.address()));
            Reference.reachabilityFence(control);
            return view.position() - offset;
        } catch (IOException | IllegalStateException failure) {
            return NioErrno.of(failure);
        }
    }

    @Override
    public int send(int handle, Buffer from, int offset, int length) {
        if (!(channel(handle) instanceof WritableByteChannel channel)) {
            return -Errno.EPIPE;
        }
        try {
            int count = channel.write(range(from.view().duplicate(), offset, length));
            return count == 0 && length > 0 ? -Errno.EAGAIN : count;
        } catch (IOException | IllegalStateException failure) {
            return sendFailure(failure);
        }
    }

    @Override
    public int send(int handle, Gather pieces) {
        if (!(channel(handle) instanceof GatheringByteChannel channel)) {
            return -Errno.EPIPE;
        }
        ByteBuffer[] views = new ByteBuffer[pieces.size()];
        for (int i = 0; i < views.length; i++) {
            views[i] = range(pieces.piece(i).view().duplicate(), pieces.offset(i), pieces.length(i));
        }
        try {
            int count = (int) channel.write(views);
            return count == 0 && pieces.length() > 0 ? -Errno.EAGAIN : count;
        } catch (IOException | IllegalStateException failure) {
            return sendFailure(failure);
        }
    }

    @Override
    public int sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control) {
        if (!(channel(handle) instanceof DatagramChannel channel)) {
            return -Errno.EOPNOTSUPP;
        }
        try {
            int count = channel.send(range(from.view().duplicate(), offset, length), to);
            return count == 0 && length > 0 ? -Errno.EAGAIN : count;
        } catch (IOException | IllegalArgumentException | IllegalStateException failure) {
            return sendFailure(failure);
        }
    }

    /** The handle is open; its channel says "closed" when its output has been shut down, or if it failed to connect. */
    private static int sendFailure(Exception failure) {
        return failure instanceof ClosedChannelException ? -Errno.EPIPE : NioErrno.of(failure);
    }

    private static ByteBuffer range(ByteBuffer view, int offset, int length) {
        return view.limit(offset + length).position(offset);
    }
}
