package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** An operation in progress on a {@link SimDriver}. Running it means: its socket has changed, try it at the next poll. */
final class SimOperation implements Runnable {

    /** What is asked for. */
    sealed interface Request {
        record Accept(SimListener listener) implements Request {}

        record Connect(SimStream stream, SocketAddress peer) implements Request {}

        record ReceiveMany(SimStream stream) implements Request {}

        record Receive(SimStream stream, Buffer into, int offset, int length) implements Request {}

        record Send(SimStream stream, Buffer from, int offset, int length) implements Request {}

        record SendGathered(SimStream stream, Gather pieces) implements Request {}

        record ReceiveFrom(SimDatagrams socket, Buffer into, int offset, int length, Buffer control)
                implements Request {}

        record SendTo(SimDatagrams socket, Buffer from, int offset, int length, InetSocketAddress to)
                implements Request {}

        /** What can only fail. */
        record Refused(int errno) implements Request {}

        default String verb() {
            return switch (this) {
                case Accept a -> "accept";
                case Connect c -> "connect";
                case ReceiveMany r -> "receive*";
                case Receive r -> "receive";
                case Send s -> "send";
                case SendGathered s -> "send";
                case ReceiveFrom r -> "receiveFrom";
                case SendTo s -> "sendTo";
                case Refused r -> "refused";
            };
        }

        /** Whether it waits for what comes in, rather than for what may go out. */
        default boolean isInput() {
            return switch (this) {
                case Accept a -> true;
                case ReceiveMany r -> true;
                case Receive r -> true;
                case ReceiveFrom r -> true;
                case Connect c -> false;
                case Send s -> false;
                case SendGathered s -> false;
                case SendTo s -> false;
                case Refused r -> false;
            };
        }
    }

    /** The largest piece of one send: what a send buffer holds at most, for a datagram's length is checked later. */
    private static final int SEND_BYTES_MAX = 1 << 30;

    final SimDriver driver;
    final Request request;
    final long token;
    final int handle;
    final @Nullable SimSocket socket;

    boolean marked;
    boolean begun;
    boolean cancelled;
    boolean abandoned;

    SimOperation(SimDriver driver, Request request, long token, int handle, @Nullable SimSocket socket) {
        this.driver = driver;
        this.request = request;
        this.token = token;
        this.handle = handle;
        this.socket = socket;
    }

    @Override
    public void run() {
        driver.mark(this);
    }

    /** The next {@code count} bytes to send, read as late as possible: until then they may not change. */
    static byte[] bytes(Gather pieces, int count) {
        byte[] bytes = new byte[count];
        int at = 0;
        for (int i = 0; at < count; i++) {
            int length = Math.min(pieces.length(i), count - at);
            pieces.piece(i).get(pieces.offset(i), bytes, at, length);
            at += length;
        }
        return bytes;
    }

    static int length(Gather pieces) {
        return (int) Math.min(SEND_BYTES_MAX, pieces.length());
    }

    /** For a test that waits in vain. */
    String describe() {
        String on = socket == null
                ? "handle " + handle
                : SimNetwork.text(socket.local())
                        + (socket.remote() == null ? "" : " > " + SimNetwork.text(socket.remote()));
        return request.verb() + " on " + on + (cancelled ? ", cancelled" : "");
    }

    @Override
    public String toString() {
        return describe();
    }

    static String result(int result) {
        return result < 0 ? SimNetwork.errorText(-result) : Integer.toString(result);
    }
}
