package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.BufferPool;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sending side of a stream socket: bytes are appended to a pooled buffer, and one send is in flight at a time.
 *
 * <pre>
 *   buffer:  [ sent | in flight | appended behind | room ]
 *            0    start      (asked)             end   capacity
 * </pre>
 *
 * What is appended while a send is in flight lies behind it and goes out with the next one, so pipelined answers leave
 * together. When all is sent the buffer goes back to the pool: an idle socket holds none. When it is full the writer must
 * wait until it has drained, so a peer that does not read makes the writer wait and never makes memory grow. Memory that
 * the writer keeps still until it is sent ({@link #sendDirectly}) is not copied, and a file ({@link #sendFile}) does not
 * come into this process's memory where the kernel can help it.
 *
 * <p>A failed send is remembered; the next write or flush reports it, and what was appended is discarded.
 *
 * <p>Belongs to the socket's loop: its thread and the green threads it carries.
 */
public final class Output extends Pending {

    private static final Buffer NONE = Buffer.allocate(0);

    /** What is asked of the kernel at once from a file: so much that the turn in between costs nothing. */
    private static final int FILE_BYTES_AT_ONCE_MAX = 4 * 1024 * 1024;

    private final StreamSocket socket;
    private Buffer buffer = NONE;
    private int start;
    private int end;

    /** For the buffer and what comes after it in one send; made when first needed. */
    private @Nullable Gather gather;

    /** What is sent from the writer's own memory, after the buffer. */
    private @Nullable Buffer direct;

    private int directStart;
    private int directEnd;

    /** What is sent from a file, after the buffer. */
    private @Nullable AsyncFile file;

    private long filePosition;
    private long fileEnd;
    private boolean fileInFlight;

    /** What was wrong with the file, until the writer has been told. */
    private @Nullable OperationException fileFailure;

    private int failure;
    private @Nullable Runnable drained;
    private boolean halfCloseWanted;

    Output(StreamSocket socket) {
        this.socket = socket;
    }

    /**
     * A buffer with room for {@code bytes} more at {@link #position}, or null if the writer must first wait until what is
     * there has been sent. Write at {@link #position}, then {@link #advance}.
     *
     * @param bytes at most {@link #capacity}
     */
    public @Nullable Buffer reserve(int bytes) {
        if (buffer == NONE) {
            buffer = socket.loop().buffers().take();
        }
        return buffer.capacity() - end >= bytes && direct == null && file == null ? buffer : null;
    }

    /** The most that can be reserved at once, in bytes. */
    public static int capacity() {
        return BufferPool.BUFFER_BYTES;
    }

    /** Where the next byte goes in the reserved buffer. */
    public int position() {
        return end;
    }

    /** How many bytes can be appended now. */
    public int room() {
        return direct != null || file != null ? 0 : buffer == NONE ? capacity() : buffer.capacity() - end;
    }

    /** Says that the bytes up to {@code position} have been written. */
    public void advance(int position) {
        if (position < end || position > buffer.capacity()) {
            throw new IllegalArgumentException("from " + end + " to " + position + " of " + buffer.capacity());
        }
        end = position;
    }

    /** Appends as much of the bytes as there is room for; returns how many. */
    public int append(byte[] bytes, int offset, int length) {
        Buffer room = reserve(Math.min(length, 1));
        if (room == null) {
            return 0;
        }
        int count = Math.min(length, room.capacity() - end);
        room.put(end, bytes, offset, count);
        end += count;
        return count;
    }

    /** Appends as much of the bytes as there is room for; returns how many. */
    public int append(Buffer bytes, int offset, int length) {
        Buffer room = reserve(Math.min(length, 1));
        if (room == null) {
            return 0;
        }
        int count = Math.min(length, room.capacity() - end);
        room.put(end, bytes, offset, count);
        end += count;
        return count;
    }

    /** Sends what was appended, now or, if a send is in flight, behind it. */
    public void flush() {
        if (!isInProgress()) {
            sendNext();
        }
    }

    /**
     * Sends {@code bytes} after what was appended, without copying. They must stay as they are, and nothing can be
     * appended, until {@link #isDrained}.
     */
    public void sendDirectly(Buffer bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.capacity());
        checkNothingDirect();
        if (length > 0) {
            direct = bytes;
            directStart = offset;
            directEnd = offset + length;
        }
        flush();
    }

    /**
     * Sends a range of a file of the same loop after what was appended. The file must stay open, and nothing can be
     * appended, until {@link #isDrained}. If it turns out to be shorter, or cannot be read, {@link #check} says so, once, and
     * what follows is sent as if nothing had happened: whoever has announced a length must end the connection.
     */
    public void sendFile(AsyncFile from, long position, long length) {
        if (position < 0 || length < 0) {
            throw new IllegalArgumentException(length + " bytes at " + position);
        }
        checkNothingDirect();
        if (from.isClosed()) {
            throw new IllegalStateException(from + " is closed");
        }
        if (length > 0) {
            file = from;
            filePosition = position;
            fileEnd = position + length;
        }
        flush();
    }

    private void checkNothingDirect() {
        if (direct != null || file != null) {
            throw new IllegalStateException("the last direct send is not over");
        }
    }

    /** Whether everything has been handed to the kernel, or the connection is broken. */
    public boolean isDrained() {
        return !isInProgress() && start == end && direct == null && file == null;
    }

    /** Whether a send is in flight. */
    public boolean isSending() {
        return isInProgress();
    }

    /** Runs {@code action}, once, when {@link #isDrained} becomes true; replaces an earlier one. */
    public void whenDrained(Runnable action) {
        drained = action;
    }

    /** Whether the connection is broken for sending. */
    public boolean hasFailed() {
        return failure != 0;
    }

    /** Throws if a send has failed. */
    public void check() throws OperationException {
        if (failure != 0) {
            throw OperationException.of(describe(), failure);
        }
        OperationException told = fileFailure;
        if (told != null) {
            fileFailure = null;
            throw told.here();
        }
    }

    /** Half-closes the connection after what was appended. */
    void halfClose() {
        halfCloseWanted = true;
        flush();
    }

    /** The socket is being closed: what was not sent is discarded, and who waits is told. */
    void stop() {
        if (failure == 0) {
            failure = -Errno.EBADF;
        }
        if (isInProgress()) {
            socket.loop().driver().cancel(token);
        } else {
            discard();
        }
    }

    @Override
    void completed(int result, int flags) {
        boolean ofFile = fileInFlight;
        fileInFlight = false;
        if (ofFile && (result == 0 || result < 0 && !isOfConnection(result))) {
            failFile(result);
        } else if (result < 0) {
            if (failure == 0) {
                boolean closes = result == -Errno.ECANCELED && socket.loop().isClosing();
                failure = closes ? -Errno.EBADF : result;
                socket.sendFailed(result);
            }
        } else if (ofFile) {
            filePosition += result;
        } else {
            int ofBuffer = Math.min(result, end - start);
            start += ofBuffer;
            directStart += result - ofBuffer;
        }
        sendNext();
    }

    private void failFile(int result) {
        String attempt = "send " + file + " to " + socket;
        fileFailure = result == 0
                ? new OperationException(attempt, Failure.FILE_ENDED)
                : OperationException.of(attempt, result);
        file = null;
    }

    /** Whether that is said of a socket, and not of a file that is sent to it. */
    private static boolean isOfConnection(int result) {
        return switch (-result) {
            case Errno.ECONNRESET,
                    Errno.EPIPE,
                    Errno.ETIMEDOUT,
                    Errno.ECANCELED,
                    Errno.ECONNABORTED,
                    Errno.ENOTCONN,
                    Errno.EHOSTUNREACH,
                    Errno.ENETUNREACH,
                    Errno.ENETDOWN,
                    Errno.ENOBUFS -> true;
            default -> false;
        };
    }

    private void sendNext() {
        if (failure != 0) {
            discard();
            return;
        }
        Loop loop = socket.loop();
        Buffer next = direct;
        if (start < end) {
            if (file != null) {
                loop.driver().sendBeforeFile(socket.handle(), buffer, start, end - start, loop.enter(this));
            } else if (next == null) {
                loop.driver().send(socket.handle(), buffer, start, end - start, loop.enter(this));
            } else {
                loop.driver().send(socket.handle(), gathered(next), loop.enter(this));
            }
            return;
        }
        giveBufferBack();
        if (next != null && directStart < directEnd) {
            loop.driver().send(socket.handle(), next, directStart, directEnd - directStart, loop.enter(this));
            return;
        }
        direct = null;
        AsyncFile source = file;
        if (source != null && source.isClosed()) {
            failure = -Errno.EBADF; // it was announced, and will never come
            discard();
            return;
        }
        if (source != null && filePosition < fileEnd) {
            int length = (int) Math.min(FILE_BYTES_AT_ONCE_MAX, fileEnd - filePosition);
            fileInFlight = true;
            loop.driver().files().transfer(source.handle(), filePosition, socket.handle(), length, loop.enter(this));
            return;
        }
        file = null;
        if (halfCloseWanted) {
            halfCloseWanted = false;
            socket.endOutput();
        }
        tellDrained();
    }

    /** A head and its body leave together: one call of the kernel, and no packet for the head alone. */
    private Gather gathered(Buffer next) {
        Gather pieces = gather;
        if (pieces == null) {
            pieces = new Gather(2);
            gather = pieces;
        }
        return pieces.clear().add(buffer, start, end - start).add(next, directStart, directEnd - directStart);
    }

    private void discard() {
        end = start;
        giveBufferBack();
        direct = null;
        file = null;
        tellDrained();
    }

    private void giveBufferBack() {
        if (buffer != NONE) {
            socket.loop().buffers().giveBack(buffer);
            buffer = NONE;
        }
        start = 0;
        end = 0;
    }

    private void tellDrained() {
        Runnable action = drained;
        if (action != null) {
            drained = null;
            action.run();
        }
    }

    @Override
    String describe() {
        return "send to " + socket;
    }
}
