package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes the framing off a request's body: nothing for one with a Content-Length, and chunks, extensions and trailers for
 * a chunked one (RFC 9112 section 7.1). The data itself is not copied; the decoder says where it lies.
 *
 * <pre>
 *   SIZE --> [EXTENSION ...] --> SIZE_LF --(size > 0)--> DATA --> DATA_CR --> DATA_LF --> SIZE
 *                                    |
 *                                    +--(size = 0)--> TRAILER_START --> [NAME --> VALUE --> VALUE_LF] --> END_LF --> ENDED
 * </pre>
 *
 * <p>It takes one byte at a time outside the data and remembers where it is, so that the cut of the bytes makes no
 * difference, nothing need be kept by the caller, and a bad byte is refused as soon as it is there. Extensions are checked
 * by the grammar and then ignored, as section 7.1.1 demands; a line end inside a quoted one would be read differently by
 * others and is refused like every control character. Space before a line end, which some accept, is not accepted.
 *
 * <p>Not thread-safe; used for one body after another. No call allocates unless the client sends trailers.
 */
final class BodyDecoder {

    /** All bytes given have been consumed and the body goes on. */
    static final int NEED_MORE = 0;

    /** There is data: {@link #dataStart} and {@link #dataLength}. */
    static final int DATA = 1;

    /** The body, with its trailers, is complete. Bytes that have not been consumed belong to the next request. */
    static final int END = 2;

    /** The client has broken the protocol: {@link #violation}. */
    static final int VIOLATION = 3;

    /** A size of more digits than these cannot be met. Leading zeros count, or there would be no end to them. */
    private static final int SIZE_DIGITS_MAX = 15;

    private enum State {
        FIXED,
        SIZE,
        EXTENSION_BLANK,
        EXTENSION_NAME_START,
        EXTENSION_NAME,
        EXTENSION_NAME_BLANK,
        EXTENSION_VALUE_START,
        EXTENSION_TOKEN,
        EXTENSION_QUOTED,
        EXTENSION_ESCAPED,
        EXTENSION_QUOTED_END,
        SIZE_LF,
        DATA,
        DATA_CR,
        DATA_LF,
        TRAILER_START,
        TRAILER_NAME,
        TRAILER_VALUE,
        TRAILER_LF,
        END_LF,
        ENDED,
        REFUSED
    }

    private final HttpLimits limits;

    private State state = State.ENDED;
    private long bytesMax;
    private long decoded;

    /** Of the fixed length, or of the chunk. */
    private long remaining;

    private int sizeDigits;
    private int lineBytes;
    private int extensionBytes;

    private int dataStart;
    private int dataLength;
    private int consumed;
    private @Nullable Violation violation;

    private byte[] trailerLine = {};
    private int trailerLength;
    private int trailerColon;
    private int trailerBytes;
    private List<Field> trailers = List.of();

    BodyDecoder(HttpLimits limits) {
        this.limits = limits;
    }

    /** A body follows as the head says. More data than {@code bytesMax} is a violation. */
    void begin(RequestParser head, long bytesMax) {
        if (head.isChunked()) {
            beginChunked(bytesMax);
        } else {
            beginFixed(head.contentLength(), bytesMax);
        }
    }

    /** A body of {@code length} bytes follows; if that is too much, the first {@link #decode} says so. */
    void beginFixed(long length, long bytesMax) {
        clear(bytesMax);
        remaining = length;
        if (length > bytesMax) {
            refuse(Violation.BODY_TOO_LARGE);
        } else {
            state = length == 0 ? State.ENDED : State.FIXED;
        }
    }

    void beginChunked(long bytesMax) {
        clear(bytesMax);
        state = State.SIZE;
    }

    private void clear(long bytesMax) {
        this.bytesMax = bytesMax;
        decoded = 0;
        remaining = 0;
        sizeDigits = 0;
        lineBytes = 0;
        extensionBytes = 0;
        trailerLength = 0;
        trailerBytes = 0;
        trailers = List.of();
        violation = null;
    }

    /** Whether the last byte of the body has been decoded; true at once for a request without one. */
    boolean isEnded() {
        return state == State.ENDED;
    }

    /** Where the data is that {@link #DATA} has announced. */
    int dataStart() {
        return dataStart;
    }

    int dataLength() {
        return dataLength;
    }

    /** How many bytes the last {@link #decode} has used up, counted from its {@code from}: framing and data. */
    int consumed() {
        return consumed;
    }

    /** How many bytes of data there have been. */
    long decodedBytes() {
        return decoded;
    }

    Violation violation() {
        return Objects.requireNonNull(violation, "no violation");
    }

    /** The trailer fields, in their order; complete after {@link #END}. */
    List<Field> trailers() {
        return trailers;
    }

