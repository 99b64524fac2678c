package dev.pumasi.http;

/**
 * The most that a server may send or keep an {@link HttpClient} waiting for, and the most that the client holds. Immutable;
 * {@link #DEFAULTS} suit services that call each other, and {@link #builder()} starts from them.
 *
 * @param statusLineBytesMax longest status line with its line end
 * @param fieldLineBytesMax longest field line with its line end
 * @param headBytesMax status line and fields of an answer together
 * @param fieldsMax most fields of an answer
 * @param interimMax most interim answers (1xx) before the final one
 * @param chunkLineBytesMax longest chunk-size line with its extensions
 * @param chunkExtensionBytesMax all chunk extensions of one body together
 * @param trailerBytesMax largest trailer section
 * @param trailersMax most trailer fields
 * @param bodyBytesMax largest body that is held in memory at once; one that is read bit by bit may be of any length
 * @param connectTimeoutMillis from the wish for a connection to having one: the wait for one that is free, the name,
 *     the connecting
 * @param writeTimeoutMillis longest wait for the server to take more of a request
 * @param continueTimeoutMillis longest wait for {@code 100 Continue}; then the body is sent without it (RFC 9110
 *     section 10.1.1)
 * @param firstByteTimeoutMillis from the end of the request, or the last interim answer, to the first byte of the
 *     next
 * @param headTimeoutMillis from the first byte of an answer to the last of its fields
 * @param readTimeoutMillis longest wait between two reads of a body
 * @param wholeTimeoutMillis from the call to the last byte of the answer, with every retry and redirect; also the
 *     longest time that an answer may lie unread
 * @param idleTimeoutMillis how long an unused connection is kept
 * @param connectionsPerOriginMax most connections to one origin, for each loop
 * @param connectionsMax most connections to all origins together, for each loop
 * @param waitingMax most requests that wait for a connection to one origin, for each loop; one more fails at once
 * @param retriesMax how often a request may be sent again where that is safe
 * @param redirectsMax how many redirects are followed
 */
