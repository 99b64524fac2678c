package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.SimOperation.Request;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The driver without a kernel: its sockets lie on a {@link SimNetwork}, its time is a {@link SimClock}, and the order in
 * which it reports is drawn from a seed.
 *
 * <p><b>It uses every freedom that {@link Driver} gives.</b> Operations are tried at the next poll, never in the call
 * that starts them. Those that could complete do so in a seeded order, or a poll later. Transfers are short, multishot
 * operations end, provided buffers run out, a cancelled operation reports what it had come to or that it was cancelled.
 * The bytes of a send are read when it is carried out, and a provided buffer is scribbled over when it is given back: who
 * touches either at the wrong time sees it at once.
 *
 * <p><b>It forgives no breach of the contract.</b> A token that is 0 or in use, a second operation in one direction, the
 * close of a handle with operations that were not cancelled, a buffer that is given back twice: each is an exception
 * where it happens, on the real drivers it may be a corruption much later.
 *
 * <p><b>Waiting.</b> In a running {@link Simulation}, {@link #poll} never waits: it notes until when it would, and
 * returns; the simulation gives the owner no step until then, or until something happens for it. Called from outside of
 * {@link Simulation#runUntil}, by a test that polls by hand, it lets virtual time pass by itself until there is
 * something to report.
 */
public final class SimDriver implements Driver {

    /** What given-back buffers are overwritten with. */
    static final byte SCRIBBLE = (byte) 0xDB;

    private final Simulation simulation;
    private final SimNetwork network;
    private final SimNode node;
    private final Dice dice;
    private final SimFaults.Machine machine;

    private final @Nullable SimSocket[] sockets;
    private int open;

    private final Map<Long, SimOperation> operations = new LinkedHashMap<>();
    private final List<SimOperation> marked = new ArrayList<>();
    private final List<SimOperation> deferred = new ArrayList<>();

    private final Buffer[] provided;
    private final boolean[] held;
    private final Deque<Integer> free = new ArrayDeque<>();

    // Set by any thread, taken by the simulation's: volatile is enough, for it carries nothing but itself.
    private volatile boolean woken;

    private long waitsUntilNanos;
    private boolean closed;

    SimDriver(Simulation simulation, SimNode node) {
        this.simulation = simulation;
        this.node = node;
        network = simulation.network();
        dice = node.seed().split("driver").dice();
        machine = network.faults().machine();
        sockets = new @Nullable SimSocket[machine.handlesMax()];
        provided = new Buffer[machine.providedBuffers()];
        held = new boolean[provided.length];
        Buffer slab = Buffer.allocate(provided.length * machine.providedBufferBytes());
        for (int id = 0; id < provided.length; id++) {
            provided[id] = slab.slice(id * machine.providedBufferBytes(), machine.providedBufferBytes());
            free.add(id);
        }
    }

    @Override
    public String name() {
        return "simulated";
    }

    @Override
    public Clock clock() {
        return simulation.clock();
    }

    @Override
    public int handlesMax() {
        return machine.handlesMax();
    }

    /** As the trace calls its owner. */
    public String owner() {
        return node.name();
    }

    /** The machine that it runs on. */
    public InetAddress host() {
        return node.host();
    }

    /** How many handles are open. */
    public int openHandles() {
        return open;
    }

    /** How many operations are in progress. */
    public int operationsInProgress() {
        return operations.size();
    }

    /** How many provided buffers have been handed out and not been given back. */
    public int buffersHeld() {
        return provided.length - free.size();
    }

    // ---------------------------------------------------------------------------------------------- the turn

    @Override
    public void poll(long waitNanos, Completions completions) {
        if (closed) {
            throw new IllegalStateException(node.name() + "'s driver is closed");
        }
        long now = simulation.clock().elapsedNanos();
        long until = waitNanos >= EventQueue.NEVER - now ? EventQueue.NEVER : now + Math.max(0, waitNanos);
        int before = completions.size();
        if (simulation.isRunning()) {
            gather(completions);
        } else {
            do {
                simulation.passUntil(this, until);
                gather(completions);
            } while (completions.size() == before
                    && !woken
                    && simulation.clock().elapsedNanos() < until);
        }
        boolean early = completions.size() > before || woken;
        woken = false;
        waitsUntilNanos = early ? now : until;
    }

    private void gather(Completions completions) {
        while (!marked.isEmpty() && !completions.isFull()) {
            int last = marked.size() - 1;
            Collections.swap(marked, dice.below(marked.size()), last);
            SimOperation operation = marked.remove(last);
            operation.marked = false;
            if (dice.chance(machine.defer())) {
                deferred.add(operation);
            } else if (operations.get(operation.token) == operation) {
                attempt(operation, completions);
            }
        }
        deferred.forEach(this::mark);
        deferred.clear();
    }

    void mark(SimOperation operation) {
        if (!operation.marked) {
            operation.marked = true;
            marked.add(operation);
        }
    }

    @Override
    public void wake() {
        woken = true;
        simulation.nudge();
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether a poll may report something. */
    boolean hasNews() {
        return woken || !marked.isEmpty();
    }

    long waitsUntilNanos() {
        return waitsUntilNanos;
    }

    /** The operations that have not completed, for the message of a test that waits in vain. */
    List<String> waitingFor() {
        return operations.values().stream().map(SimOperation::describe).toList();
    }

    // ---------------------------------------------------------------------------------------------- sockets

    @Override
    public int listen(SocketAddress address, int backlog, boolean reusePort) {
        if (open == sockets.length) {
            return -Errno.EMFILE;
        }
        int[] error = new int[1];
        SimListener listener = network.listen(node, address, backlog, reusePort, error);
        return listener == null ? error[0] : handleOf(listener);
    }

    @Override
    public int openStream(SocketAddress peer) {
        if (open == sockets.length) {
            return -Errno.EMFILE;
        }
        boolean known = peer instanceof InetSocketAddress || peer instanceof UnixDomainSocketAddress;
        return known ? handleOf(new SimStream(network, node, node.nextSocket())) : -Errno.EAFNOSUPPORT;
    }

    @Override
    public int openDatagram(SocketAddress local, boolean reusePort) {
        if (open == sockets.length) {
            return -Errno.EMFILE;
        }
        int[] error = new int[1];
        SimDatagrams socket = network.openDatagrams(node, local, reusePort, error);
        return socket == null ? error[0] : handleOf(socket);
    }

    /** The lowest that is free, as {@code open(2)} says: a handle that is used after its close names another socket. */
    private int handleOf(SimSocket socket) {
        for (int handle = 0; handle < sockets.length; handle++) {
            if (sockets[handle] == null) {
                sockets[handle] = socket;
                open++;
                return handle;
            }
        }
        throw new AssertionError("no handle is free though " + open + " of " + sockets.length + " are open");
    }

    private @Nullable SimSocket socket(int handle) {
        return handle < 0 || handle >= sockets.length ? null : sockets[handle];
    }

    @Override
    public @Nullable SocketAddress localAddress(int handle) {
        SimSocket socket = socket(handle);
        return socket == null ? null : socket.local();
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int handle) {
        SimSocket socket = socket(handle);
        return socket == null ? null : socket.remote();
    }

    @Override
    public int setOption(int handle, SocketOption option, int value) {
        SimSocket socket = socket(handle);
        return socket == null ? -Errno.EBADF : socket.setOption(option, value);
    }

    @Override
    public int option(int handle, SocketOption option) {
        SimSocket socket = socket(handle);
        return socket == null ? -Errno.EBADF : socket.askOption(option);
    }

    @Override
    public int shutdownOutput(int handle) {
        return switch (socket(handle)) {
            case null -> -Errno.EBADF;
            case SimStream stream -> stream.shutdownOutput();
            case SimListener listener -> -Errno.ENOTCONN;
            case SimDatagrams datagrams -> -Errno.ENOTCONN;
        };
    }

    @Override
    public void close(int handle) {
        SimSocket socket = socket(handle);
        if (socket == null) {
            throw new IllegalStateException(node.name() + " closes handle " + handle + ", which is not open");
        }
        abandon(socket.reader);
        abandon(socket.writer);
        socket.reader = null;
        socket.writer = null;
        sockets[handle] = null;
        open--;
        socket.close();
    }

    private void abandon(@Nullable Runnable waiting) {
        if (waiting instanceof SimOperation operation) {
            if (!operation.cancelled) {
                throw new IllegalStateException(
                        node.name() + " closes a handle without having cancelled: " + operation.describe());
            }
            operation.abandoned = true;
        }
    }

    // ---------------------------------------------------------------------------------------------- operations

    @Override
    public void accept(int listener, long token) {
        SimSocket socket = socket(listener);
        begin(listener, socket, token, socket instanceof SimListener l ? new Request.Accept(l) : refused(socket));
    }

    @Override
    public void connect(int handle, SocketAddress peer, Buffer control, long token) {
        checkControl(control);
        SimSocket socket = socket(handle);
        begin(handle, socket, token, socket instanceof SimStream s ? new Request.Connect(s, peer) : refused(socket));
    }

    @Override
    public void receive(int handle, long token) {
        SimSocket socket = socket(handle);
        begin(handle, socket, token, socket instanceof SimStream s ? new Request.ReceiveMany(s) : refused(socket));
    }

    @Override
    public void receive(int handle, Buffer into, int offset, int length, long token) {
        checkRange(into, offset, length);
        SimSocket socket = socket(handle);
        Request request =
                socket instanceof SimStream s ? new Request.Receive(s, into, offset, length) : refused(socket);
        begin(handle, socket, token, request);
    }

    @Override
    public void send(int handle, Buffer from, int offset, int length, long token) {
        checkRange(from, offset, length);
        SimSocket socket = socket(handle);
        Request request = socket instanceof SimStream s ? new Request.Send(s, from, offset, length) : refused(socket);
        begin(handle, socket, token, request);
    }

    @Override
    public void send(int handle, Gather pieces, long token) {
        SimSocket socket = socket(handle);
        begin(
                handle,
                socket,
                token,
                socket instanceof SimStream s ? new Request.SendGathered(s, pieces) : refused(socket));
    }

    @Override
    public void receiveFrom(int handle, Buffer into, int offset, int length, Buffer control, long token) {
        checkRange(into, offset, length);
        checkControl(control);
        SimSocket socket = socket(handle);
        Request request = socket instanceof SimDatagrams d
                ? new Request.ReceiveFrom(d, into, offset, length, control)
                : refused(socket);
        begin(handle, socket, token, request);
    }

    @Override
    public void sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control, long token) {
        checkRange(from, offset, length);
        checkControl(control);
        SimSocket socket = socket(handle);
        Request request;
        if (!(socket instanceof SimDatagrams d)) {
            request = refused(socket);
        } else if (!(to instanceof InetSocketAddress inet) || inet.isUnresolved()) {
            request = new Request.Refused(Errno.EAFNOSUPPORT);
        } else {
            request = new Request.SendTo(d, from, offset, length, inet);
        }
        begin(handle, socket, token, request);
    }

    private static Request refused(@Nullable SimSocket socket) {
        return new Request.Refused(socket == null ? Errno.EBADF : Errno.EOPNOTSUPP);
    }

    private void begin(int handle, @Nullable SimSocket socket, long token, Request request) {
        if (token == 0) {
            throw new IllegalArgumentException("token 0 names no operation");
        }
        SimOperation operation = new SimOperation(this, request, token, handle, socket);
        SimOperation other = operations.putIfAbsent(token, operation);
        if (other != null) {
            throw new IllegalStateException("token " + token + " is in use: " + other.describe());
        }
        if (socket != null && !(request instanceof Request.Refused)) {
            Runnable waiting = request.isInput() ? socket.reader : socket.writer;
            if (waiting != null) {
                throw new IllegalStateException(
                        "one operation at a time in one direction: " + operation.describe() + " besides " + waiting);
            }
            if (request.isInput()) {
                socket.reader = operation;
            } else {
                socket.writer = operation;
            }
        }
        mark(operation);
    }

    @Override
    public void cancel(long token) {
        SimOperation operation = operations.get(token);
        if (operation != null) {
            operation.cancelled = true;
            mark(operation);
        }
    }

    /** Tries the operation: it completes, reports one of several completions, or waits to be marked again. */
    private void attempt(SimOperation operation, Completions completions) {
        if (operation.cancelled && (operation.abandoned || dice.chance(0.5))) {
            end(operation, -Errno.ECANCELED, 0, completions);
            return;
        }
        int waiting = completions.size();
        switch (operation.request) {
            case Request.Accept accept -> accept(operation, accept.listener(), completions);
            case Request.Connect connect -> connect(operation, connect, completions);
            case Request.ReceiveMany receive -> receiveMany(operation, receive.stream(), completions);
            case Request.Receive receive -> receiveOnce(operation, receive, completions);
            case Request.Send send -> {
                int count = sendShare(operation, send.stream(), send.length(), completions);
                if (count > 0) {
                    send.stream().write(send.from().bytes(send.offset(), count));
                }
            }
            case Request.SendGathered send -> {
                int count = sendShare(operation, send.stream(), SimOperation.length(send.pieces()), completions);
                if (count > 0) {
                    send.stream().write(SimOperation.bytes(send.pieces(), count));
                }
            }
            case Request.ReceiveFrom receive -> receiveFrom(operation, receive, completions);
            case Request.SendTo send ->
                end(
                        operation,
                        send.socket().send(send.from().bytes(send.offset(), send.length()), send.to()),
                        0,
                        completions);
            case Request.Refused refused -> end(operation, -refused.errno(), 0, completions);
        }
        if (completions.size() == waiting && operation.cancelled) {
            end(operation, -Errno.ECANCELED, 0, completions);
        }
    }

    private void accept(SimOperation operation, SimListener listener, Completions completions) {
        if (listener.waiting() == 0) {
            return;
        }
        if (open == sockets.length) {
            // As in the kernel, the handle is looked for first: the connection stays in the queue.
            end(operation, -Errno.EMFILE, 0, completions);
            return;
        }
        SimStream stream = listener.accept();
        if (stream != null) {
            report(operation, handleOf(stream), 0, completions);
        }
    }

    private void connect(SimOperation operation, Request.Connect connect, Completions completions) {
        int result = operation.begun
                ? connect.stream().connected()
                : connect.stream().connect(connect.peer());
        boolean waits = operation.begun ? result == -Errno.EAGAIN : result == 0;
        operation.begun = true;
        if (!waits) {
            end(operation, result, 0, completions);
        }
    }

    private void receiveMany(SimOperation operation, SimStream stream, Completions completions) {
        int room = stream.readRoom();
        if (room == -Errno.EAGAIN) {
            return;
        }
        Integer id = room > 0 ? free.poll() : null;
        if (room <= 0) {
            end(operation, room, 0, completions);
        } else if (id == null) {
            end(operation, -Errno.ENOBUFS, 0, completions);
        } else {
            held[id] = true;
            byte[] bytes = stream.read(stream.share(Math.min(room, machine.providedBufferBytes())));
            provided[id].put(0, bytes, 0, bytes.length);
            report(operation, bytes.length, Completions.inBuffer(id), completions);
        }
    }

    private void receiveOnce(SimOperation operation, Request.Receive receive, Completions completions) {
        SimStream stream = receive.stream();
        int room = stream.readRoom();
        if (room == -Errno.EAGAIN) {
            return;
        }
        int count = room;
        if (room > 0 && receive.length() > 0) {
            count = stream.share(Math.min(room, receive.length()));
            receive.into().put(receive.offset(), stream.read(count), 0, count);
        }
        end(operation, receive.length() == 0 ? Math.min(room, 0) : count, 0, completions);
    }

    /** How many bytes the send that completes here moves; 0 or an error if none. */
    private int sendShare(SimOperation operation, SimStream stream, int length, Completions completions) {
        int room = stream.writeRoom();
        if (room == -Errno.EAGAIN) {
            return room;
        }
        int count = room < 0 || length == 0 ? Math.min(room, 0) : stream.share(Math.min(room, length));
        end(operation, count, 0, completions);
        return count;
    }

    private void receiveFrom(SimOperation operation, Request.ReceiveFrom receive, Completions completions) {
        SimDatagrams.Datagram datagram = receive.socket().receive();
        if (datagram == null) {
            return;
        }
        int count = Math.min(datagram.bytes.length, receive.length());
        receive.into().put(receive.offset(), datagram.bytes, 0, count);
        byte[] ip = datagram.from.getAddress().getAddress();
        receive.control().putInt(0, ip.length);
        receive.control().putInt(4, datagram.from.getPort());
        receive.control().put(8, ip, 0, ip.length);
        end(operation, count, 0, completions);
    }

    /** One completion of an operation that goes on, unless the seed ends it here. */
    private void report(SimOperation operation, int result, int flags, Completions completions) {
        if (dice.chance(machine.endMultishot())) {
            end(operation, result, flags, completions);
        } else {
            note(operation, result, "+");
            completions.add(operation.token, result, flags | Completions.MORE);
            mark(operation);
        }
    }

    private void end(SimOperation operation, int result, int flags, Completions completions) {
        operations.remove(operation.token);
        SimSocket socket = operation.socket;
        if (socket != null && socket.reader == operation) {
            socket.reader = null;
        }
        if (socket != null && socket.writer == operation) {
            socket.writer = null;
        }
        note(operation, result, "");
        completions.add(operation.token, result, flags);
    }

    private void note(SimOperation operation, int result, String more) {
        network.note(
                node.name(),
                operation.request.verb() + " " + operation.handle + " = " + SimOperation.result(result) + more);
    }

    @Override
    public SocketAddress sender(Buffer control) {
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(control.bytes(8, control.getInt(0))), control.getInt(4));
        } catch (UnknownHostException notAnAddress) {
            throw new IllegalStateException("no datagram was received with this control buffer", notAnAddress);
        }
    }

    // ---------------------------------------------------------------------------------------------- buffers

    @Override
    public Buffer provided(int id) {
        return provided[id];
    }

    @Override
    public void release(int id) {
        if (!held[id]) {
            throw new IllegalStateException("provided buffer " + id + " is given back, but was not handed out");
        }
        held[id] = false;
        byte[] scribble = new byte[machine.providedBufferBytes()];
        Arrays.fill(scribble, SCRIBBLE);
        provided[id].put(0, scribble, 0, scribble.length);
        free.add(id);
    }

    private static void checkRange(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
    }

    private static void checkControl(Buffer control) {
        if (control.capacity() < CONTROL_BYTES) {
            throw new IllegalArgumentException(
                    "a control buffer has " + CONTROL_BYTES + " bytes at least, not " + control.capacity());
        }
    }

    /** As at the end of a process: sockets are closed in good order, nothing is reported any more. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        operations.clear();
        marked.clear();
        for (int handle = 0; handle < sockets.length; handle++) {
            SimSocket socket = sockets[handle];
            if (socket != null) {
                sockets[handle] = null;
                open--;
                socket.close();
            }
        }
        simulation.left(this);
    }
}
