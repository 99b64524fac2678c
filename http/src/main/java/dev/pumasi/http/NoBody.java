package dev.pumasi.http;

import java.util.List;

/** The body of a request without one. */
final class NoBody extends RequestBody {

    static final NoBody EMPTY = new NoBody();

    @Override
    public int read(byte[] to, int offset, int length) {
        return length == 0 ? 0 : -1;
    }

    @Override
    public long length() {
        return 0;
    }

    @Override
    public long bytesMax() {
        return 0;
    }

    @Override
    public List<Field> trailers() {
        return List.of();
    }
}
