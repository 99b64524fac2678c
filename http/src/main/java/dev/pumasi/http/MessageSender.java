package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Output;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Sends the messages of one connection, one after another: the head, then a body of bytes, fed to the socket's output as
 * that drains, or a stream, whose writer waits at a gate instead. A {@link ResponseSender} knows what the head of a response
 * is, a {@link RequestSender} that of a request.
 *
 * <p>A head, or a short body, is copied behind what is being sent already; a long body goes by large buffers, or, if it is a
 * buffer itself, from where it is. Nothing grows with a slow peer. Belongs to the loop's thread and to the green threads it carries.
 */
abstract sealed class MessageSender permits ResponseSender, RequestSender {

    /** Told what became of the message. */
    interface Listener {

        /** All of it is in the socket's output. */
        void sent();

        /** It cannot be sent, because the connection is broken. */
        void broken();

        /** The other end must take something before it can go on. */
        void waiting();

        /** The other end has taken it. */
        void taken();

        /** The writer of a stream waits here. */
        Gate gate();
    }

    /** Bodies above this are sent by large buffers instead of the output buffer. */
    private static final int LARGE_BODY_BYTES = 16 * 1024;

    /** A body in a buffer of its own is sent from there, without a copy, above this. */
    private static final int COPIED_BUFFER_BYTES_MAX = 4096;

    static final byte[] NO_BYTES = {};

    private final LargeBuffers largeBuffers;
    private final StreamSocket socket;
    private final Listener listener;

    /** A head for which there was no room; null otherwise. */
    private byte @Nullable [] head;

    private int headSent;
    private byte[] body = NO_BYTES;
    private int bodySent;
    private @Nullable Buffer large;

    /** A body that is a buffer of its own. */
    private @Nullable Buffer bodyBuffer;

    private boolean bodyBufferGiven;
    private boolean active;
    private boolean streaming;

    MessageSender(LargeBuffers largeBuffers, StreamSocket socket, Listener listener) {
        this.largeBuffers = largeBuffers;
        this.socket = socket;
        this.listener = listener;
    }

    /** Whether the writer of a stream is at work. */
    boolean isStreaming() {
        return streaming;
    }

    /** Sends a body of bytes, or none, behind the head. */
    final void sendBody(byte[] bytes, @Nullable Buffer own) {
        active = true;
        body = bytes;
        bodyBuffer = own;
        bodyBufferGiven = false;
        bodySent = 0;
        pump();
    }

    /** A writer will write the body; {@link #streamEnded} ends it. */
    final void openStream() {
        active = true;
        streaming = true;
    }

    /** The writer has come to its end, well or not. */
    void streamEnded() {
        streaming = false;
        active = false;
    }

    /** The connection is over. */
    void stop() {
        active = false;
        large = null; // a send may still read it
        bodyBuffer = null;
    }

    /** A buffer with room for a head of so many bytes at {@link Output#position}; null if it must be made elsewhere. */
    final @Nullable Buffer roomForHead(int most) {
        return most <= Output.capacity() ? socket.output().reserve(most) : null;
    }

    /** The head is in the buffer up to there. */
    final void headEnds(int position) {
        socket.output().advance(position);
    }

    /** A head for which there was no room behind what is being sent, or an enormous one: it is fed like a body. */
    final void feed(byte[] made) {
        head = made;
        headSent = 0;
    }

    final int position() {
        return socket.output().position();
    }

    private void drained() {
        listener.taken();
        pump();
    }

    /** Sends as much as there is room for; called again when there is more. */
    private void pump() {
        if (!active) {
            return;
        }
        Output output = socket.output();
        if (output.hasFailed()) {
            active = false;
            listener.broken();
        } else if (!feedHead(output)) {
            waitForRoom(output);
        } else if (streaming) {
            listener.gate().open();
        } else if (bodyBuffer != null) {
            pumpBuffer(output, bodyBuffer);
        } else if (body.length - bodySent > LARGE_BODY_BYTES || large != null) {
            pumpLarge(output);
        } else {
            bodySent += output.append(body, bodySent, body.length - bodySent);
            if (bodySent < body.length) {
                waitForRoom(output);
            } else {
                sent();
            }
        }
    }

