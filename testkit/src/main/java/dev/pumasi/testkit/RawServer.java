package dev.pumasi.testkit;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server of raw bytes on the loopback interface, for tests of clients and proxies: what it is told to do with a connection it
 * does, wrong or right, each on a platform thread of its own that blocks. How it ends is told by {@link #close}, which waits for
 * its threads and fails if a script did.
 */
public final class RawServer implements Closeable {

    /** What is done with one connection; it is closed afterwards. */
    public interface Script {
        void serve(Peer peer) throws Exception;
    }

    /** One connection, seen from the server. */
    public static final class Peer {
        private final Socket socket;
        private final int number;
        private final InputStream in;
        private final OutputStream out;

        Peer(Socket socket, int number) throws IOException {
            this.socket = socket;
            this.number = number;
            in = socket.getInputStream();
            out = socket.getOutputStream();
        }

        /** Which connection of this server, from 1. */
        public int number() {
            return number;
        }

        /** Its socket, for what is not offered here. */
        public Socket socket() {
            return socket;
        }

        /** The head of the next request, with the empty line; shorter at the end of the connection. */
        public String head() throws IOException {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                int octet = in.read();
                if (octet < 0) {
                    break;
                }
                head.write(octet);
            }
            return head.toString(StandardCharsets.ISO_8859_1);
        }

        /** So many bytes, a character each; fewer at the end of the connection. */
        public String bytes(int count) throws IOException {
            return new String(in.readNBytes(count), StandardCharsets.ISO_8859_1);
        }

        /** Reads up to the end of the connection, and says how many bytes there were. */
        public int drain() throws IOException {
            int count = 0;
            byte[] some = new byte[64 * 1024];
            try {
                for (int read = in.read(some); read >= 0; read = in.read(some)) {
                    count += read;
                }
            } catch (IOException reset) {
                return count; // the client may be gone in whatever way
            }
            return count;
        }

        /** Sends text, a byte for each character (ISO 8859-1). */
        public void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Ends the connection by a reset. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    /** How long a script may take to learn that its connection is closed. */
    private static final long END_NANOS = 30_000_000_000L;

    private final ServerSocket listening;
    private final Thread acceptor;
    private final Script script;
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    private final List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());

    private RawServer(Script script) throws IOException {
        this.script = script;
        listening = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        acceptor = Thread.ofPlatform().name("raw-accept").start(this::accept);
    }

    /** Listens on a free port. */
    public static RawServer start(Script script) throws IOException {
        return new RawServer(script);
    }

    /** Answers every request, whatever it is, with these bytes. */
    public static RawServer answering(String bytes) throws IOException {
        return start(peer -> {
            while (!peer.head().isEmpty()) {
                peer.send(bytes);
            }
        });
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Host and port. */
    public String authority() {
        return "127.0.0.1:" + port();
    }

    /** @param target begins with a slash */
    public String uri(String target) {
        return "http://" + authority() + target;
    }

    /** How many connections there have been. */
    public int connections() {
        return connections.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                int number = connections.incrementAndGet();
                threads.add(Thread.ofPlatform().name("raw-" + number).start(() -> serve(socket, number)));
            }
        } catch (IOException closed) {
            // That is how it ends.
        }
    }

    private void serve(Socket socket, int number) {
        try (socket) {
            script.serve(new Peer(socket, number));
        } catch (IOException gone) {
            // The client closed first, or the test is over.
        } catch (Throwable failure) {
            failures.add(failure);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        long deadlineNanos = System.nanoTime() + END_NANOS;
        join(acceptor, deadlineNanos); // then there will be no more connections than are known
        for (Socket socket : List.copyOf(sockets)) {
            socket.close();
        }
        for (Thread thread : List.copyOf(threads)) {
            join(thread, deadlineNanos);
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("the raw server failed", failures.getFirst());
        }
    }

    private static void join(Thread thread, long deadlineNanos) throws IOException {
        try {
            long left = deadlineNanos - System.nanoTime();
            if (!thread.join(Duration.ofNanos(Math.max(0, left)))) {
                throw new AssertionError("a thread of the raw server does not end: " + thread.getName() + ", in "
                        + List.of(thread.getStackTrace()));
            }
        } catch (InterruptedException hurry) {
            throw new IOException(hurry);
        }
    }
}
