package dev.pumasi.http;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * HTTP/1.1 by plain blocking calls: the thread that calls {@link #serve} serves one connection, from its first byte to its
 * end, and waits in {@code read} and {@code write} as the books show it. It is for the concurrency models that own a thread
 * or a process for each connection; codec, limits, endpoints and answers are those of {@link HttpServer}, so that a
 * comparison compares the models and nothing else.
 *
 * <p><b>Time limits.</b> A blocking call knows none. One daemon thread looks at all connections every {@value
 * #LOOK_MILLIS} ms. One that is late with reading has its input shut down, which ends the {@code read} as if the client had
 * ended its side, so that it can still be answered (408); one that is late with writing is closed.
 *
 * <p><b>What a handler finds.</b> It runs on the connection's thread, where it may block as it likes, reads its body and
 * writes its answer there. {@link Request#loop} is a loop that all connections share, made when first asked for: an
 * operation that is awaited blocks the connection's thread. An {@link AsyncHandler} is called on the connection's thread
 * as well, which then waits for its answer.
 *
 * <p><b>Stopping.</b> {@link #drain}: who waits for a request ends, who is in one ends after its answer. Requests that had
 * arrived are answered, because shutting a socket's input down leaves what is in it. {@link #close} ends the rest.
 *
 * <p>It does not accept connections and starts no thread for one: that is the model's part. Any thread may call any method.
 */
public final class BlockingHttp implements AutoCloseable {

    /** How often time limits are looked at: so late may they be kept. */
    static final int LOOK_MILLIS = 100;

    /** So long may a connection wait for its next request while others wait for its thread. */
    static final long CROWDED_IDLE_NANOS = Duration.ofSeconds(1).toNanos();

    /** How many connections' parsers and buffers are kept for the next ones. */
    private static final int WORKPLACES_KEPT_MAX = 1024;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.http");

    /** How many different failures are reported; afterwards they are only counted. */
    private static final int FAILURE_KINDS_MAX = 256;

    final Endpoint endpoint;
    final HttpLimits limits;
    final String serverName;
    final Clock clock = Clock.SYSTEM;

    /** Answers that came when another had been given; counted by whoever gave them. */
    final LongAdder lateAnswers = new LongAdder();

    /** So many that were turned away are kept until their clients have read why. */
    private static final int TURNED_AWAY_MAX = 256;

    private final BooleanSupplier crowded;
    private final Set<BlockingConnection> connections = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedDeque<Workplace> workplaces = new ConcurrentLinkedDeque<>();
    private final AtomicInteger workplacesKept = new AtomicInteger();
    private final ConcurrentLinkedQueue<TurnedAway> turnedAway = new ConcurrentLinkedQueue<>();
    private final Set<String> failureKinds = ConcurrentHashMap.newKeySet();
    private final ServiceLoop service;
    private final Thread watcher;
    private HttpCounters ended = new HttpCounters(); // guarded by this
    private long readsEnded; // guarded by this
    private volatile boolean draining;
    private volatile boolean endsIdle;
    private volatile boolean closed;

    private BlockingHttp(
            Endpoint endpoint, HttpLimits limits, String serverName, BooleanSupplier crowded, String driver) {
        this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
        this.limits = Objects.requireNonNull(limits, "limits");
        this.serverName = Objects.requireNonNull(serverName, "serverName");
        this.crowded = Objects.requireNonNull(crowded, "crowded");
        service = new ServiceLoop(driver);
        watcher = Thread.ofPlatform()
                .name("pumasi-http-deadlines")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .start(this::watch);
    }

    /**
     * Ready to serve.
     *
     * @param serverName the Server field of every response; empty for none
     * @param crowded whether connections wait for a thread: then one that is served ends with its answer instead of keeping
     *     its thread for the next request, and one that has waited for that for a second ends, too. Asked by any thread
     */
    public static BlockingHttp open(Endpoint endpoint, HttpLimits limits, String serverName, BooleanSupplier crowded) {
        return open(endpoint, limits, serverName, crowded, Drivers.AUTO);
    }

    /** The same; the loop that handlers find is of {@code driver}, by its name in {@link Drivers}. */
    public static BlockingHttp open(
            Endpoint endpoint, HttpLimits limits, String serverName, BooleanSupplier crowded, String driver) {
        return new BlockingHttp(endpoint, limits, serverName, crowded, driver);
    }

    /**
     * Serves a connection until it ends, and closes it. Blocks all that time. Whatever the client or a handler does, it
     * returns; only an {@link Error} that is none of a handler's comes out.
     *
     * @param connection in blocking mode
     */
    public void serve(SocketChannel connection) {
        serve(connection, false);
    }

    /** The same, for requests that are told as {@link Request#isWarmUp}: nobody but this program asks them. */
    public void warmUp(SocketChannel connection) {
        serve(connection, true);
    }

    private void serve(SocketChannel connection, boolean warmUp) {
        Workplace workplace = take();
        boolean overloaded = connections.size() >= limits.connectionsMax();
        BlockingConnection served = new BlockingConnection(this, connection, workplace, overloaded, warmUp);
        connections.add(served);
        try {
            served.serve();
        } finally {
            synchronized (this) {
                connections.remove(served);
                ended = HttpCounters.joined(ended, served.counters);
                readsEnded += served.reads;
                if (draining && connections.isEmpty()) {
                    notifyAll();
                }
            }
            giveBack(workplace);
        }
    }

    /**
     * Turns a connection away for which there is no thread: it is answered with 503, and closed when its client has closed its
     * end, or after a while. Does not wait; any thread, but one at a time.
     *
     * @param connection in blocking mode
     */
    public void refuse(SocketChannel connection) {
        synchronized (this) {
            ended.connections++;
            ended.refused++;
        }
        Workplace workplace = take();
        workplace.head.tick(clock.currentTimeMillis());
        try {
            turnedAway.add(TurnedAway.answered(connection, workplace, clock.nanoTime()));
        } catch (IOException gone) {
            TurnedAway.close(connection);
        } finally {
            giveBack(workplace);
        }
        if (turnedAway.size() > TURNED_AWAY_MAX || closed) {
            TurnedAway oldest = turnedAway.poll();
            if (oldest != null) {
                oldest.close();
            }
        }
    }

    /** What the connections have done, as of about now. */
    public HttpStatus status() {
        synchronized (this) {
            List<HttpCounters> all = new ArrayList<>();
            all.add(ended);
            HttpCounters late = new HttpCounters();
            late.lateAnswers = lateAnswers.sum();
            all.add(late);
            connections.forEach(connection -> all.add(connection.counters));
            return HttpCounters.sum(all);
        }
    }

    /** How many times something has come from a client. */
    synchronized long reads() {
        return readsEnded
                + connections.stream().mapToLong(connection -> connection.reads).sum();
    }

    /**
     * Lets every connection end with its next answer, whenever the client asks for one or the time for that is over: so none is
     * cut off while a request is on its way. Does not wait.
     */
    public void retire() {
        draining = true;
    }

    /** Lets every connection end: at once if it waits for a request, else after its answer. Does not wait. */
    public void drain() {
        draining = true;
        endsIdle = true;
        connections.forEach(BlockingConnection::endIfIdle);
    }

    /** Waits until no connection is served, for {@code patience} at most; says whether that came true. */
    public boolean awaitDrained(Duration patience) {
        long deadlineNanos = System.nanoTime() + patience.toNanos();
        boolean interrupted = false;
        synchronized (this) {
            long leftNanos = patience.toNanos();
            while (!connections.isEmpty() && leftNanos > 0) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, leftNanos); // serve() notifies
                } catch (InterruptedException hurry) {
                    interrupted = true;
                }
                leftNanos = deadlineNanos - System.nanoTime();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return connections.isEmpty();
    }

    /** Ends every connection at once. Those who serve one return soon; handlers are not interrupted. */
    @Override
    public void close() {
        drain();
        closed = true;
        connections.forEach(BlockingConnection::abort);
        watcher.interrupt();
        service.close();
    }

    boolean isDraining() {
        return draining;
    }

    boolean endsIdle() {
        return endsIdle;
    }

    boolean isCrowded() {
        return crowded.getAsBoolean();
    }

    /** A loop for what handlers start that needs one. */
    Loop loop() {
        return service.loop();
    }

    /** Reports it, with its stack, the first time one of its kind happens. */
    void report(String where, Throwable failure) {
        StackTraceElement[] stack = failure.getStackTrace();
        String kind = failure.getClass().getName() + (stack.length > 0 ? "@" + stack[0] : "");
        if (failureKinds.size() < FAILURE_KINDS_MAX && failureKinds.add(kind)) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    () -> where + " failed; it is counted from now on, and not reported again",
                    failure);
        }
    }

    private void watch() {
        while (!closed) {
            try {
                Thread.sleep(Duration.ofMillis(LOOK_MILLIS));
            } catch (InterruptedException closing) {
                break;
            }
            long nowNanos = clock.nanoTime();
            connections.forEach(connection -> connection.look(nowNanos));
            turnedAway.removeIf(connection -> connection.hasEnded(nowNanos));
        }
        turnedAway.forEach(TurnedAway::close);
    }

    private Workplace take() {
        Workplace kept = workplaces.pollLast();
        if (kept == null) {
            return new Workplace(limits, serverName);
        }
        workplacesKept.decrementAndGet();
        return kept;
    }

    private void giveBack(Workplace workplace) {
        if (workplacesKept.incrementAndGet() <= WORKPLACES_KEPT_MAX) {
            workplaces.addLast(workplace);
        } else {
            workplacesKept.decrementAndGet();
        }
    }

    /** What a thread needs to serve a connection. */
    static final class Workplace {

        static final int OUTPUT_BYTES = 16 * 1024;
        private static final int INPUT_BYTES = 16 * 1024;

        final RequestParser parser;
        final BodyDecoder decoder;
        final HeadBlock head;
        final Buffer output = Buffer.allocate(OUTPUT_BYTES);
        Buffer input = Buffer.allocate(INPUT_BYTES);

        Workplace(HttpLimits limits, String serverName) {
            parser = new RequestParser(limits);
            decoder = new BodyDecoder(limits);
            head = new HeadBlock(serverName);
        }
    }
}
