package dev.pumasi.server;

import dev.pumasi.http.BlockingHttp;
import dev.pumasi.http.Capacity;
import dev.pumasi.http.Capacity.Beyond;
import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The models that give a thread to a connection: iterative, threaded, prethreaded. One thread accepts; who serves is the
 * difference.
 *
 * <p><b>When there are more connections than threads</b>, they wait: in the kernel's queue for {@link Model#ITERATIVE} and {@link
 * Model#THREADED}, and for {@link Model#PRETHREADED} first in a queue of as many as there are threads. A connection that is kept
 * open costs a thread, so one that could be kept ends with its answer as long as others wait, and one that has been idle for a
 * second ends.
 *
 * <p><b>When the system has no thread left</b>, a pool refuses to start, and says how many there were; {@link Model#THREADED}
 * answers with 503 until there is one again.
 *
 * <p><b>Out of descriptors</b>, accepting rests for {@value #REST_MILLIS} ms instead of spinning, says so once, and resumes by
 * itself.
 */
final class BlockingServer implements Server {

    private static final int BACKLOG = 1024;
    private static final int REST_MILLIS = 100;
    private static final System.Logger LOG = System.getLogger("dev.pumasi.server");

    /** Who serves what was accepted. Waits while there is nobody, and until it is served if the model has one thread. */
    private interface Servers {
        void serve(SocketChannel connection) throws InterruptedException;

        void stop();
    }

    final BlockingHttp http;
    private final ServerSocketChannel listening;
    private final SocketAddress address;
    private final Servers servers;
    private final Capacity capacity;
    private final Thread acceptor;
    private final boolean inherited;
    private final Taken taken;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);

    private BlockingServer(ServerBuilder builder, BlockingHttp http, Servers servers, Taken taken, Capacity capacity)
            throws IOException {
        this.http = http;
        this.servers = servers;
        this.taken = taken;
        this.capacity = capacity;
        try {
            inherited = builder.inherited >= 0;
            listening = inherited ? inherited() : listen(builder.address);
        } catch (IOException refused) {
            servers.stop();
            http.close();
            throw refused;
        }
        address = listening.getLocalAddress();
        acceptor = Thread.ofPlatform().name("pumasi-acceptor").unstarted(this::acceptAll);
        if (!inherited) {
            acceptor.start();
        }
    }

    /** Begins to accept from a socket that was inherited. Once. */
    void accept() {
        acceptor.start();
    }

    /** Accepts no more, and goes on with what it has; the socket, if it was inherited, is still there for others. Does not wait. */
    void stopAccepting() {
        try {
            listening.close();
            if (!inherited && address instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        } catch (IOException unclosed) {
            LOG.log(System.Logger.Level.WARNING, "closing the listening socket", unclosed);
        }
    }

    /** The JDK takes over what this process has as its standard input, and nothing else. */
    private static ServerSocketChannel inherited() throws IOException {
        if (System.inheritedChannel() instanceof ServerSocketChannel channel) {
            return channel;
        }
        throw new IOException("standard input is no listening socket");
    }

    static BlockingServer iterative(ServerBuilder builder) throws IOException {
        BlockingHttp http = BlockingHttp.open(builder.endpoint, builder.limits, builder.name, () -> true);
        Taken taken = new Taken();
        return new BlockingServer(builder, http, new OnAcceptor(http, taken), taken, capacity(builder, 1, 0));
    }

    static BlockingServer threaded(ServerBuilder builder) throws IOException {
        int most = Math.min(ServerBuilder.THREADS_MAX, builder.limits.connectionsMax());
        int threads = builder.threadsOr(most);
        Semaphore free = new Semaphore(threads);
        BlockingHttp http = BlockingHttp.open(
                builder.endpoint,
                builder.limits,
                builder.name,
                () -> free.availablePermits() == 0 && free.hasQueuedThreads());
        Taken taken = new Taken();
        return new BlockingServer(
                builder, http, new OnThreads(http, free, taken), taken, capacity(builder, threads, 0));
    }

    /** @throws TooManyThreadsException if so many cannot be had; none is left then */
    static BlockingServer prethreaded(ServerBuilder builder) throws IOException {
        int threads = builder.threadsOr(ServerBuilder.THREADS_DEFAULT);
        BlockingQueue<SocketChannel> waiting = new ArrayBlockingQueue<>(threads);
        AtomicInteger idle = new AtomicInteger();
        // Those that a thread is about to take do not wait for one.
        BlockingHttp http =
                BlockingHttp.open(builder.endpoint, builder.limits, builder.name, () -> waiting.size() > idle.get());
        Taken taken = new Taken();
        OnPool pool = new OnPool(http, waiting, idle, taken);
        try {
            pool.start(threads);
        } catch (TooManyThreadsException refused) {
            pool.stop();
            http.close();
            throw refused;
        }
        return new BlockingServer(builder, http, pool, taken, capacity(builder, threads, threads));
    }

    private static Capacity capacity(ServerBuilder builder, int threads, int waiting) {
        return capacity(builder.limits.connectionsMax(), threads, waiting);
    }

    /** The threads are what is scarce, unless fewer connections are allowed than there are threads. */
    static Capacity capacity(int allowed, int threads, int waiting) {
        return allowed < threads
                ? new Capacity(allowed, 0, allowed, Beyond.IS_TOLD)
                : new Capacity(threads, waiting, threads, Beyond.WAITS_IN_KERNEL);
    }

    private static ServerSocketChannel listen(SocketAddress where) throws IOException {
        boolean path = where instanceof UnixDomainSocketAddress;
        ServerSocketChannel channel =
                path ? ServerSocketChannel.open(StandardProtocolFamily.UNIX) : ServerSocketChannel.open();
        try {
            if (!path) {
                channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            }
            return channel.bind(where, BACKLOG);
        } catch (IOException refused) {
            channel.close();
            if (refused instanceof BindException) {
                BindException named = new BindException("cannot listen on " + where + ": " + refused.getMessage()
                        + " — choose another port, or stop what listens there");
                named.initCause(refused);
                throw named;
            }
            throw refused;
        }
    }

    private void acceptAll() {
        boolean resting = false;
        while (listening.isOpen()) {
            try {
                SocketChannel connection = listening.accept();
                resting = false;
                taken.begin();
                servers.serve(connection);
            } catch (ClosedChannelException stop) {
                return;
            } catch (InterruptedException stop) {
                return;
            } catch (IOException refused) {
                if (!resting) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "cannot accept connections, and tries again: {0}",
                            refused.getMessage());
                }
                resting = true;
                try {
                    TimeUnit.MILLISECONDS.sleep(REST_MILLIS);
                } catch (InterruptedException stop) {
                    return;
                }
            }
        }
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public HttpStatus status() {
        return http.status();
    }

    @Override
    public boolean isStopping() {
        return stopping.get();
    }

    @Override
    public Capacity capacity() {
        return capacity;
    }

    @Override
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }

    @Override
    public void stop(Duration patience) {
        stop(patience, true);
    }

    @Override
    public void retire(Duration patience) {
        stop(patience, false);
    }

    private void stop(Duration patience, boolean endsIdle) {
        if (!stopping.compareAndSet(false, true)) {
            if (endsIdle) {
                http.drain(); // it may be retiring: there is no time for that any more
            }
            awaitUninterruptibly(patience.plus(CLOSE_PATIENCE));
            return;
        }
        stopAccepting();
        if (endsIdle) {
            http.drain();
        } else {
            http.retire();
        }
        // One that was accepted may be on its way to its thread, and is none of those that are served yet.
        taken.awaitNone(acceptor, patience);
        servers.stop();
        http.close();
        http.awaitDrained(CLOSE_PATIENCE);
        acceptor.interrupt();
        stopped.countDown();
    }

    private void awaitUninterruptibly(Duration patience) {
        try {
            stopped.await(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }

    private static void close(SocketChannel connection) {
        try {
            connection.close();
        } catch (IOException gone) {
            // It has ended already.
        }
    }

    /** Connections that were accepted and have not ended, wherever they are. */
    private static final class Taken {

        private int count; // guarded by this

        synchronized void begin() {
            count++;
        }

        synchronized void end() {
            if (--count == 0) {
                notifyAll();
            }
        }

        /** Waits until there is none, and the acceptor, who may hold another one, has ended; so long at most. */
        void awaitNone(Thread acceptor, Duration patience) {
            long deadlineNanos = System.nanoTime() + patience.toNanos();
            boolean interrupted = false;
            try {
                if (acceptor.getState() != Thread.State.NEW) {
                    acceptor.join(patience);
                }
            } catch (InterruptedException hurry) {
                interrupted = true;
            }
            synchronized (this) {
                long leftNanos = deadlineNanos - System.nanoTime();
                while (count > 0 && leftNanos > 0) {
                    try {
                        TimeUnit.NANOSECONDS.timedWait(this, leftNanos); // end() notifies
                    } catch (InterruptedException hurry) {
                        interrupted = true;
                    }
                    leftNanos = deadlineNanos - System.nanoTime();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Iterative: whoever accepts serves. */
    private record OnAcceptor(BlockingHttp http, Taken taken) implements Servers {

        @Override
        public void serve(SocketChannel connection) {
            try {
                http.serve(connection);
            } finally {
                taken.end();
            }
        }

        @Override
        public void stop() {
            // It has no threads.
        }
    }

    /** Threaded: a thread each, of which there are so many at most. */
    private static final class OnThreads implements Servers {

        private final BlockingHttp http;
        private final Semaphore free;
        private final Taken taken;

        /** Whether the system refused a thread the last time; belongs to the acceptor. */
        private boolean refused;

        OnThreads(BlockingHttp http, Semaphore free, Taken taken) {
            this.http = http;
            this.free = free;
            this.taken = taken;
        }

        @Override
        public void serve(SocketChannel connection) throws InterruptedException {
            try {
                free.acquire();
            } catch (InterruptedException stop) {
                close(connection);
                taken.end();
                throw stop;
            }
            Thread thread = Thread.ofPlatform()
                    .name("pumasi-connection")
                    .inheritInheritableThreadLocals(false)
                    .unstarted(() -> {
                        try {
                            http.serve(connection);
                        } finally {
                            free.release();
                            taken.end();
                        }
                    });
            try {
                thread.start();
                refused = false;
            } catch (OutOfMemoryError noThread) { // what the JVM throws when the system has none left
                free.release();
                taken.end();
                http.refuse(connection);
                if (!refused) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "the system has no thread for a connection ({0}); it is answered with 503, as are others until"
                                    + " there is one. Fewer threads, smaller stacks (-Xss) or more memory cure it",
                            noThread.getMessage());
                }
                refused = true;
            }
        }

        @Override
        public void stop() {
            // They end with their connections.
        }
    }

    /** Prethreaded: threads that wait for connections. */
    private static final class OnPool implements Servers {

        private final BlockingHttp http;
        private final BlockingQueue<SocketChannel> waiting;
        private final AtomicInteger idle;
        private final Taken taken;
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean stopping;

        /** @param idle where it counts threads that wait for a connection, or have just got one */
        OnPool(BlockingHttp http, BlockingQueue<SocketChannel> waiting, AtomicInteger idle, Taken taken) {
            this.taken = taken;
            this.idle = idle;
            this.http = http;
            this.waiting = waiting;
        }

        void start(int count) throws TooManyThreadsException {
            for (int i = 0; i < count; i++) {
                try {
                    threads.add(Thread.ofPlatform()
                            .name("pumasi-connection-" + i)
                            .inheritInheritableThreadLocals(false)
                            .start(this::work));
                } catch (OutOfMemoryError noThread) { // what the JVM throws when the system has none left
                    throw new TooManyThreadsException(count, i, noThread);
                }
            }
        }

        @Override
        public void serve(SocketChannel connection) throws InterruptedException {
            try {
                waiting.put(connection);
            } catch (InterruptedException stop) {
                close(connection);
                taken.end();
                throw stop;
            }
        }

        private void work() {
            try {
                while (!stopping) { // a handler may have swallowed the interrupt
                    idle.incrementAndGet();
                    SocketChannel connection = waiting.take();
                    idle.decrementAndGet();
                    try {
                        http.serve(connection);
                    } finally {
                        taken.end();
                    }
                }
            } catch (InterruptedException stop) {
                // stop() has interrupted it
            }
        }

        @Override
        public void stop() {
            stopping = true;
            threads.forEach(Thread::interrupt);
            for (SocketChannel left = waiting.poll(); left != null; left = waiting.poll()) {
                close(left);
                taken.end();
            }
        }
    }
}