    private void pumpBuffer(Output output, Buffer own) {
        int length = own.capacity();
        if (length <= COPIED_BUFFER_BYTES_MAX) {
            bodySent += output.append(own, bodySent, length - bodySent);
        } else if (!bodyBufferGiven) {
            bodyBufferGiven = true;
            output.sendDirectly(own, 0, length);
            bodySent = length;
        }
        if (bodySent < length || bodyBufferGiven && !output.isDrained()) {
            waitForRoom(output);
        } else {
            sent();
        }
    }

    private void sent() {
        active = false;
        body = NO_BYTES;
        bodyBuffer = null;
        listener.sent();
    }

    private boolean feedHead(Output output) {
        byte[] waiting = head;
        if (waiting != null) {
            headSent += output.append(waiting, headSent, waiting.length - headSent);
            if (headSent < waiting.length) {
                return false;
            }
            head = null;
        }
        return true;
    }

    private void pumpLarge(Output output) {
        Buffer buffer = large;
        if (buffer != null && !output.isDrained()) {
            waitForRoom(output);
            return;
        }
        if (buffer != null && bodySent == body.length) {
            largeBuffers.giveBack(buffer);
            large = null;
            sent();
            return;
        }
        if (buffer == null) {
            buffer = largeBuffers.take();
            large = buffer;
        }
        int count = Math.min(LargeBuffers.BYTES, body.length - bodySent);
        buffer.put(0, body, bodySent, count);
        bodySent += count;
        output.sendDirectly(buffer, 0, count);
        waitForRoom(output);
    }

    private void waitForRoom(Output output) {
        listener.waiting();
        output.whenDrained(this::drained);
        output.flush();
    }

    // ------------------------------------------------------------------------------- steps of a stream, on the loop

    /** Appends what there is room for, or answers {@link Gate#WOULD_WAIT}. */
    int append(byte[] bytes, int offset, int length) throws IOException {
        Output output = streamOutput();
        int count = feedHead(output) ? output.append(bytes, offset, length) : 0;
        return count > 0 ? count : waitInStream(output);
    }

    /** Sends memory of the writer's own, which then waits with {@link #awaitDrained}. */
    int sendDirectly(Buffer bytes, int offset, int length) throws IOException {
        Output output = streamOutput();
        if (!feedHead(output) || !output.isDrained()) {
            return waitInStream(output);
        }
        output.sendDirectly(bytes, offset, length);
        return 0;
    }

    /** Whether the file belongs to this connection's loop. Any thread. */
    boolean canSend(AsyncFile file) {
        return file.loop().equals(socket.loop());
    }

    /** Sends a range of a file behind what was appended; the writer then waits with {@link #awaitDrained}. */
    int sendFile(AsyncFile file, long position, long length) throws IOException {
        Output output = streamOutput();
        if (!feedHead(output)) {
            return waitInStream(output);
        }
        output.sendFile(file, position, length);
        return 0;
    }

    int awaitDrained() throws IOException {
        Output output = streamOutput();
        return output.isDrained() ? 0 : waitInStream(output);
    }

    int flush() throws IOException {
        Output output = streamOutput();
        if (!feedHead(output)) {
            return waitInStream(output);
        }
        output.flush();
        return 0;
    }

    private int waitInStream(Output output) {
        waitForRoom(output);
        return Gate.WOULD_WAIT;
    }

    private Output streamOutput() throws IOException {
        if (!active) {
            throw new OperationException("send to " + socket, Failure.PEER_CLOSED);
        }
        socket.output().check();
        return socket.output();
    }
}
