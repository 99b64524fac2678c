package dev.pumasi.http;

/**
 * The most that a client may send, hold or keep waiting for. Immutable; {@link #DEFAULTS} suit a server on the open
 * network, and {@link #builder()} starts from them.
 *
 * @param requestLineBytesMax longest request line with its line end; beyond it 414
 * @param fieldLineBytesMax longest field line with its line end; beyond it 431
 * @param headBytesMax request line and fields together; beyond it 431. At most {@value #HEAD_BYTES_CEILING}
 * @param fieldsMax most fields of a request; beyond it 431
 * @param emptyLinesMax most empty lines before a request line; beyond it 400
 * @param bodyBytesMax largest body, without framing; beyond it 413
 * @param chunkLineBytesMax longest chunk-size line with its extensions; beyond it 400
 * @param chunkExtensionBytesMax all chunk extensions of one body together; beyond it 400
 * @param trailerBytesMax largest trailer section of a chunked body; beyond it 431
 * @param trailersMax most trailer fields; beyond it 431
 * @param idleTimeoutMillis longest wait for the first byte of the next request; then the connection is closed
 * @param headTimeoutMillis from the first byte of a request to the last of its fields; beyond it 408
 * @param bodyTimeoutMillis longest wait between two reads of a body; beyond it 408
 * @param writeTimeoutMillis longest wait for the client to take more of a response; then the connection is closed.
 *     As long, too, may a response take whose client has ended its side, since it may be gone
 * @param requestsPerConnectionMax after so many the answer says {@code Connection: close}
 * @param connectionsMax most connections of a server at a time, shared out evenly among its loops; one more is answered
 *     with 503
 */