    /**
     * Goes on with the bytes in {@code [from, limit)}, of which none has been consumed before.
     *
     * @return {@link #NEED_MORE}, {@link #DATA}, {@link #END} or {@link #VIOLATION}; in any case {@link #consumed} bytes
     *     are done with, once the data has been taken
     */
    int decode(Buffer in, int from, int limit) {
        int at = from;
        while (true) {
            switch (state) {
                case FIXED, DATA -> {
                    if (at == limit) {
                        consumed = at - from;
                        return NEED_MORE;
                    }
                    return data(from, at, limit);
                }
                case ENDED -> {
                    consumed = at - from;
                    return END;
                }
                case REFUSED -> {
                    consumed = at - from;
                    return VIOLATION;
                }
                default -> {
                    if (at == limit) {
                        consumed = at - from;
                        return NEED_MORE;
                    }
                    state = framing(in.get(at));
                    if (state != State.REFUSED) {
                        at++;
                    }
                }
            }
        }
    }

    private int data(int from, int at, int limit) {
        dataStart = at;
        dataLength = (int) Math.min(remaining, limit - at);
        remaining -= dataLength;
        decoded += dataLength;
        consumed = at + dataLength - from;
        if (remaining == 0) {
            state = state == State.FIXED ? State.ENDED : State.DATA_CR;
        }
        return DATA;
    }

    /** The state after one byte that is not data. */
    private State framing(byte octet) {
        return switch (state) {
            case SIZE -> size(octet);
            case EXTENSION_BLANK,
                    EXTENSION_NAME_START,
                    EXTENSION_NAME,
                    EXTENSION_NAME_BLANK,
                    EXTENSION_VALUE_START,
                    EXTENSION_TOKEN,
                    EXTENSION_QUOTED,
                    EXTENSION_ESCAPED,
                    EXTENSION_QUOTED_END -> limitedExtension(octet);
            case SIZE_LF -> octet == '\n' ? sizeEnd() : refuse(Violation.BARE_CR);
            case DATA_CR -> octet == '\r' ? State.DATA_LF : refuse(Violation.CHUNK_END_MISSING);
            case DATA_LF -> octet == '\n' ? nextSize() : refuse(Violation.CHUNK_END_MISSING);
            case TRAILER_START, TRAILER_NAME, TRAILER_VALUE, TRAILER_LF, END_LF -> limitedTrailer(octet);
            case FIXED, DATA, ENDED, REFUSED -> throw new IllegalStateException("no framing in " + state);
        };
    }

    private State nextSize() {
        sizeDigits = 0;
        lineBytes = 0;
        return State.SIZE;
    }

    private State size(byte octet) {
        int digit = Octets.hex(octet);
        if (digit >= 0) {
            if (sizeDigits == SIZE_DIGITS_MAX) {
                return refuse(Violation.CHUNK_SIZE_OVERFLOW);
            }
            sizeDigits++;
            lineBytes++;
            remaining = 16 * remaining + digit;
            return State.SIZE;
        }
        if (sizeDigits == 0) {
            return refuse(Violation.CHUNK_SIZE_MALFORMED);
        }
        return switch (octet) {
            case '\r' -> State.SIZE_LF;
            case '\n' -> refuse(Violation.BARE_LF);
            case ';', ' ', '\t' -> {
                state = State.EXTENSION_BLANK;
                yield limitedExtension(octet);
            }
            default -> refuse(Violation.CHUNK_SIZE_MALFORMED);
        };
    }

    private State limitedExtension(byte octet) {
        if (++lineBytes > limits.chunkLineBytesMax()) {
            return refuse(Violation.CHUNK_LINE_TOO_LONG);
        }
        if (++extensionBytes > limits.chunkExtensionBytesMax()) {
            return refuse(Violation.CHUNK_EXTENSIONS_TOO_LARGE);
        }
        if (octet == '\n') {
            return refuse(Violation.BARE_LF);
        }
        return extension(octet);
    }

