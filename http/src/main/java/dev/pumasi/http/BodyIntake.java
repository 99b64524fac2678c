package dev.pumasi.http;

import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.Output;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import java.util.List;

/**
 * The body of the current message as it comes in: decodes what has arrived, hands it to its reader, and skips what the
 * reader left. There is one only while a message that has a body is handled. Belongs to the loop's thread.
 */
final class BodyIntake {

    /** What {@link #skip} answers. */
    enum Skipped {
        /** The body has ended; what follows is the next request. */
        ENDED,
        /** More of it must arrive. */
        NEEDS_MORE,
        /** It is longer than can be borne. */
        TOO_LONG,
        /** The client broke the protocol in it: {@link #violation}. */
        VIOLATED
    }

    private static final Buffer NO_BYTES = Buffer.allocate(0);

    private final HttpInput input;
    private final StreamSocket socket;
    private final BodyDecoder decoder;
    private final long length;

    /** Whether the client has been told to send, or did not ask. */
    private boolean continued;

    /** Decoded data that lies at the start of the input. */
    private int dataLeft;

    private int skipped;

    /** For the body that follows {@code head}; the decoder has begun it. */
    BodyIntake(HttpInput input, StreamSocket socket, BodyDecoder decoder, RequestParser head) {
        this(input, socket, decoder, head.contentLength(), !head.expectsContinue());
    }

    /**
     * @param length as it was announced; -1 if it was not
     * @param continued whether the other end sends it without being told to
     */
    BodyIntake(HttpInput input, StreamSocket socket, BodyDecoder decoder, long length, boolean continued) {
        this.input = input;
        this.socket = socket;
        this.decoder = decoder;
        this.length = length;
        this.continued = continued;
    }

    /** Takes up to {@code count} bytes: how many, −1 at the end, or {@link Gate#WOULD_WAIT} if more must arrive. */
    int take(byte[] to, int offset, int count) throws ViolationException {
        while (dataLeft == 0) {
            switch (decode()) {
                case BodyDecoder.DATA -> {}
                case BodyDecoder.END -> {
                    return -1;
                }
                case BodyDecoder.VIOLATION -> throw new ViolationException(decoder.violation());
                default -> {
                    return Gate.WOULD_WAIT;
                }
            }
        }
        int taken = Math.min(count, dataLeft);
        input.buffer().get(input.start(), to, offset, taken);
        consumeData(taken);
        return taken;
    }

    /** Skips what has arrived of a body that nobody wants. */
    Skipped skip() {
        while (true) {
            skipped += dataLeft;
            consumeData(dataLeft);
            if (skipped > HttpConnection.DISCARDED_BYTES_MAX) {
                return Skipped.TOO_LONG;
            }
            switch (decode()) {
                case BodyDecoder.DATA -> {}
                case BodyDecoder.END -> {
                    return Skipped.ENDED;
                }
                case BodyDecoder.VIOLATION -> {
                    return Skipped.VIOLATED;
                }
                default -> {
                    return Skipped.NEEDS_MORE;
                }
            }
        }
    }

    /** Whether nothing of it is left. */
    boolean isRead() {
        return decoder.isEnded() && dataLeft == 0;
    }

    /** Whether what is left can be skipped, so that the connection may live on. */
    boolean isRestBearable() {
        return decoder.isEnded() || continued && length - decoder.decodedBytes() <= HttpConnection.DISCARDED_BYTES_MAX;
    }

    /** Tells a client that waits for it to send the body; {@code whenRoom} runs if that must be tried again. */
    void sendContinue(Runnable whenRoom) {
        if (continued) {
            return;
        }
        Output output = socket.output();
        byte[] line = ResponseEncoder.CONTINUE;
        if (output.room() >= line.length) {
            continued = true;
            output.append(line, 0, line.length);
        } else {
            output.whenDrained(whenRoom);
        }
        output.flush();
    }

    /** The fields after it; empty until its end has been read. */
    List<Field> trailers() {
        return decoder.trailers();
    }

    Violation violation() {
        return decoder.violation();
    }

    /** Whether the end has come in already, with what is there; nothing of it is lost by asking. */
    boolean endIsThere() {
        return dataLeft == 0 && (decoder.isEnded() || decode() == BodyDecoder.END);
    }

    /** To be given back when the message is over. */
    BodyDecoder decoder() {
        return decoder;
    }

    private int decode() {
        if (input.isEmpty()) {
            return decoder.decode(NO_BYTES, 0, 0);
        }
        int from = input.start();
        int outcome = decoder.decode(input.buffer(), from, input.end());
        if (outcome == BodyDecoder.DATA) {
            dataLeft = decoder.dataLength();
            input.consume(decoder.dataStart() - from);
        } else {
            input.consume(decoder.consumed());
        }
        return outcome;
    }

    private void consumeData(int count) {
        input.consume(count);
        dataLeft -= count;
        if (input.size() < HttpConnection.WAITING_BYTES_MAX / 2) {
            socket.resume();
        }
    }
}
