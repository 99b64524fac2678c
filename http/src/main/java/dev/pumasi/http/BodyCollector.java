package dev.pumasi.http;

import dev.pumasi.runtime.Gate;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the body of a request as it arrives, for a handler that runs on the loop's own thread and so cannot wait for it. When
 * there is no more to come, well or not, the handler gets all of it; what went wrong it learns when it reads that far, as it
 * would have otherwise. Belongs to the loop's thread.
 */
final class BodyCollector {

    /** No more of a body is held in memory, whatever {@link HttpLimits#bodyBytesMax} allows. */
    static final int COLLECTED_BYTES_MAX = 64 * 1024 * 1024;

    private static final int FIRST_BYTES = 8_192;

    private final HttpConnection connection;
    private final Gate gate;
    private final long length;
    private final Consumer<Collected> then;
    private byte[] bytes;
    private int filled;

    /** @param then is given the body, once, on the loop: perhaps inside {@link #advance} */
    BodyCollector(HttpConnection connection, Gate gate, long length, Consumer<Collected> then) {
        this.connection = connection;
        this.gate = gate;
        this.length = length;
        this.then = then;
        // What the client announces is believed up to a point only: it has not sent it yet.
        bytes = new byte[(int) Math.min(length < 0 ? FIRST_BYTES : length + 1, 8 * FIRST_BYTES)];
    }

    /** Takes what has arrived. False if more must come: then it is to be called again. */
    boolean advance() {
        IOException broken = null;
        int count = 0;
        try {
            while (count >= 0) {
                if (filled == bytes.length) {
                    if (filled > COLLECTED_BYTES_MAX) {
                        throw new ViolationException(Violation.BODY_TOO_LARGE);
                    }
                    bytes = Arrays.copyOf(bytes, 2 * filled);
                }
                count = connection.takeBody(gate, bytes, filled, bytes.length - filled);
                filled += Math.max(0, count);
            }
            if (count == Gate.WOULD_WAIT) {
                return false;
            }
        } catch (IOException failure) {
            broken = failure;
        }
        then.accept(new Collected(bytes, filled, length, connection.bodyBytesMax(), connection.trailers(gate), broken));
        return true;
    }

    /** A body that is there. */
    static final class Collected extends RequestBody {

        private final byte[] bytes;
        private final int filled;
        private final long length;
        private final long bytesMax;
        private final List<Field> trailers;
        private final @Nullable IOException broken;
        private int taken;
        private boolean ended;
        private volatile boolean retired;

        Collected(
                byte[] bytes,
                int filled,
                long length,
                long bytesMax,
                List<Field> trailers,
                @Nullable IOException broken) {
            this.bytes = bytes;
            this.filled = filled;
            this.length = length;
            this.bytesMax = bytesMax;
            this.trailers = trailers;
            this.broken = broken;
        }

        /** The request has been answered: what belongs to the next one must not be read by mistake. */
        void retire() {
            retired = true;
        }

        private void checkIsCurrent() {
            if (retired) {
                throw new IllegalStateException("this request has been answered, and its body is gone");
            }
        }

        @Override
        public int read(byte[] to, int offset, int count) throws IOException {
            checkIsCurrent();
            int there = Math.min(count, filled - taken);
            if (there == 0 && count > 0) {
                if (broken != null) {
                    throw broken;
                }
                ended = true;
                return -1;
            }
            System.arraycopy(bytes, taken, to, offset, there);
            taken += there;
            return there;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public long bytesMax() {
            return bytesMax;
        }

        @Override
        public List<Field> trailers() {
            checkIsCurrent();
            return ended ? trailers : List.of();
        }
    }
}
