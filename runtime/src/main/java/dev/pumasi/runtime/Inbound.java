package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;

/**
 * The receiving side of a stream socket: one multishot receive, started again when the kernel lets go of it.
 *
 * <pre>
 *             resume                     end of stream, error
 *   idle ───────────────► receiving ───────────────────────────► ended
 *    ▲                     │      ▲
 *    │ its last completion │ pause│ resume (the last completion then starts it again)
 *    └──────────────── pausing ───┘
 * </pre>
 *
 * Pausing is a request to the kernel; what had arrived by then is still delivered, so a receiver must be able to put away
 * a little after it has paused: {@value #LATE_BYTES_MAX} bytes at most.
 */
final class Inbound extends Pending {

    /** Linux fills at most 32 provided buffers for one socket at a time ({@code MULTISHOT_MAX_RETRY}). */
    static final int LATE_BYTES_MAX = 32 * 2048;

    private static final int NOTHING_HELD = -1;

    private final StreamSocket socket;
    private final Receiver receiver;
    private boolean wanted;
    private boolean pausing;
    private boolean ended;
    private int broken;
    private int delivering = NOTHING_HELD;
    private boolean holding;

    Inbound(StreamSocket socket, Receiver receiver) {
        this.socket = socket;
        this.receiver = receiver;
    }

    void resume() {
        wanted = true;
        if (!isInProgress() && !ended) {
            socket.loop().driver().receive(socket.handle(), socket.loop().enter(this));
        }
    }

    void pause() {
        wanted = false;
        if (isInProgress() && !pausing) {
            pausing = true;
            socket.loop().driver().cancel(token);
        }
    }

    boolean isWanted() {
        return wanted;
    }

    /** A send has failed, and the connection with it: nothing will arrive, but the kernel may not say so. */
    void breakOff(int result) {
        if (isInProgress() && !ended && broken == 0) {
            broken = result;
            socket.loop().driver().cancel(token);
        }
    }

    /** No more deliveries: the socket is being closed. */
    void stop() {
        ended = true;
        pause();
    }

    /** Keeps the provided buffer that is being delivered; returns its id for {@link StreamSocket#giveBack}. */
    int hold() {
        if (delivering == NOTHING_HELD) {
            throw new IllegalStateException("hold() is for received(), while it runs");
        }
        holding = true;
        return delivering;
    }

    @Override
    void completed(int result, int flags) {
        boolean last = (flags & Completions.MORE) == 0;
        if (last) {
            pausing = false;
        }
        if (result > 0) {
            deliver(Completions.bufferId(flags), result);
        } else if (ended) {
            return;
        } else if (result == 0 && broken == 0) { // what a send was told of, a receive sees as the end of the stream
            ended = true;
            receiver.ended();
        } else if (broken != 0 || isBroken(result)) {
            ended = true;
            int why = broken != 0 ? broken : result == -Errno.ECANCELED ? -Errno.EBADF : result; // the loop closes
            receiver.failed(OperationException.of(describe(), why));
        }
        if (last && wanted && !ended && !isInProgress()) {
            resume();
        }
    }

    /** A cancelled receive was paused, and one without buffers only has to be started again. */
    private boolean isBroken(int result) {
        return switch (-result) {
            case Errno.ENOBUFS -> false;
            case Errno.ECANCELED -> socket.loop().isClosing();
            default -> true;
        };
    }

    private void deliver(int id, int length) {
        Loop loop = socket.loop();
        if (ended) {
            loop.driver().release(id);
            return;
        }
        Buffer data = loop.driver().provided(id);
        delivering = id;
        holding = false;
        try {
            receiver.received(data, length);
        } catch (Throwable failure) {
            loop.report("receiver of " + socket, failure);
            socket.close();
        } finally {
            if (!holding) {
                loop.driver().release(id);
            }
            delivering = NOTHING_HELD;
        }
    }

    @Override
    String describe() {
        return "receive on " + socket;
    }
}