public record HttpLimits(
        int requestLineBytesMax,
        int fieldLineBytesMax,
        int headBytesMax,
        int fieldsMax,
        int emptyLinesMax,
        long bodyBytesMax,
        int chunkLineBytesMax,
        int chunkExtensionBytesMax,
        int trailerBytesMax,
        int trailersMax,
        int idleTimeoutMillis,
        int headTimeoutMillis,
        int bodyTimeoutMillis,
        int writeTimeoutMillis,
        int requestsPerConnectionMax,
        int connectionsMax) {

    /** The field index keeps offsets in 16 bits, so no head can be larger. */
    public static final int HEAD_BYTES_CEILING = 65_535;

    public static final HttpLimits DEFAULTS = new HttpLimits(
            8_192, 8_192, 32_768, 100, 4, 1 << 20, 256, 4_096, 8_192, 32, 60_000, 10_000, 30_000, 30_000, 1_000_000,
            50_000);

    public HttpLimits {
        between("requestLineBytesMax", requestLineBytesMax, 16, HEAD_BYTES_CEILING);
        between("fieldLineBytesMax", fieldLineBytesMax, 16, HEAD_BYTES_CEILING);
        between("headBytesMax", headBytesMax, 64, HEAD_BYTES_CEILING);
        between("fieldsMax", fieldsMax, 1, 10_000);
        between("emptyLinesMax", emptyLinesMax, 0, 1_000);
        between("bodyBytesMax", bodyBytesMax, 0, Long.MAX_VALUE / 2);
        between("chunkLineBytesMax", chunkLineBytesMax, 20, 65_535);
        between("chunkExtensionBytesMax", chunkExtensionBytesMax, 0, 1 << 20);
        between("trailerBytesMax", trailerBytesMax, 2, HEAD_BYTES_CEILING);
        between("trailersMax", trailersMax, 0, 10_000);
        between("idleTimeoutMillis", idleTimeoutMillis, 1, Integer.MAX_VALUE);
        between("headTimeoutMillis", headTimeoutMillis, 1, Integer.MAX_VALUE);
        between("bodyTimeoutMillis", bodyTimeoutMillis, 1, Integer.MAX_VALUE);
        between("writeTimeoutMillis", writeTimeoutMillis, 1, Integer.MAX_VALUE);
        between("requestsPerConnectionMax", requestsPerConnectionMax, 1, Integer.MAX_VALUE);
        between("connectionsMax", connectionsMax, 1, Integer.MAX_VALUE);
    }

    static void between(String name, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", which is not between " + least + " and " + most);
        }
    }

    /** The {@link #DEFAULTS}, to be changed one by one. */
    public static Builder builder() {
        return new Builder(DEFAULTS);
    }

    /** These limits, to be changed one by one. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Collects limits; {@link #build} checks them. */
    public static final class Builder {
        private int requestLineBytesMax;
        private int fieldLineBytesMax;
        private int headBytesMax;
        private int fieldsMax;
        private int emptyLinesMax;
        private long bodyBytesMax;
        private int chunkLineBytesMax;
        private int chunkExtensionBytesMax;
        private int trailerBytesMax;
        private int trailersMax;
        private int idleTimeoutMillis;
        private int headTimeoutMillis;
        private int bodyTimeoutMillis;
        private int writeTimeoutMillis;
        private int requestsPerConnectionMax;
        private int connectionsMax;

        private Builder(HttpLimits from) {
            requestLineBytesMax = from.requestLineBytesMax;
            fieldLineBytesMax = from.fieldLineBytesMax;
            headBytesMax = from.headBytesMax;
            fieldsMax = from.fieldsMax;
            emptyLinesMax = from.emptyLinesMax;
            bodyBytesMax = from.bodyBytesMax;
            chunkLineBytesMax = from.chunkLineBytesMax;
            chunkExtensionBytesMax = from.chunkExtensionBytesMax;
            trailerBytesMax = from.trailerBytesMax;
            trailersMax = from.trailersMax;
            idleTimeoutMillis = from.idleTimeoutMillis;
            headTimeoutMillis = from.headTimeoutMillis;
            bodyTimeoutMillis = from.bodyTimeoutMillis;
            writeTimeoutMillis = from.writeTimeoutMillis;
            requestsPerConnectionMax = from.requestsPerConnectionMax;
            connectionsMax = from.connectionsMax;
        }

        public Builder requestLineBytesMax(int bytes) {
            requestLineBytesMax = bytes;
            return this;
        }

        public Builder fieldLineBytesMax(int bytes) {
            fieldLineBytesMax = bytes;
            return this;
        }

        public Builder headBytesMax(int bytes) {
            headBytesMax = bytes;
            return this;
        }

        public Builder fieldsMax(int fields) {
            fieldsMax = fields;
            return this;
        }

        public Builder emptyLinesMax(int lines) {
            emptyLinesMax = lines;
            return this;
        }

        public Builder bodyBytesMax(long bytes) {
            bodyBytesMax = bytes;
            return this;
        }

        public Builder chunkLineBytesMax(int bytes) {
            chunkLineBytesMax = bytes;
            return this;
        }

        public Builder chunkExtensionBytesMax(int bytes) {
            chunkExtensionBytesMax = bytes;
            return this;
        }

        public Builder trailerBytesMax(int bytes) {
            trailerBytesMax = bytes;
            return this;
        }

        public Builder trailersMax(int fields) {
            trailersMax = fields;
            return this;
        }

        public Builder idleTimeoutMillis(int millis) {
            idleTimeoutMillis = millis;
            return this;
        }

        public Builder headTimeoutMillis(int millis) {
            headTimeoutMillis = millis;
            return this;
        }

        public Builder bodyTimeoutMillis(int millis) {
            bodyTimeoutMillis = millis;
            return this;
        }

        public Builder writeTimeoutMillis(int millis) {
            writeTimeoutMillis = millis;
            return this;
        }

        public Builder requestsPerConnectionMax(int requests) {
            requestsPerConnectionMax = requests;
            return this;
        }

        public Builder connectionsMax(int connections) {
            connectionsMax = connections;
            return this;
        }

        /** Fails with {@link IllegalArgumentException} where a limit makes no sense. */
        public HttpLimits build() {
            return new HttpLimits(
                    requestLineBytesMax,
                    fieldLineBytesMax,
                    headBytesMax,
                    fieldsMax,
                    emptyLinesMax,
                    bodyBytesMax,
                    chunkLineBytesMax,
                    chunkExtensionBytesMax,
                    trailerBytesMax,
                    trailersMax,
                    idleTimeoutMillis,
                    headTimeoutMillis,
                    bodyTimeoutMillis,
                    writeTimeoutMillis,
                    requestsPerConnectionMax,
                    connectionsMax);
        }
    }
}
