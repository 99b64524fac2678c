package dev.pumasi.http;

import dev.pumasi.runtime.Gate;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/** The body of a request that is still arriving: its reader waits at the connection's gate. */
final class ConnectionBody extends RequestBody {

    private final HttpConnection connection;
    private final Gate gate;
    private final long length;

    ConnectionBody(HttpConnection connection, Gate gate, long length) {
        this.connection = connection;
        this.gate = gate;
        this.length = length;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, to.length);
        return count == 0 ? 0 : gate.pass(() -> connection.takeBody(gate, to, offset, count));
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
        return connection.trailers(gate);
    }
}
