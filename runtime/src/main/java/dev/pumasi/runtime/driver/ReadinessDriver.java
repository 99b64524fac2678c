package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Completions made of readiness. The kernels that this is for say only <em>that</em> a descriptor can be read or
 * written; this class remembers what was to be done with it, does it then, and reports what came of it. How to ask for
 * readiness is all that its subclasses add, and the calls themselves are {@link Sockets}.
 *
 * <p><b>Try first, watch later.</b> An operation is tried when it is started. Most sends succeed there, and so does the
 * first receive of a connection whose request came with it. Only what would block is watched. A handle's registration
 * is not changed at once but listed, and looked at before the next wait: a connection that is answered and closed by
 * then was never registered at all.
 *
 * <p><b>Forget late.</b> An operation that ends leaves its registration as it is, because the next one usually waits for
 * the same. If there is none, the next report finds nobody, and then the registration is taken back. So a request on a
 * kept connection costs one receive, one send, and its share of a wait.
 *
 * <p><b>Reports are level-triggered</b>: what one turn leaves, the next is told again. That gives fairness (each report
 * is worth one receive, or a bounded number of accepted connections) and makes a stale report harmless. An error or a
 * hang-up counts as ready in both directions: the call that is then tried says what has happened, and its operation
 * ends.
 *
 * <p><b>The turn.</b> What completes goes through one queue, so that completions of a handle keep their order. While the
 * queue has something the kernel is asked only every {@link #TURNS_WITHOUT_WAIT_MAX}th turn: usually these are the
 * answers to the last batch of requests, and waiting for the next batch is the loop's next turn.
 *
 * <p>It will not: retry on the caller's behalf, fill more than one provided buffer per report, or do anything on another
 * thread.
 *
 * <p>It is long because it is the whole seam, of which files, processes and sockets are one line each that leads elsewhere; the rest is the
 * one table of who waits for what.
 */
abstract class ReadinessDriver implements Driver {

    /** {@code POLLIN} and {@code EPOLLIN}. */
    static final int READABLE = 1;

    /** {@code POLLOUT} and {@code EPOLLOUT}. */
    static final int WRITABLE = 4;

    /** {@code POLLERR}, {@code POLLHUP} and {@code POLLNVAL}, which are reported whatever was asked for. */
    static final int BROKEN = 8 | 16 | 32;

    /** How many connections one report is worth: what keeps a flood of them from starving those that are open. */
    static final int ACCEPTS_PER_REPORT_MAX = 16;

    /** How many turns in a row may be fed by the queue alone. */
    static final int TURNS_WITHOUT_WAIT_MAX = 4;

    private static final int HANDLES_FIRST = 256;

    private final Sockets sockets;
    private final ReceiveBuffers provided = new ReceiveBuffers();
    private final CompletionQueue queue = new CompletionQueue();
    private final TokenMap<Attempt> waiting = new TokenMap<>();

    private @Nullable Watched[] handles = new Watched[HANDLES_FIRST];
    private Watched[] listed = new Watched[HANDLES_FIRST];
    private int listedCount;
    private int turnsWithoutWait;
    /** Made when first asked for. */
    private @Nullable PooledFiles files;

    private final Arrivals arrivals = new Arrivals();
    private @Nullable Processes processes;
    private boolean isClosed;

    ReadinessDriver(Sockets sockets) {
        this.sockets = sockets;
    }

    // ------------------------------------------------------------------------------- what the subclasses add

    /**
     * Watches for {@code events} from now on, instead of {@link Watched#registered}; neither is the other.
     *
     * @return 0, or a negated {@link Errno}, and then nothing has changed
     */
    abstract int watch(Watched watched, int events);

    /** The handle is about to be closed: forgets what is registered for it. */
    abstract void unwatch(Watched watched);

    /**
     * Waits, at most so long, for readiness or {@link #wake}, and calls {@link #ready} for each handle that is ready. Where
     * it has the choice, for no more than {@code reportsMax}: the rest is still ready next time, and its turn comes first
     * then.
     */
    abstract void await(long waitNanos, int reportsMax);

    /** Gives back what waits. */
    abstract void closeWait();

    // ---------------------------------------------------------------------------------------------- the turn

    @Override
    public final void poll(long waitNanos, Completions completions) {
        arrivals.run();
        sockets.turn();
        if (queue.isEmpty() || turnsWithoutWait == TURNS_WITHOUT_WAIT_MAX) {
            turnsWithoutWait = 0;
            register();
            await(queue.isEmpty() ? waitNanos : 0, Math.max(1, completions.room() - queue.size()));
        } else {
            turnsWithoutWait++;
        }
        if (files != null) {
            files.collect();
        }
        queue.moveTo(completions);
    }

    private void register() {
        for (int i = 0; i < listedCount; i++) {
            Watched watched = listed[i];
            watched.isListed = false;
            int wanted = watched.wanted();
            if (wanted != watched.registered) {
                int result = watch(watched, wanted);
                if (result < 0) {
                    endBoth(watched, result);
                } else {
                    watched.registered = wanted;
                }
            }
        }
        listedCount = 0;
    }

    /** The handle's registration may no longer be what its operations need. */
    private void list(Watched watched) {
        if (!watched.isListed) {
            watched.isListed = true;
            if (listedCount == listed.length) {
                listed = Arrays.copyOf(listed, 2 * listedCount);
            }
            listed[listedCount++] = watched;
        }
    }

    /** What the subclass learnt of a handle: {@link #READABLE}, {@link #WRITABLE}, {@link #BROKEN}. */
    final void ready(Watched watched, int events) {
        if ((events & (READABLE | BROKEN)) != 0) {
            proceed(watched.input);
        }
        if ((events & (WRITABLE | BROKEN)) != 0) {
            proceed(watched.output);
        }
    }

    private void proceed(Attempt operation) {
        switch (operation.kind) {
            case NONE, FETCH -> list(operation.owner);
            case READABLE -> end(operation, 0);
            case ACCEPT -> acceptSome(operation);
            case RECEIVE_PROVIDED -> receiveOnce(operation);
            default -> {
                int result = tryNow(operation);
                if (!wouldBlock(result)) {
                    end(operation, result);
                }
            }
        }
    }

    private int tryNow(Attempt operation) {
        int handle = operation.owner.handle;
        return switch (operation.kind) {
            case RECEIVE -> sockets.receive(handle, operation.buffer(), operation.offset, operation.length);
            case RECEIVE_FROM ->
                sockets.receiveFrom(
                        handle, operation.buffer(), operation.offset, operation.length, operation.control());
            case CONNECT -> sockets.connect(handle, operation.address(), operation.control());
            case SEND -> sockets.send(handle, operation.buffer(), operation.offset, operation.length);
            case SEND_BEFORE_FILE ->
                sockets.sendBeforeFile(handle, operation.buffer(), operation.offset, operation.length);
            case SEND_PIECES -> sockets.send(handle, operation.pieces());
            case SEND_TO ->
                sockets.sendTo(
                        handle,
                        operation.buffer(),
                        operation.offset,
                        operation.length,
                        operation.address(),
                        operation.control());
            case SEND_FILE -> sendFile(operation);
            case NONE, FETCH, ACCEPT, RECEIVE_PROVIDED, READABLE -> throw new AssertionError(operation.kind);
        };
    }

    private void acceptSome(Attempt operation) {
        for (int i = 0; i < ACCEPTS_PER_REPORT_MAX; i++) {
            int result = sockets.accept(operation.owner.handle);
            if (result >= 0) {
                open(result);
                queue.add(operation.token, result, Completions.MORE);
            } else if (result == -Errno.EAGAIN) {
                return;
            } else if (!concernsOneConnection(result)) {
                end(operation, result);
                return;
            }
        }
    }

    /** {@code accept(2)} reports what befell a connection while it was queued; the listener is none the worse. */
    static boolean concernsOneConnection(int result) {
        return switch (-result) {
            case Errno.ECONNABORTED,
                    Errno.EPROTO,
                    Errno.EPERM,
                    Errno.EINTR,
                    Errno.ENETDOWN,
                    Errno.ENETUNREACH,
                    Errno.EHOSTUNREACH,
                    Errno.ETIMEDOUT -> true;
            default -> false;
        };
    }

    private void receiveOnce(Attempt operation) {
        int id = provided.next();
        if (id == ReceiveBuffers.NONE) {
            end(operation, -Errno.ENOBUFS);
            return;
        }
        int result = sockets.receive(operation.owner.handle, provided.get(id), 0, ReceiveBuffers.BUFFER_BYTES);
        if (result > 0) {
            provided.take();
            queue.add(operation.token, result, Completions.inBuffer(id) | Completions.MORE);
        } else if (!wouldBlock(result)) {
            end(operation, result);
        }
    }

    private static boolean wouldBlock(int result) {
        return result == -Errno.EAGAIN || result == -Errno.EINPROGRESS || result == -Errno.EINTR;
    }

    // ---------------------------------------------------------------------------------------------- operations

    @Override
    public final void accept(int listener, long token) {
        Attempt operation = begin(listener, false, Attempt.Kind.ACCEPT, token);
        if (operation != null) {
            park(operation);
        }
    }

    @Override
    public final void connect(int handle, SocketAddress peer, Buffer control, long token) {
        Objects.checkFromIndexSize(0, CONTROL_BYTES, control.capacity());
        Attempt operation = begin(handle, true, Attempt.Kind.CONNECT, token);
        if (operation != null) {
            operation.address = peer;
            operation.control = control;
            start(operation);
        }
    }

    @Override
    public final void receive(int handle, long token) {
        Attempt operation = begin(handle, false, Attempt.Kind.RECEIVE_PROVIDED, token);
        if (operation != null) {
            park(operation);
            receiveOnce(operation);
        }
    }

    @Override
    public final void receive(int handle, Buffer into, int offset, int length, long token) {
        start(handle, false, Attempt.Kind.RECEIVE, into, offset, length, null, null, token);
    }

    @Override
    public final void send(int handle, Buffer from, int offset, int length, long token) {
        start(handle, true, Attempt.Kind.SEND, from, offset, length, null, null, token);
    }

    @Override
    public final void sendBeforeFile(int handle, Buffer from, int offset, int length, long token) {
        start(handle, true, Attempt.Kind.SEND_BEFORE_FILE, from, offset, length, null, null, token);
    }

    @Override
    public final void send(int handle, Gather pieces, long token) {
        Attempt operation = begin(handle, true, Attempt.Kind.SEND_PIECES, token);
        if (operation != null) {
            operation.pieces = pieces;
            start(operation);
        }
    }

    @Override
    public final void receiveFrom(int handle, Buffer into, int offset, int length, Buffer control, long token) {
        start(handle, false, Attempt.Kind.RECEIVE_FROM, into, offset, length, null, control, token);
    }

    @Override
    public final SocketAddress sender(Buffer control) {
        return sockets.sender(control);
    }

    @Override
    public final void sendTo(
            int handle, Buffer from, int offset, int length, SocketAddress to, Buffer control, long token) {
        start(handle, true, Attempt.Kind.SEND_TO, from, offset, length, to, control, token);
    }

    @Override
    public final void cancel(long token) {
        Attempt operation = waiting.get(token);
        if (operation != null) {
            end(operation, -Errno.ECANCELED);
        } else if (files != null) {
            files.cancel(token);
        }
    }

    @Override
    public final FileOperations files() {
        PooledFiles made = files;
        if (made == null) {
            made = new PooledFiles(this, sockets.files(), queue);
            files = made;
        }
        return made;
    }

    /**
     * Sends from a file: at once what is in memory already, by the kernel; else a thread reads it first, and then it is
     * sent from there. So neither does this thread wait for a disk nor that one for a peer.
     */
    final void transfer(@Nullable OpenFile file, long position, int handle, int length, long token) {
        if (file == null) {
            queue.add(token, -Errno.EBADF, 0);
            return;
        }
        Attempt operation = begin(handle, true, Attempt.Kind.SEND_FILE, token);
        if (operation != null) {
            operation.file = file;
            file.uses++;
            operation.position = position;
            operation.length = length;
            if (sockets.wasFilled(handle)) {
                park(operation);
            } else {
                start(operation);
            }
        }
    }

    /** For {@link PooledFiles}: the file is about to be closed. */
    final void forget(OpenFile file) {
        sockets.forget(file);
    }

    private int sendFile(Attempt operation) {
        OpenFile file = operation.file();
        int result = sockets.sendFile(operation.owner.handle, file, operation.position, operation.length);
        if (result != Sockets.NOT_IN_MEMORY) {
            return result;
        }
        operation.kind = Attempt.Kind.FETCH;
        Objects.requireNonNull(files).fetch(file, operation.position, operation.length, operation);
        return -Errno.EINPROGRESS;
    }

    /**
     * What a thread read for an operation, if that goes on. What the socket does not take is forgotten, so that a slow peer
     * holds no memory, and read again, which is no wait any more, when the socket can take it.
     */
    final void fetched(Attempt operation, long token, Buffer bytes, int result) {
        if (operation.kind != Attempt.Kind.FETCH || operation.token != token) {
            return;
        }
        int sent = result > 0 ? sockets.send(operation.owner.handle, bytes, 0, result) : result;
        if (wouldBlock(sent)) {
            operation.kind = Attempt.Kind.SEND_FILE;
            list(operation.owner);
        } else {
            end(operation, sent);
        }
    }

    private void start(
            int handle,
            boolean isOutput,
            Attempt.Kind kind,
            Buffer buffer,
            int offset,
            int length,
            @Nullable SocketAddress address,
            @Nullable Buffer control,
            long token) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        if (control != null) {
            Objects.checkFromIndexSize(0, CONTROL_BYTES, control.capacity());
        }
        Attempt operation = begin(handle, isOutput, kind, token);
        if (operation != null) {
            operation.buffer = buffer;
            operation.offset = offset;
            operation.length = length;
            operation.address = address;
            operation.control = control;
            start(operation);
        }
    }

    /** The operation of that handle and direction, to be filled in; null if the handle is not open, which completes it. */
    private @Nullable Attempt begin(int handle, boolean isOutput, Attempt.Kind kind, long token) {
        Watched watched = watched(handle);
        if (watched == null) {
            queue.add(token, -Errno.EBADF, 0);
            return null;
        }
        Attempt operation = isOutput ? watched.output : watched.input;
        if (!operation.isIdle()) {
            throw new IllegalStateException("handle " + handle + " has an operation of kind " + operation.kind
                    + " in progress; " + kind + " must wait until it completes");
        }
        operation.kind = kind;
        operation.token = token;
        return operation;
    }

    private void start(Attempt operation) {
        int result = tryNow(operation);
        if (wouldBlock(result)) {
            park(operation);
        } else {
            queue.add(operation.token, result, 0);
            letGo(operation);
        }
    }

    private void park(Attempt operation) {
        waiting.put(operation.token, operation);
        Watched watched = operation.owner;
        if ((watched.wanted() & ~watched.registered) != 0) {
            list(watched);
        }
    }

    /** Completes an operation that waited. */
    private void end(Attempt operation, int result) {
        waiting.remove(operation.token);
        queue.add(operation.token, result, 0);
        letGo(operation);
    }

    private void letGo(Attempt operation) {
        OpenFile file = operation.file;
        if (file != null && files != null) {
            files.release(file);
        }
        operation.end();
    }

    private void endBoth(Watched watched, int result) {
        if (!watched.input.isIdle()) {
            end(watched.input, result);
        }
        if (!watched.output.isIdle()) {
            end(watched.output, result);
        }
    }

    // ---------------------------------------------------------------------------------------------- processes

    @Override
    public final ProcessOperations processes() {
        if (processes == null) {
            processes = sockets.processes(new Host());
        }
        return processes;
    }

    private final class Host implements ProcessHost {

        @Override
        public int adopt(int descriptor, boolean isPipe) {
            return open(sockets.adopt(descriptor));
        }

        @Override
        public void awaitReadable(int handle, long token) {
            Attempt operation = begin(handle, false, Attempt.Kind.READABLE, token);
            if (operation != null) {
                park(operation);
            }
        }

        @Override
        public void close(int handle) {
            ReadinessDriver.this.close(handle);
        }

        @Override
        public void complete(long token, int result) {
            queue.add(token, result, 0);
        }

        @Override
        public void arrive(Runnable task) {
            arrivals.add(task);
            wake();
        }
    }

    // ---------------------------------------------------------------------------------------------- handles

    @Override
    public final int listen(SocketAddress address, int backlog, boolean reusePort) {
        return open(sockets.listen(address, backlog, reusePort));
    }

    @Override
    public final int share(int listener) {
        return watched(listener) == null ? -Errno.EBADF : sockets.share(listener);
    }

    @Override
    public final int inherit(int descriptor, boolean keep) {
        return open(sockets.inherit(descriptor, keep));
    }

    @Override
    public final long openPair() {
        long pair = sockets.openPair();
        if (pair >= 0) {
            open(Driver.first(pair));
            open(Driver.second(pair));
        }
        return pair;
    }

    @Override
    public final int openStream(SocketAddress peer) {
        return open(sockets.openStream(peer));
    }

    @Override
    public final int openDatagram(SocketAddress local, boolean reusePort) {
        return open(sockets.openDatagram(local, reusePort));
    }

    @Override
    public final @Nullable SocketAddress localAddress(int handle) {
        return watched(handle) == null ? null : sockets.localAddress(handle);
    }

    @Override
    public final @Nullable SocketAddress remoteAddress(int handle) {
        return watched(handle) == null ? null : sockets.remoteAddress(handle);
    }

    @Override
    public final int setOption(int handle, SocketOption option, int value) {
        return watched(handle) == null ? -Errno.EBADF : sockets.setOption(handle, option, value);
    }

    @Override
    public final int option(int handle, SocketOption option) {
        return watched(handle) == null ? -Errno.EBADF : sockets.option(handle, option);
    }

    @Override
    public final int shutdownOutput(int handle) {
        return watched(handle) == null ? -Errno.EBADF : sockets.shutdownOutput(handle);
    }

    /** Ignores a handle that is not open: its number may belong to a file of somebody else's. */
    @Override
    public final void close(int handle) {
        Watched watched = watched(handle);
        if (watched != null) {
            endBoth(watched, -Errno.ECANCELED);
            close(watched);
        }
    }

    private void close(Watched watched) {
        unwatch(watched);
        watched.registered = 0;
        watched.isOpen = false;
        watched.generation++;
        sockets.close(watched.handle);
    }

    private int open(int handle) {
        if (handle >= 0) {
            if (handle >= handles.length) {
                handles = Arrays.copyOf(handles, Math.max(handle + 1, 2 * handles.length));
            }
            Watched watched = handles[handle];
            if (watched == null) {
                watched = new Watched(handle);
                handles[handle] = watched;
            }
            watched.isOpen = true;
        }
        return handle;
    }

    /** Null if the handle is not open. */
    final @Nullable Watched watched(int handle) {
        Watched watched = handle >= 0 && handle < handles.length ? handles[handle] : null;
        return watched != null && watched.isOpen ? watched : null;
    }

    /** For a subclass that has just been told of it: the handle is open. */
    final Watched watchedOf(int handle) {
        return Objects.requireNonNull(handles[handle]);
    }

    @Override
    public final Buffer provided(int id) {
        return provided.get(id);
    }

    @Override
    public final void release(int id) {
        provided.release(id);
    }

    @Override
    public Clock clock() {
        return Clock.SYSTEM;
    }

    @Override
    public int handlesMax() {
        return Integer.MAX_VALUE;
    }

    @Override
    public final void close() {
        if (!isClosed) {
            isClosed = true;
            if (processes != null) {
                processes.closing();
                arrivals.run();
            }
            for (Watched watched : handles) {
                if (watched != null && watched.isOpen) {
                    close(watched);
                }
            }
            if (files != null) {
                files.close();
            }
            closeWait();
        }
    }
}