public record ClientLimits(
        int statusLineBytesMax,
        int fieldLineBytesMax,
        int headBytesMax,
        int fieldsMax,
        int interimMax,
        int chunkLineBytesMax,
        int chunkExtensionBytesMax,
        int trailerBytesMax,
        int trailersMax,
        long bodyBytesMax,
        int connectTimeoutMillis,
        int writeTimeoutMillis,
        int continueTimeoutMillis,
        int firstByteTimeoutMillis,
        int headTimeoutMillis,
        int readTimeoutMillis,
        int wholeTimeoutMillis,
        int idleTimeoutMillis,
        int connectionsPerOriginMax,
        int connectionsMax,
        int waitingMax,
        int retriesMax,
        int redirectsMax) {

    /** Nobody needs to be sent on more often. */
    public static final int REDIRECTS_CEILING = 20;

    public static final ClientLimits DEFAULTS = new ClientLimits(
            8192,
            8192,
            32_768,
            100,
            16,
            256,
            4096,
            8192,
            32,
            16_777_216,
            10_000,
            30_000,
            1000,
            30_000,
            10_000,
            30_000,
            600_000,
            30_000,
            64,
            1024,
            1024,
            2,
            0);

    public ClientLimits {
        HttpLimits.between("statusLineBytesMax", statusLineBytesMax, 16, HttpLimits.HEAD_BYTES_CEILING);
        HttpLimits.between("fieldLineBytesMax", fieldLineBytesMax, 16, HttpLimits.HEAD_BYTES_CEILING);
        HttpLimits.between("headBytesMax", headBytesMax, 64, HttpLimits.HEAD_BYTES_CEILING);
        HttpLimits.between("fieldsMax", fieldsMax, 1, 10_000);
        HttpLimits.between("interimMax", interimMax, 0, 1_000);
        HttpLimits.between("chunkLineBytesMax", chunkLineBytesMax, 20, 65_535);
        HttpLimits.between("chunkExtensionBytesMax", chunkExtensionBytesMax, 0, 1 << 20);
        HttpLimits.between("trailerBytesMax", trailerBytesMax, 2, HttpLimits.HEAD_BYTES_CEILING);
        HttpLimits.between("trailersMax", trailersMax, 0, 10_000);
        HttpLimits.between("bodyBytesMax", bodyBytesMax, 0, Integer.MAX_VALUE - 8);
        HttpLimits.between("connectTimeoutMillis", connectTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("writeTimeoutMillis", writeTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("continueTimeoutMillis", continueTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("firstByteTimeoutMillis", firstByteTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("headTimeoutMillis", headTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("readTimeoutMillis", readTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("wholeTimeoutMillis", wholeTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("idleTimeoutMillis", idleTimeoutMillis, 1, Integer.MAX_VALUE);
        HttpLimits.between("connectionsPerOriginMax", connectionsPerOriginMax, 1, 1_000_000);
        HttpLimits.between("connectionsMax", connectionsMax, 1, 1_000_000);
        HttpLimits.between("waitingMax", waitingMax, 0, 1_000_000);
        HttpLimits.between("retriesMax", retriesMax, 0, 100);
        HttpLimits.between("redirectsMax", redirectsMax, 0, REDIRECTS_CEILING);
    }

    /** The {@link #DEFAULTS}, to be changed one by one. */
    public static Builder builder() {
        return DEFAULTS.toBuilder();
    }

    /** These limits, to be changed one by one. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** What the codec must know of it. */
    HttpLimits codec() {
        return HttpLimits.builder()
                .requestLineBytesMax(statusLineBytesMax)
                .fieldLineBytesMax(fieldLineBytesMax)
                .headBytesMax(headBytesMax)
                .fieldsMax(fieldsMax)
                .chunkLineBytesMax(chunkLineBytesMax)
                .chunkExtensionBytesMax(chunkExtensionBytesMax)
                .trailerBytesMax(trailerBytesMax)
                .trailersMax(trailersMax)
                .build();
    }

    /** Collects limits; {@link #build} checks them. */
    public static final class Builder {
        private int statusLineBytesMax;
        private int fieldLineBytesMax;
        private int headBytesMax;
        private int fieldsMax;
        private int interimMax;
        private int chunkLineBytesMax;
        private int chunkExtensionBytesMax;
        private int trailerBytesMax;
        private int trailersMax;
        private long bodyBytesMax;
        private int connectTimeoutMillis;
        private int writeTimeoutMillis;
        private int continueTimeoutMillis;
        private int firstByteTimeoutMillis;
        private int headTimeoutMillis;
        private int readTimeoutMillis;
        private int wholeTimeoutMillis;
        private int idleTimeoutMillis;
        private int connectionsPerOriginMax;
        private int connectionsMax;
        private int waitingMax;
        private int retriesMax;
        private int redirectsMax;

        private Builder(ClientLimits from) {
            statusLineBytesMax = from.statusLineBytesMax;
            fieldLineBytesMax = from.fieldLineBytesMax;
            headBytesMax = from.headBytesMax;
            fieldsMax = from.fieldsMax;
            interimMax = from.interimMax;
            chunkLineBytesMax = from.chunkLineBytesMax;
            chunkExtensionBytesMax = from.chunkExtensionBytesMax;
            trailerBytesMax = from.trailerBytesMax;
            trailersMax = from.trailersMax;
            bodyBytesMax = from.bodyBytesMax;
            connectTimeoutMillis = from.connectTimeoutMillis;
            writeTimeoutMillis = from.writeTimeoutMillis;
            continueTimeoutMillis = from.continueTimeoutMillis;
            firstByteTimeoutMillis = from.firstByteTimeoutMillis;
            headTimeoutMillis = from.headTimeoutMillis;
            readTimeoutMillis = from.readTimeoutMillis;
            wholeTimeoutMillis = from.wholeTimeoutMillis;
            idleTimeoutMillis = from.idleTimeoutMillis;
            connectionsPerOriginMax = from.connectionsPerOriginMax;
            connectionsMax = from.connectionsMax;
            waitingMax = from.waitingMax;
            retriesMax = from.retriesMax;
            redirectsMax = from.redirectsMax;
        }

        public Builder statusLineBytesMax(int bytes) {
            statusLineBytesMax = bytes;
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

        public Builder fieldsMax(int most) {
            fieldsMax = most;
            return this;
        }

        public Builder interimMax(int most) {
            interimMax = most;
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

        public Builder trailersMax(int most) {
            trailersMax = most;
            return this;
        }

        public Builder bodyBytesMax(long bytes) {
            bodyBytesMax = bytes;
            return this;
        }

        public Builder connectTimeoutMillis(int millis) {
            connectTimeoutMillis = millis;
            return this;
        }

        public Builder writeTimeoutMillis(int millis) {
            writeTimeoutMillis = millis;
            return this;
        }

        public Builder continueTimeoutMillis(int millis) {
            continueTimeoutMillis = millis;
            return this;
        }

        public Builder firstByteTimeoutMillis(int millis) {
            firstByteTimeoutMillis = millis;
            return this;
        }

        public Builder headTimeoutMillis(int millis) {
            headTimeoutMillis = millis;
            return this;
        }

        public Builder readTimeoutMillis(int millis) {
            readTimeoutMillis = millis;
            return this;
        }

        public Builder wholeTimeoutMillis(int millis) {
            wholeTimeoutMillis = millis;
            return this;
        }

        public Builder idleTimeoutMillis(int millis) {
            idleTimeoutMillis = millis;
            return this;
        }

        public Builder connectionsPerOriginMax(int most) {
            connectionsPerOriginMax = most;
            return this;
        }

        public Builder connectionsMax(int most) {
            connectionsMax = most;
            return this;
        }

        public Builder waitingMax(int most) {
            waitingMax = most;
            return this;
        }

        public Builder retriesMax(int most) {
            retriesMax = most;
            return this;
        }

        public Builder redirectsMax(int most) {
            redirectsMax = most;
            return this;
        }

        /** Fails with {@link IllegalArgumentException} where a limit makes no sense. */
        public ClientLimits build() {
            return new ClientLimits(
                    statusLineBytesMax,
                    fieldLineBytesMax,
                    headBytesMax,
                    fieldsMax,
                    interimMax,
                    chunkLineBytesMax,
                    chunkExtensionBytesMax,
                    trailerBytesMax,
                    trailersMax,
                    bodyBytesMax,
                    connectTimeoutMillis,
                    writeTimeoutMillis,
                    continueTimeoutMillis,
                    firstByteTimeoutMillis,
                    headTimeoutMillis,
                    readTimeoutMillis,
                    wholeTimeoutMillis,
                    idleTimeoutMillis,
                    connectionsPerOriginMax,
                    connectionsMax,
                    waitingMax,
                    retriesMax,
                    redirectsMax);
        }
    }
}
