package dev.pumasi.http;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/** The body of a request on a {@link BlockingConnection}: whoever reads waits in the connection's own read. */
final class BlockingBody extends RequestBody {

    private final BlockingConnection connection;
    private final BodyDecoder decoder;
    private final long length;
    private int dataLeft;
    private boolean retired;

    BlockingBody(BlockingConnection connection, BodyDecoder decoder, long length) {
        this.connection = connection;
        this.decoder = decoder;
        this.length = length;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, to.length);
        checkIsCurrent();
        if (count == 0) {
            return 0;
        }
        if (!more()) {
            return -1;
        }
        int taken = Math.min(count, dataLeft);
        connection.takeData(to, offset, taken);
        dataLeft -= taken;
        return taken;
    }

    /** Finds the next data; false at the end. */
    private boolean more() throws IOException {
        while (dataLeft == 0) {
            switch (connection.decode(decoder)) {
                case BodyDecoder.DATA -> dataLeft = decoder.dataLength();
                case BodyDecoder.VIOLATION -> throw new ViolationException(decoder.violation());
                default -> {
                    return false;
                }
            }
        }
        return true;
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

    /** Whether nothing of it is left. */
    boolean isRead() {
        return decoder.isEnded() && dataLeft == 0;
    }

    /** Whether what is left can be skipped, so that the connection may live on. */
    boolean isRestBearable() {
        return decoder.isEnded()
                || connection.isContinued() && length - decoder.decodedBytes() <= HttpConnection.DISCARDED_BYTES_MAX;
    }

    /** Skips what the handler left; false if that is too much, or broken. */
    boolean skip() throws IOException {
        int skipped = 0;
        try {
            while (!isRead() && more()) {
                skipped += dataLeft;
                connection.skipData(dataLeft);
                dataLeft = 0;
                if (skipped > HttpConnection.DISCARDED_BYTES_MAX) {
                    return false;
                }
            }
            return true;
        } catch (ViolationException broken) {
            connection.count(broken.violation());
            return false;
        }
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public long bytesMax() {
        return connection.bodyBytesMax();
    }

    @Override
    public List<Field> trailers() {
        checkIsCurrent();
        return decoder.trailers();
    }
}
