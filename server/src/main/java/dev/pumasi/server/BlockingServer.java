package dev.pumasi.server;

import dev.pumasi.http.BlockingHttp;
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

/**
 * The models that give a thread to a connection: iterative, threaded, prethreaded. One thread accepts; who serves is the
 * difference.
 *
 * <p><b>When there are more connections than threads</b>, they wait: in the kernel's queue for {@link Model#ITERATIVE} and {@link
 * Model#THREADED}, and for {@link Model#PRETHREADED} first in a queue of as many as there are threads. A connection that is kept
 * open costs a thread, so one that could be kept ends with its answer as long as others wait, and one that has been idle for a
 * second ends.
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

    private final BlockingHttp http;
    private final ServerSocketChannel listening;
    private final SocketAddress address;
    private final Servers servers;
    private final Thread acceptor;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);

    private BlockingServer(ServerBuilder builder, BlockingHttp http, Servers servers) throws IOException {
        this.http = http;
        this.servers = servers;
        try {
            listening = listen(builder.address);
        } catch (IOException refused) {
            servers.stop();
            http.close();
            throw refused;
        }
        address = listening.getLocalAddress();
        acceptor = Thread.ofPlatform().name("pumasi-acceptor").start(this::accept);
    }

    static BlockingServer iterative(ServerBuilder builder) throws IOException {
        BlockingHttp http = BlockingHttp.open(builder.endpoint, builder.limits, builder.name, () -> true);
        return new BlockingServer(builder, http, new OnAcceptor(http));
    }

    static BlockingServer threaded(ServerBuilder builder) throws IOException {
        int most = Math.min(ServerBuilder.THREADS_MAX, builder.limits.connectionsMax());
        Semaphore free = new Semaphore(builder.threadsOr(most));
        BlockingHttp http = BlockingHttp.open(
                builder.endpoint,
                builder.limits,
                builder.name,
                () -> free.availablePermits() == 0 && free.hasQueuedThreads());
        return new BlockingServer(builder, http, new OnThreads(http, free));
    }

    static BlockingServer prethreaded(ServerBuilder builder) throws IOException {
        int threads = builder.threadsOr(ServerBuilder.THREADS_DEFAULT);
        BlockingQueue<SocketChannel> waiting = new ArrayBlockingQueue<>(threads);
        BlockingHttp http = BlockingHttp.open(builder.endpoint, builder.limits, builder.name, () -> !waiting.isEmpty());
        return new BlockingServer(builder, http, new OnPool(http, waiting, threads));
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

    private void accept() {
        boolean resting = false;
        while (listening.isOpen()) {
            try {
                SocketChannel connection = listening.accept();
                resting = false;
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
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }

    @Override
    public void stop(Duration patience) {
        if (!stopping.compareAndSet(false, true)) {
            awaitUninterruptibly(patience.plus(CLOSE_PATIENCE));
            return;
        }
        try {
            listening.close();
            if (address instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        } catch (IOException unclosed) {
            LOG.log(System.Logger.Level.WARNING, "closing the listening socket", unclosed);
        }
        http.drain();
        http.awaitDrained(patience);
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

    /** Iterative: whoever accepts serves. */
    private record OnAcceptor(BlockingHttp http) implements Servers {

        @Override
        public void serve(SocketChannel connection) {
            http.serve(connection);
        }

        @Override
        public void stop() {
            // It has no threads.
        }
    }

    /** Threaded: a thread each, of which there are so many at most. */
    private record OnThreads(BlockingHttp http, Semaphore free) implements Servers {

        @Override
        public void serve(SocketChannel connection) throws InterruptedException {
            try {
                free.acquire();
            } catch (InterruptedException stop) {
                close(connection);
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
                        }
                    });
            try {
                thread.start();
            } catch (OutOfMemoryError noThread) { // what the JVM throws when the system has none left
                free.release();
                close(connection);
                LOG.log(System.Logger.Level.WARNING, "no thread for a connection: {0}", noThread.getMessage());
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
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean stopping;

        OnPool(BlockingHttp http, BlockingQueue<SocketChannel> waiting, int count) {
            this.http = http;
            this.waiting = waiting;
            for (int i = 0; i < count; i++) {
                threads.add(Thread.ofPlatform()
                        .name("pumasi-connection-" + i)
                        .inheritInheritableThreadLocals(false)
                        .start(this::work));
            }
        }

        @Override
        public void serve(SocketChannel connection) throws InterruptedException {
            try {
                waiting.put(connection);
            } catch (InterruptedException stop) {
                close(connection);
                throw stop;
            }
        }

        private void work() {
            try {
                while (!stopping) { // a handler may have swallowed the interrupt
                    http.serve(waiting.take());
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
            }
        }
    }
}
