package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.SocketOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One end of a stream connection.
 *
 * <p>Bytes go from the writer into {@link #unsent}, travel as segments, each a planned event at the other end, and wait
 * there in {@link #received} for the reader. What is unsent or under way never exceeds this end's send buffer, what is
 * under way or unread never exceeds the other end's receive buffer; so a reader that stops stops its writer. A segment
 * never arrives before the one sent ahead of it, nor does the end of the stream or a reset: that is all the order there
 * is.
 *
 * <p>The ends of a connection behave as Linux's do: what was received before a reset can still be read; the reset is
 * then reported once, to whoever asks first, and after that reading ends and writing is a broken pipe; closing with
 * unread bytes resets ({@code tcp(7)}, {@code tcp_close} and {@code tcp_reset} in the kernel).
 */
final class SimStream extends SimSocket {

    /** A connection is asked for so often, each time after twice the wait ({@code net.ipv4.tcp_syn_retries}). */
    private static final int CONNECT_ATTEMPTS_MAX = 6;

    private static final long FIRST_RETRY_NANOS = 1_000_000_000L;

    private enum State {
        NEW,
        CONNECTING,
        CONNECTED,
        DEAD
    }

    private final Seed seed;
    private State state = State.NEW;
    private @Nullable SocketAddress local;
    private @Nullable SocketAddress remote;
    private @Nullable SimStream peer;

    private final ByteQueue unsent = new ByteQueue();
    private final ByteQueue received = new ByteQueue();
    private int underWay;
    private long latencyNanos;
    private long lastArrivalNanos;
    private long segmentsSent;

    private boolean outputShut;
    private boolean endSent;
    private boolean endReceived;
    private boolean orphan;
    private boolean lost;
    private boolean givingUp;
    private int error;

    SimStream(SimNetwork network, SimNode node, Seed seed) {
        super(network, node, seed.dice());
        this.seed = seed;
    }

    @Override
    @Nullable
    SocketAddress local() {
        return local;
    }

    @Override
    @Nullable
    SocketAddress remote() {
        return state == State.CONNECTED ? remote : null;
    }

    // ------------------------------------------------------------------------------------------ the beginning

    /** Begins to connect: 0, or an error at once. The writer is told when {@link #connected} has an answer. */
    int connect(SocketAddress target) {
        switch (state) {
            case CONNECTING -> {
                return -Errno.EINPROGRESS;
            }
            case CONNECTED -> {
                return -Errno.EISCONN;
            }
            case DEAD -> {
                return -Errno.ECONNABORTED;
            }
            case NEW -> {
                int bound = network.bindSource(this, target);
                if (bound < 0) {
                    return bound;
                }
                remote = target;
                state = State.CONNECTING;
                latencyNanos = network.latency(dice);
                note("connects " + way());
                ask(target, 0);
                return 0;
            }
        }
        throw new AssertionError(state);
    }

    void boundTo(SocketAddress address) {
        local = address;
    }

    private void ask(SocketAddress target, int attempt) {
        if (state != State.CONNECTING) {
            return;
        }
        if (attempt == CONNECT_ATTEMPTS_MAX) {
            refuse(Errno.ETIMEDOUT);
        } else if (network.isCut(ip(local), ip(target)) || network.isCut(ip(target), ip(local))) {
            network.in(FIRST_RETRY_NANOS << attempt, () -> ask(target, attempt + 1));
        } else {
            network.in(latencyNanos, () -> knock(target, attempt));
        }
    }

    /** The request has arrived where somebody should listen. */
    private void knock(SocketAddress target, int attempt) {
        if (state != State.CONNECTING) {
            return;
        }
        SimListener listener = network.listener(node, target, dice);
        if (listener == null) {
            int reason = network.absence(node, target);
            network.in(latencyNanos, () -> refuse(reason));
        } else if (dice.chance(network.faults().streams().refuse())) {
            network.in(latencyNanos, () -> refuse(Errno.ECONNREFUSED));
        } else if (listener.isFull()) {
            network.in(FIRST_RETRY_NANOS << attempt, () -> ask(target, attempt + 1));
        } else {
            SimStream other = new SimStream(network, listener.node, seed.split("peer"));
            other.inheritOptions(listener);
            other.state = State.CONNECTED;
            other.local = network.accepted(target);
            other.remote = local;
            other.latencyNanos = network.latency(other.dice);
            other.lastArrivalNanos = network.nowNanos() + other.latencyNanos;
            other.peer = this;
            peer = other;
            network.begun(other);
            network.in(other.latencyNanos, this::establish);
            listener.offer(other);
        }
    }

    private void refuse(int reason) {
        if (state == State.CONNECTING) {
            note("is refused " + way() + ": " + SimNetwork.errorText(reason));
            error = reason;
            state = State.DEAD;
            network.unbind(this);
            writable();
        }
    }

    private void establish() {
        if (state != State.CONNECTING) {
            return;
        }
        state = State.CONNECTED;
        note("is connected " + way());
        network.begun(this);
        writable();
        SimFaults.Streams faults = network.faults().streams();
        if (dice.chance(faults.reset())) {
            network.in(dice.within(faults.untilFaultNanos()), this::resetByNetwork);
        } else if (dice.chance(faults.lose())) {
            network.in(dice.within(faults.untilFaultNanos()), this::lose);
        }
        pump();
    }

    /** 0 once connected; {@link Errno#EAGAIN} while connecting; the error, once. */
    int connected() {
        if (error != 0) {
            return takeError();
        }
        return switch (state) {
            case NEW, CONNECTING -> -Errno.EAGAIN;
            case CONNECTED -> 0;
            case DEAD -> -Errno.ECONNABORTED;
        };
    }

    // ------------------------------------------------------------------------------------------ writing

    /** How many bytes {@link #write} takes now, at least 1; or an error, {@link Errno#EAGAIN} if it must wait. */
    int writeRoom() {
        if (error != 0) {
            return takeError();
        }
        if (state != State.CONNECTED || outputShut) {
            return -Errno.EPIPE;
        }
        int room = option(SocketOption.SEND_BUFFER_BYTES) - unsent.size() - underWay;
        return room > 0 ? room : -Errno.EAGAIN;
    }

    void write(byte[] bytes) {
        note("sends " + SimNetwork.text(bytes) + " " + way());
        unsent.add(bytes, 0, bytes.length);
        pump();
    }

    /** 0 or an error. */
    int shutdownOutput() {
        if (state != State.CONNECTED) {
            return -Errno.ENOTCONN;
        }
        if (!outputShut) {
            note("ends its output " + way());
            outputShut = true;
            writable();
            pump();
        }
        return 0;
    }

    /** Sends what can be sent: as much as the other end has room for. */
    void pump() {
        SimStream to = peer;
        if (to == null || state != State.CONNECTED || endSent) {
            return;
        }
        if (!unsent.isEmpty() || outputShut) {
            if (lost || network.isCut(ip(local), ip(remote))) {
                giveUpLater();
                return;
            }
        }
        SimFaults.Streams faults = network.faults().streams();
        while (!unsent.isEmpty()) {
            int window = to.option(SocketOption.RECEIVE_BUFFER_BYTES) - to.received.size() - underWay;
            if (window <= 0) {
                return;
            }
            int length = Math.min(Math.min(unsent.size(), window), faults.segmentBytesMax());
            boolean split = dice.chance(faults.split());
            byte[] segment = unsent.take(split ? (int) dice.between(1, length) : length);
            underWay += segment.length;
            if (split) {
                // What follows a split comes noticeably later, or else the reader would find both at once.
                lastArrivalNanos += network.jitter(dice);
            }
            arrival(() -> to.arrive(segment));
        }
        if (outputShut) {
            endSent = true;
            arrival(to::end);
        }
        forgetIfDone();
    }

    /** Plans what happens at the other end, after everything that was planned there before. */
    private void arrival(Runnable event) {
        segmentsSent++;
        lastArrivalNanos = Math.max(lastArrivalNanos, network.nowNanos() + latencyNanos + network.jitter(dice));
        network.at(lastArrivalNanos, event);
    }

    private void giveUpLater() {
        if (givingUp) {
            return;
        }
        givingUp = true;
        long before = segmentsSent;
        network.in(network.faults().streams().giveUpNanos(), () -> {
            givingUp = false;
            if (state == State.CONNECTED && segmentsSent == before) {
                note("gives up " + way());
                die(Errno.ETIMEDOUT);
            } else {
                pump();
            }
        });
    }

    // ------------------------------------------------------------------------------------------ reading

    /** How many bytes {@link #read} may take; 0 at the end; or an error, {@link Errno#EAGAIN} if it must wait. */
    int readRoom() {
        if (!received.isEmpty()) {
            return received.size();
        }
        if (error != 0) {
            return takeError();
        }
        return switch (state) {
            case NEW, CONNECTING -> -Errno.ENOTCONN;
            case CONNECTED -> endReceived ? 0 : -Errno.EAGAIN;
            case DEAD -> 0;
        };
    }

    byte[] read(int length) {
        byte[] bytes = received.take(length);
        note("receives " + SimNetwork.text(bytes) + " " + way());
        SimStream from = peer;
        if (from != null) {
            from.pump();
        }
        return bytes;
    }

    private void arrive(byte[] segment) {
        SimStream from = peer;
        if (from == null) {
            return;
        }
        if (lost) {
            from.giveUpLater();
            return;
        }
        from.underWay -= segment.length;
        if (orphan || state == State.DEAD) {
            sendReset();
        } else {
            received.add(segment, 0, segment.length);
            from.writable();
            readable();
        }
    }

    private void end() {
        if (!lost && state != State.DEAD) {
            endReceived = true;
            readable();
        }
    }

    // ------------------------------------------------------------------------------------------ the end

    /** Handles as many of {@code possible} bytes as the seed says: mostly all. */
    int share(int possible) {
        return dice.chance(network.faults().streams().shortTransfer()) ? (int) dice.between(1, possible) : possible;
    }

    private int takeError() {
        int taken = error;
        error = 0;
        return -taken;
    }

    @Override
    void close() {
        if (orphan) {
            return;
        }
        orphan = true;
        reader = null;
        writer = null;
        network.unbind(this);
        switch (state) {
            case NEW, DEAD -> {}
            case CONNECTING -> sendReset();
            case CONNECTED -> {
                note("closes " + way());
                if (!received.isEmpty() || option(SocketOption.LINGER) == 0) {
                    sendReset();
                } else {
                    outputShut = true;
                    pump();
                }
            }
        }
    }

    /** Closes without a farewell: the other end sees a reset. */
    void reset() {
        orphan = true;
        reader = null;
        writer = null;
        network.unbind(this);
        sendReset();
    }

    private void sendReset() {
        SimStream to = peer;
        if (to != null && !lost && !network.isCut(ip(local), ip(remote))) {
            note("resets " + way());
            arrival(to::resetArrives);
        }
        state = State.DEAD;
        unsent.clear();
        network.ended(this);
    }

    private void resetArrives() {
        if (!lost && state != State.DEAD) {
            note("is reset " + way());
            // A reset after the end of the stream breaks the pipe; before it, the connection (tcp_reset).
            die(endReceived ? Errno.EPIPE : Errno.ECONNRESET);
        }
    }

    private void resetByNetwork() {
        SimStream other = peer;
        if (other != null && state == State.CONNECTED) {
            note("the network resets " + way());
            resetArrives();
            other.resetArrives();
        }
    }

    private void lose() {
        SimStream other = peer;
        if (other != null && state == State.CONNECTED) {
            note("the network loses " + way());
            lost = true;
            other.lost = true;
        }
    }

    private void die(int reason) {
        state = State.DEAD;
        error = reason;
        unsent.clear();
        network.ended(this);
        readable();
        writable();
    }

    private void forgetIfDone() {
        if (orphan && endSent) {
            network.ended(this);
        }
    }

    private String way() {
        return SimNetwork.text(local) + " > " + SimNetwork.text(remote);
    }

    private static @Nullable InetAddress ip(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet.getAddress() : null;
    }
}
