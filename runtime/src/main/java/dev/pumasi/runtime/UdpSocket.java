package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A datagram socket of one loop. One receive and one send may be in progress at a time. Any thread may call. */
public final class UdpSocket implements Closeable {

    /** A datagram that has arrived in the buffer given to {@link #receive}: its length in bytes and who sent it. */
    public record Datagram(int length, SocketAddress sender) {}

    private final Loop loop;
    private final int handle;
    private final SocketAddress address;
    private @Nullable Pending receiving;
    private @Nullable Pending sending;
    private boolean closed;

    private UdpSocket(Loop loop, int handle, SocketAddress address) {
        this.loop = loop;
        this.handle = handle;
        this.address = address;
        loop.opened(handle);
    }

    /** Binds to {@code address} (port 0: one that is free). Any thread; from elsewhere than the loop it waits for it. */
    public static UdpSocket open(Loop loop, SocketAddress address) throws IOException {
        return open(loop, address, false);
    }

    /**
     * As {@link #open}, on a port that it shares with other sockets which were opened so: the kernel deals out datagrams, all
     * of one sender to the same socket ({@code SO_REUSEPORT}).
     */
    public static UdpSocket openShared(Loop loop, SocketAddress address) throws IOException {
        return open(loop, address, true);
    }

    private static UdpSocket open(Loop loop, SocketAddress address, boolean shared) throws IOException {
        return loop.isCurrent()
                ? openNow(loop, address, shared)
                : new Call<>(loop, "bind " + address, () -> openNow(loop, address, shared))
                        .started()
                        .await();
    }

    private static UdpSocket openNow(Loop loop, SocketAddress address, boolean shared) throws OperationException {
        int handle = loop.driver().openDatagram(address, shared);
        if (handle < 0) {
            throw OperationException.of("bind " + address, handle);
        }
        return new UdpSocket(
                loop, handle, Objects.requireNonNullElse(loop.driver().localAddress(handle), address));
    }

    public Loop loop() {
        return loop;
    }

    public SocketAddress address() {
        return address;
    }

    /** Receives one datagram; what does not fit into {@code length} bytes is cut off. */
    public Operation<Datagram> receive(Buffer into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.capacity());
        Buffer control = Buffer.allocate(Driver.CONTROL_BYTES);
        return new Transfer<Datagram>("receive on ") {
            @Override
            int refusal() {
                receiving = only(receiving);
                return super.refusal();
            }

            @Override
            void submit(long token) {
                loop.driver().receiveFrom(handle, into, offset, length, control, token);
            }

            @Override
            Datagram valueOf(int result) {
                return new Datagram(result, loop.driver().sender(control));
            }
        }.started();
    }

    /** Sends one datagram, whole or not at all. */
    public Operation<Integer> send(Buffer from, int offset, int length, SocketAddress to) {
        Objects.checkFromIndexSize(offset, length, from.capacity());
        Buffer control = Buffer.allocate(Driver.CONTROL_BYTES);
        return new Transfer<Integer>("send to " + to + " from ") {
            @Override
            int refusal() {
                sending = only(sending);
                return super.refusal();
            }

            @Override
            void submit(long token) {
                loop.driver().sendTo(handle, from, offset, length, to, control, token);
            }

            @Override
            Integer valueOf(int result) {
                return result;
            }
        }.started();
    }

    /** Closes it; operations in progress end. */
    @Override
    public void close() {
        loop.run(this::closeNow);
    }

    private void closeNow() {
        if (closed || loop.isOver()) {
            return;
        }
        closed = true;
        cancel(receiving);
        cancel(sending);
        loop.close(handle);
    }

    private void cancel(@Nullable Pending pending) {
        if (pending != null && pending.isInProgress()) {
            loop.driver().cancel(pending.token);
        }
    }

    private abstract class Transfer<T> extends IoOperation<T> {

        private final String attempt;

        Transfer(String attempt) {
            super(UdpSocket.this.loop);
            this.attempt = attempt;
        }

        @Override
        int refusal() {
            return closed ? -Errno.EBADF : 0;
        }

        /** This one, if the one before it in its direction is over. */
        final Transfer<T> only(@Nullable Pending before) {
            if (before != null && before.isInProgress()) {
                throw new IllegalStateException("in progress already: " + before.describe());
            }
            return this;
        }

        @Override
        String describe() {
            return attempt + address;
        }
    }

    @Override
    public String toString() {
        return "datagram socket on " + address;
    }
}
