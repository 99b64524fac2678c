package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A connection that nobody serves: it has been answered with 503 and waits for its client to close its end, because to close
 * with bytes unread would reset it, and the client might lose the answer. Nothing here waits.
 */
final class TurnedAway {

    private static final long LINGER_NANOS = 2_000_000_000L;
    private static final int DISCARDED_AT_ONCE = 4096;

    private final SocketChannel channel;
    private final long dueNanos;
    private int discarded;

    private TurnedAway(SocketChannel channel, long dueNanos) {
        this.channel = channel;
        this.dueNanos = dueNanos;
    }

    /** Writes the answer, which fits into what the kernel buffers for a new connection. */
    static TurnedAway answered(SocketChannel channel, BlockingHttp.Workplace workplace, long nowNanos)
            throws IOException {
        channel.configureBlocking(false);
        Buffer output = workplace.output;
        Response response = Refusal.OVERLOADED;
        int end = ResponseEncoder.head(
                response, BodyFraming.LENGTH, false, false, workplace.head, output, 0, output.capacity());
        output.put(end, response.bodyBytes(), 0, response.bodyBytes().length);
        channel.write(output.view().limit(end + response.bodyBytes().length).position(0));
        channel.shutdownOutput();
        return new TurnedAway(channel, nowNanos + LINGER_NANOS);
    }

    /** Takes what the client goes on sending; closes it, and says so, when that is over, too much or too late. */
    boolean hasEnded(long nowNanos) {
        boolean over = nowNanos - dueNanos >= 0;
        try {
            ByteBuffer rubbish = ByteBuffer.allocate(DISCARDED_AT_ONCE);
            int count = over ? -1 : channel.read(rubbish);
            while (count > 0) {
                discarded += count;
                count = discarded > HttpConnection.DISCARDED_BYTES_MAX ? -1 : channel.read(rubbish.clear());
            }
            over = count < 0;
        } catch (IOException gone) {
            over = true;
        }
        if (over) {
            close();
        }
        return over;
    }

    void close() {
        close(channel);
    }

    static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException gone) {
            // Then it has ended already.
        }
    }
}
