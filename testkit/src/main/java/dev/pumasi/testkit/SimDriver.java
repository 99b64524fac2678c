package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.FileOperations;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.SocketOption;
import dev.pumasi.runtime.memory.Buffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
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

    private final SimBuffers buffers;
    private final SimFiles files;

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
        buffers = new SimBuffers(machine.providedBuffers(), machine.providedBufferBytes());
        files = new SimFiles(
                this,
                network,
                simulation.disk(node.host()),
                node.seed().split("files").dice());
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

    /** How many files are open. */
    public int openFiles() {
        return files.openCount();
    }

    /** How many operations are in progress. */
    public int operationsInProgress() {
        return operations.size();
    }

    /** How many provided buffers have been handed out and not been given back. */
    public int buffersHeld() {
        return buffers.heldCount();
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
            now = simulation.passOneStep();
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
                operation.attempt(dice, completions);
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
        if (isFull()) {
            return -Errno.EMFILE;
        }
        int[] error = new int[1];
        SimListener listener = network.listen(node, address, backlog, reusePort, error);
        return listener == null ? error[0] : handleOf(listener);
    }

    @Override
    public int openStream(SocketAddress peer) {
        if (isFull()) {
            return -Errno.EMFILE;
        }
        boolean known = peer instanceof InetSocketAddress || peer instanceof UnixDomainSocketAddress;
        return known ? handleOf(new SimStream(network, node, node.nextSocket())) : -Errno.EAFNOSUPPORT;
    }

    @Override
    public int openDatagram(SocketAddress local, boolean reusePort) {
        if (isFull()) {
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
        begin(listener, socket, token, socket instanceof SimListener l ? new SimRequest.Accept(l) : refused(socket));
    }

    @Override
    public void connect(int handle, SocketAddress peer, Buffer control, long token) {
        checkControl(control);
        SimSocket socket = socket(handle);
        begin(handle, socket, token, socket instanceof SimStream s ? new SimRequest.Connect(s, peer) : refused(socket));
    }

    @Override
    public void receive(int handle, long token) {
        SimSocket socket = socket(handle);
        begin(handle, socket, token, socket instanceof SimStream s ? new SimRequest.ReceiveMany(s) : refused(socket));
    }

    @Override
    public void receive(int handle, Buffer into, int offset, int length, long token) {
        checkRange(into, offset, length);
        SimSocket socket = socket(handle);
        SimRequest request =
                socket instanceof SimStream s ? new SimRequest.Receive(s, into, offset, length) : refused(socket);
        begin(handle, socket, token, request);
    }

    @Override
    public void send(int handle, Buffer from, int offset, int length, long token) {
        checkRange(from, offset, length);
        SimSocket socket = socket(handle);
        SimRequest request =
                socket instanceof SimStream s ? new SimRequest.Send(s, from, offset, length) : refused(socket);
        begin(handle, socket, token, request);
    }

    @Override
    public void send(int handle, Gather pieces, long token) {
        SimSocket socket = socket(handle);
        begin(
                handle,
                socket,
                token,
                socket instanceof SimStream s ? new SimRequest.SendGathered(s, pieces) : refused(socket));
    }

    @Override
    public void receiveFrom(int handle, Buffer into, int offset, int length, Buffer control, long token) {
        checkRange(into, offset, length);
        checkControl(control);
        SimSocket socket = socket(handle);
        SimRequest request = socket instanceof SimDatagrams d
                ? new SimRequest.ReceiveFrom(d, into, offset, length, control)
                : refused(socket);
        begin(handle, socket, token, request);
    }

    @Override
    public void sendTo(int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control, long token) {
        checkRange(from, offset, length);
        checkControl(control);
        SimSocket socket = socket(handle);
        SimRequest request;
        if (!(socket instanceof SimDatagrams d)) {
            request = refused(socket);
        } else if (!(to instanceof InetSocketAddress inet) || inet.isUnresolved()) {
            request = new SimRequest.Refused(Errno.EAFNOSUPPORT);
        } else {
            request = new SimRequest.SendTo(d, from, offset, length, inet);
        }
        begin(handle, socket, token, request);
    }

    @Override
    public FileOperations files() {
        return files;
    }

    void beginOnFile(long token, SimFiles.Work work) {
        begin(work.handle, null, token, new SimRequest.OnFile(work));
    }

    void beginTransfer(int handle, long token, SimFiles.Work work, SimFiles.Open file, long position, int length) {
        SimSocket socket = socket(handle);
        SimRequest request = socket instanceof SimStream stream
                ? new SimRequest.Transfer(stream, work, file, position, length)
                : refused(socket);
        begin(handle, socket, token, request);
    }

    void markIfInProgress(long token) {
        SimOperation operation = operations.get(token);
        if (operation != null) {
            mark(operation);
        }
    }

    private static SimRequest refused(@Nullable SimSocket socket) {
        return new SimRequest.Refused(socket == null ? Errno.EBADF : Errno.EOPNOTSUPP);
    }

    private void begin(int handle, @Nullable SimSocket socket, long token, SimRequest request) {
        if (token == 0) {
            throw new IllegalArgumentException("token 0 names no operation");
        }
        SimOperation operation = new SimOperation(this, request, token, handle, socket);
        SimOperation other = operations.putIfAbsent(token, operation);
        if (other != null) {
            throw new IllegalStateException("token " + token + " is in use: " + other.describe());
        }
        if (socket != null && !(request instanceof SimRequest.Refused)) {
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

    @Override
    public SocketAddress sender(Buffer control) {
        return SimOperation.sender(control);
    }

    // ------------------------------------------------------------------------------------- for its operations

    boolean isFull() {
        return open + files.openCount() >= sockets.length;
    }

    int adopt(SimSocket accepted) {
        return handleOf(accepted);
    }

    SimBuffers buffers() {
        return buffers;
    }

    double endMultishot() {
        return machine.endMultishot();
    }

    /** Has completed for the last time. */
    void forget(SimOperation operation) {
        operations.remove(operation.token);
    }

    void note(String what) {
        network.note(node.name(), what);
    }

    // ---------------------------------------------------------------------------------------------- buffers

    @Override
    public Buffer provided(int id) {
        return buffers.get(id);
    }

    @Override
    public void release(int id) {
        buffers.release(id);
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
        files.closeAll();
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
