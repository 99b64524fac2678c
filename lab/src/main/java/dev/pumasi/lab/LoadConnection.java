package dev.pumasi.lab;

import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Output;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * One of the connections of a {@link LoadShare}: asks, waits for the answer, and is free again. It connects when it is
 * asked to and is not connected, so a connection that the server has closed costs the next request its time, as it would
 * cost a customer.
 *
 * <pre>
 *              connect             connected              answer
 *   APART ───────────────► CONNECTING ─────────► ASKING ─────────► IDLE ──► ASKING …
 *     ▲                        │ failed            │ failed          │ the server closes
 *     │                        └───────────────────┴─────────────────┤
 *     └──────── the server closes, or is late ── LEAVING ◄── answer ─┘ of a connection that is not kept
 * </pre>
 *
 * <p>The request is sent from memory that all connections share; nothing is allocated per request. Belongs to its loop.
 */
final class LoadConnection implements Receiver {

    private enum Phase {
        APART,
        CONNECTING,
        ASKING,
        IDLE,
        LEAVING
    }

    private final LoadShare share;
    private final AnswerScanner answer = new AnswerScanner();
    private @Nullable StreamSocket socket;
    private @Nullable Operation<StreamSocket> connecting;
    private Phase phase = Phase.APART;

    /** Whether a request waits for this connection, or for its answer. */
    private boolean asked;

    private long dueNanos;
    private long begunNanos;
    private long bytes;

    LoadConnection(LoadShare share) {
        this.share = share;
    }

    /** Connects without asking for anything yet. */
    void connect() {
        phase = Phase.CONNECTING;
        Operation<StreamSocket> operation = StreamSocket.connect(share.loop(), share.address());
        connecting = operation;
        operation.within(share.timeout()).onDone(this::connected);
    }

    /** Asks. The share counts it as in progress until it is told how it went. */
    void ask(long due, long nowNanos) {
        asked = true;
        dueNanos = due;
        begunNanos = nowNanos;
        if (socket == null) {
            connect();
        } else {
            send();
        }
    }

    /** When the current request was due, if there is one. */
    long dueNanos() {
        return dueNanos;
    }

    long begunNanos() {
        return begunNanos;
    }

    boolean isAsked() {
        return asked;
    }

    boolean isConnected() {
        return socket != null;
    }

    /** Gives up what takes too long. Called again and again. */
    void look(long nowNanos) {
        boolean late = nowNanos - begunNanos > share.timeoutNanos();
        if (phase == Phase.ASKING && late) {
            fail(LoadError.TIMED_OUT);
        } else if (phase == Phase.LEAVING && nowNanos - begunNanos > LoadShare.LEAVE_NANOS) {
            leave();
        }
    }

    /** Ends it at once, whatever it is doing. Nobody is told. */
    void close() {
        asked = false;
        Operation<StreamSocket> operation = connecting;
        if (operation != null) {
            operation.cancel();
        }
        disconnect();
    }

    private void connected(Operation.Outcome<StreamSocket> outcome) {
        connecting = null;
        switch (outcome) {
            case Operation.Success<StreamSocket>(StreamSocket made) -> {
                if (share.isOver()) {
                    made.close();
                    return;
                }
                socket = made;
                phase = Phase.IDLE;
                made.onReceive(this);
                share.connected();
                if (asked) {
                    send();
                } else {
                    share.free(this);
                }
            }
            case Operation.Failed<StreamSocket>(Throwable failure) -> {
                phase = Phase.APART;
                if (share.isOver()) {
                    return;
                }
                share.notConnected(failure);
                if (asked) {
                    fail(LoadError.of(failure));
                } else {
                    share.free(this);
                }
            }
        }
    }

    private void send() {
        StreamSocket to = socket;
        if (to == null) {
            return; // it broke while it waited for room
        }
        phase = Phase.ASKING;
        bytes = 0;
        answer.begin(share.asksForHeadOnly());
        Output output = to.output();
        if (output.isDrained()) {
            output.sendDirectly(share.request(), 0, share.request().capacity());
        } else {
            output.whenDrained(
                    this::send); // the kernel has not yet said that it took the last request, though it was answered
        }
    }

    // ------------------------------------------------------------------------------------------- what arrives

    @Override
    public void received(Buffer data, int length) {
        if (phase != Phase.ASKING) {
            disconnect(); // an answer that nobody has asked for: 408 of a server that tires, as a rule
            return;
        }
        bytes += length;
        int end = answer.take(data, 0, length);
        if (answer.isMalformed() || answer.isComplete() && end < length) {
            fail(LoadError.MALFORMED);
        } else if (answer.isComplete()) {
            answered(false);
        }
    }

    @Override
    public void ended() {
        switch (phase) {
            case ASKING -> {
                if (!answer.hasBegun()) {
                    fail(LoadError.NO_ANSWER);
                } else if (answer.endOfConnection()) {
                    answered(true);
                } else {
                    fail(LoadError.CUT_SHORT);
                }
            }
            case LEAVING -> leave();
            case APART, CONNECTING, IDLE -> disconnect();
        }
    }

    @Override
    public void failed(OperationException failure) {
        switch (phase) {
            case ASKING -> fail(LoadError.of(failure));
            case LEAVING -> leave();
            case APART, CONNECTING, IDLE -> disconnect();
        }
    }

    private void answered(boolean over) {
        asked = false;
        boolean kept = share.keepsAlive() && answer.keepsAlive() && !over;
        share.answered(this, answer.status(), bytes);
        if (share.isOver()) {
            return;
        }
        if (kept) {
            phase = Phase.IDLE;
            share.free(this);
        } else if (over) {
            leave();
        } else {
            // Who closes first keeps the port busy for a minute (RFC 9293, TIME-WAIT): that is left to the server.
            phase = Phase.LEAVING;
            begunNanos = share.loop().nowNanos();
        }
    }

    private void leave() {
        disconnect();
        share.free(this);
    }

    private void fail(LoadError error) {
        asked = false;
        disconnect();
        share.failed(this, error);
    }

    private void disconnect() {
        StreamSocket open = socket;
        if (open != null) {
            socket = null;
            open.close();
            share.disconnected();
        }
        phase = Phase.APART;
    }
}