    private State extension(byte octet) {
        boolean blank = octet == ' ' || octet == '\t';
        boolean token = Octets.is(Octets.TOKEN, octet);
        State next = switch (state) {
            case EXTENSION_BLANK ->
                blank ? State.EXTENSION_BLANK : octet == ';' ? State.EXTENSION_NAME_START : State.REFUSED;
            case EXTENSION_NAME_START ->
                blank ? State.EXTENSION_NAME_START : token ? State.EXTENSION_NAME : State.REFUSED;
            case EXTENSION_NAME -> token ? State.EXTENSION_NAME : blank ? State.EXTENSION_NAME_BLANK : afterName(octet);
            case EXTENSION_NAME_BLANK ->
                blank ? State.EXTENSION_NAME_BLANK : octet == '\r' ? State.REFUSED : afterName(octet);
            case EXTENSION_VALUE_START ->
                blank
                        ? State.EXTENSION_VALUE_START
                        : octet == '"' ? State.EXTENSION_QUOTED : token ? State.EXTENSION_TOKEN : State.REFUSED;
            case EXTENSION_TOKEN -> token ? State.EXTENSION_TOKEN : afterValue(octet, blank);
            case EXTENSION_QUOTED ->
                octet == '"'
                        ? State.EXTENSION_QUOTED_END
                        : octet == '\\'
                                ? State.EXTENSION_ESCAPED
                                : Octets.is(Octets.VALUE, octet) ? State.EXTENSION_QUOTED : State.REFUSED;
            case EXTENSION_ESCAPED -> Octets.is(Octets.VALUE, octet) ? State.EXTENSION_QUOTED : State.REFUSED;
            case EXTENSION_QUOTED_END -> afterValue(octet, blank);
            default -> throw new IllegalStateException("no extension in " + state);
        };
        return next == State.REFUSED ? refuse(Violation.CHUNK_EXTENSION_MALFORMED) : next;
    }

    private static State afterName(byte octet) {
        return octet == '=' ? State.EXTENSION_VALUE_START : afterValue(octet, false);
    }

    private static State afterValue(byte octet, boolean blank) {
        return switch (octet) {
            case ';' -> State.EXTENSION_NAME_START;
            case '\r' -> State.SIZE_LF;
            default -> blank ? State.EXTENSION_BLANK : State.REFUSED;
        };
    }

    private State sizeEnd() {
        if (remaining == 0) {
            return State.TRAILER_START;
        }
        return remaining > bytesMax - decoded ? refuse(Violation.BODY_TOO_LARGE) : State.DATA;
    }

    private State limitedTrailer(byte octet) {
        if (++trailerBytes > limits.trailerBytesMax()) {
            return refuse(Violation.TRAILERS_TOO_LARGE);
        }
        return switch (state) {
            case TRAILER_START -> {
                if (octet == '\r') {
                    yield State.END_LF;
                }
                if (octet == ' ' || octet == '\t') {
                    yield refuse(Violation.OBS_FOLD);
                }
                trailerLength = 0;
                yield trailerName(octet);
            }
            case TRAILER_NAME -> trailerName(octet);
            case TRAILER_VALUE -> {
                if (octet == '\r') {
                    yield State.TRAILER_LF;
                }
                if (!Octets.is(Octets.VALUE, octet)) {
                    yield refuse(octet == '\n' ? Violation.BARE_LF : Violation.FIELD_VALUE_CONTROL);
                }
                keep(octet);
                yield State.TRAILER_VALUE;
            }
            case TRAILER_LF -> octet == '\n' ? trailerEnd() : refuse(Violation.BARE_CR);
            case END_LF -> octet == '\n' ? State.ENDED : refuse(Violation.BARE_CR);
            default -> throw new IllegalStateException("no trailer in " + state);
        };
    }

    private State trailerName(byte octet) {
        if (Octets.is(Octets.TOKEN, octet)) {
            keep(octet);
            return State.TRAILER_NAME;
        }
        if (octet == ':' && trailerLength > 0) {
            trailerColon = trailerLength;
            return State.TRAILER_VALUE;
        }
        return refuse(
                switch (octet) {
                    case '\n' -> Violation.BARE_LF;
                    case ' ', '\t' -> Violation.FIELD_NAME_SPACE;
                    default -> Violation.FIELD_NAME_MALFORMED;
                });
    }

    private void keep(byte octet) {
        if (trailerLength == trailerLine.length) {
            trailerLine = Arrays.copyOf(trailerLine, Math.max(64, 2 * trailerLength));
        }
        trailerLine[trailerLength++] = octet;
    }

    private State trailerEnd() {
        if (trailers.size() == limits.trailersMax()) {
            return refuse(Violation.TRAILERS_TOO_MANY);
        }
        String line = new String(trailerLine, 0, trailerLength, StandardCharsets.ISO_8859_1);
        String name = line.substring(0, trailerColon);
        if (Field.isForbiddenInTrailers(name)) {
            return refuse(Violation.TRAILER_FORBIDDEN);
        }
        if (trailers.isEmpty()) {
            trailers = new ArrayList<>();
        }
        trailers.add(new Field(name, Field.withoutBlanks(line.substring(trailerColon))));
        return State.TRAILER_START;
    }

    private State refuse(Violation wrong) {
        violation = wrong;
        state = State.REFUSED;
        return State.REFUSED;
    }
}
