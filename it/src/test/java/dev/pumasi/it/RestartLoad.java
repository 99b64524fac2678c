package dev.pumasi.it;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Clients that never stop asking, compare every byte of every answer, and can tell how a request failed. Three kinds: one
 * connection for many requests; a connection for each request; and bodies that take their time. None tries anything again:
 * what fails is counted.
 */
final class RestartLoad implements AutoCloseable {

    /** How a request failed. */
    enum Kind {
        /** Nobody listened. */
        REFUSED,
        /** The connection ended before the first byte of the answer. */
        UNANSWERED,
        /** It ended within the answer. */
        CUT,
        /** It was answered with another status than 200. */
        STATUS,
        /** A byte of the answer was not what it should be. */
        WRONG,
        /** It took longer than {@link #PATIENCE_MILLIS}. */
        LATE
    }

    /**
     * A request that failed.
     *
     * @param worker the process that had answered on this connection before; 0 if none had
     * @param beganNanos when its connection was begun, or, of one that was kept, the request
     */
    record Failed(Kind kind, String what, long worker, long beganNanos, long endedNanos) {}

    static final int PATIENCE_MILLIS = 30_000;

    private static final int SMALL_BYTES_MAX = 4_000;
    private static final int BODY_BYTES_MAX = 200_000;
    private static final int PIECE_BYTES = 16_384;
    private static final long PIECE_PAUSE_NANOS = 3_000_000;
    private static final long THINK_NANOS_MAX = 15_000_000;

    private final int port;
    private final List<Thread> threads = new ArrayList<>();
    private final ConcurrentLinkedQueue<Failed> failures = new ConcurrentLinkedQueue<>();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong connections = new AtomicLong();
    private volatile boolean enough;

    private RestartLoad(int port) {
        this.port = port;
    }

    /** So many clients of each of the three kinds. */
    static RestartLoad start(int port, int each, long seed) {
        RestartLoad load = new RestartLoad(port);
        for (int i = 0; i < each; i++) {
            load.begin("kept-" + i, new Random(seed + 3L * i), true, false);
            load.begin("fresh-" + i, new Random(seed + 3L * i + 1), false, false);
            load.begin("bodies-" + i, new Random(seed + 3L * i + 2), i % 2 == 0, true);
        }
        return load;
    }

    private void begin(String name, Random random, boolean keeps, boolean bodies) {
        threads.add(Thread.ofPlatform().name("load-" + name).daemon().start(() -> ask(random, keeps, bodies)));
    }

    long answered() {
        return answered.get();
    }

    long connections() {
        return connections.get();
    }

    List<Failed> failures() {
        return List.copyOf(failures);
    }

    private void ask(Random random, boolean keeps, boolean bodies) {
        Connection connection = null;
        while (!enough) {
            long beganNanos = System.nanoTime();
            try {
                if (connection == null) {
                    connection = new Connection(port);
                    connections.incrementAndGet();
                }
                boolean livesOn = bodies ? connection.echo(random, keeps) : connection.get(random, keeps);
                answered.incrementAndGet();
                if (!livesOn) {
                    connection.close();
                    connection = null;
                }
            } catch (Failure failure) {
                long worker = connection == null ? 0 : connection.worker;
                failures.add(new Failed(
                        failure.kind, String.valueOf(failure.getMessage()), worker, beganNanos, System.nanoTime()));
                if (connection != null) {
                    connection.close();
                    connection = null;
                }
                LockSupport.parkNanos(THINK_NANOS_MAX);
            }
            LockSupport.parkNanos(random.nextLong(THINK_NANOS_MAX));
        }
        if (connection != null) {
            connection.close();
        }
    }

    /** Lets every client finish its request. */
    @Override
    public void close() throws InterruptedException {
        enough = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;
        final Kind kind;

        Failure(Kind kind, String message, @Nullable Throwable cause) {
            super(message, cause);
            this.kind = kind;
        }
    }

    private static final class Connection {

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        long worker;

        Connection(int port) throws Failure {
            Socket made = new Socket();
            try {
                made.setTcpNoDelay(true);
                made.setSoTimeout(PATIENCE_MILLIS);
                made.connect(new InetSocketAddress("127.0.0.1", port), PATIENCE_MILLIS);
                socket = made;
                in = new BufferedInputStream(made.getInputStream());
                out = made.getOutputStream();
            } catch (IOException refused) {
                throw new Failure(
                        refused instanceof ConnectException ? Kind.REFUSED : Kind.LATE, "connect: " + refused, refused);
            }
        }

        /** Says whether the connection lives on. */
        boolean get(Random random, boolean keeps) throws Failure {
            int seed = random.nextInt(1_000_000);
            int count = random.nextInt(SMALL_BYTES_MAX);
            String request = "GET /bytes/" + seed + "/" + count + " HTTP/1.1\r\nHost: a\r\n"
                    + (keeps ? "" : "Connection: close\r\n") + "\r\n";
            send(request.getBytes(StandardCharsets.US_ASCII), false);
            return answer(RestartsApplication.bytes(seed, count), keeps);
        }

        boolean echo(Random random, boolean keeps) throws Failure {
            byte[] body = RestartsApplication.bytes(random.nextInt(), 1 + random.nextInt(BODY_BYTES_MAX));
            String head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length + "\r\n"
                    + (keeps ? "" : "Connection: close\r\n") + "\r\n";
            send(head.getBytes(StandardCharsets.US_ASCII), false);
            send(body, true);
            return answer(body, keeps);
        }

        private void send(byte[] bytes, boolean slowly) throws Failure {
            try {
                for (int sent = 0; sent < bytes.length; sent += PIECE_BYTES) {
                    out.write(bytes, sent, Math.min(PIECE_BYTES, bytes.length - sent));
                    if (slowly) {
                        LockSupport.parkNanos(PIECE_PAUSE_NANOS);
                    }
                }
            } catch (IOException broken) {
                throw new Failure(Kind.UNANSWERED, "send: " + broken, broken);
            }
        }

        private boolean answer(byte[] expected, boolean keeps) throws Failure {
            boolean begun = false;
            try {
                String status = line();
                begun = true;
                boolean livesOn = keeps;
                int length = -1;
                for (String field = line(); !field.isEmpty(); field = line()) {
                    String lower = field.toLowerCase(Locale.ROOT);
                    if (lower.startsWith("content-length:")) {
                        length = Integer.parseInt(field.substring(15).strip());
                    } else if (lower.startsWith("worker:")) {
                        worker = Long.parseLong(field.substring(7).strip());
                    } else if (lower.equals("connection: close")) {
                        livesOn = false;
                    }
                }
                byte[] body = in.readNBytes(Math.max(0, length));
                if (!status.startsWith("HTTP/1.1 200 ")) {
                    throw new Failure(Kind.STATUS, status, null);
                }
                if (body.length < length) {
                    throw new EOFException("within the body");
                }
                if (!Arrays.equals(body, expected)) {
                    throw new Failure(Kind.WRONG, expected.length + " bytes asked for, and others came", null);
                }
                return livesOn;
            } catch (SocketTimeoutException late) {
                throw new Failure(Kind.LATE, "answer: " + late, late);
            } catch (IOException cut) {
                throw new Failure(begun ? Kind.CUT : Kind.UNANSWERED, "answer: " + cut, cut);
            }
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException("the connection has ended");
                }
                if (next != '\r') {
                    line.append((char) next);
                }
            }
            return line.toString();
        }

        void close() {
            try {
                socket.close();
            } catch (IOException gone) {
                // It has ended already.
            }
        }
    }
}
