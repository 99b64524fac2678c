package dev.pumasi.web;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server of raw bytes: what it is told to do with a connection it does, wrong or right, each on a thread of its own. How
 * it ends is told by {@link #close}, which waits for its threads.
 */
final class RawUpstream implements Closeable {

    /** What is done with one connection; it is closed afterwards. */
    interface Script {
        void serve(Peer peer) throws Exception;
    }

    /** One connection, seen from the server. */
    static final class Peer {
        final Socket socket;
        final int number;
        private final InputStream in;
        private final OutputStream out;

        Peer(Socket socket, int number) throws IOException {
            this.socket = socket;
            this.number = number;
            in = socket.getInputStream();
            out = socket.getOutputStream();
        }

        /** The head of the next request, with the empty line; shorter at the end of the connection. */
        String head() throws IOException {
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

        String bytes(int count) throws IOException {
            return new String(in.readNBytes(count), StandardCharsets.ISO_8859_1);
        }

        /** Everything up to the end of the connection. */
        int drain() throws IOException {
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

        void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    private final ServerSocket listening;
    private final Script script;
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    private final List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());

    private RawUpstream(Script script) throws IOException {
        this.script = script;
        listening = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        threads.add(Thread.ofPlatform().name("raw-accept").start(this::accept));
    }

    static RawUpstream start(Script script) throws IOException {
        return new RawUpstream(script);
    }

    /** Answers every request, whatever it is, with these bytes. */
    static RawUpstream answering(String bytes) throws IOException {
        return start(peer -> {
            while (!peer.head().isEmpty()) {
                peer.send(bytes);
            }
        });
    }

    int port() {
        return listening.getLocalPort();
    }

    String authority() {
        return "127.0.0.1:" + port();
    }

    int connections() {
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
        for (Socket socket : List.copyOf(sockets)) {
            socket.close();
        }
        for (Thread thread : List.copyOf(threads)) {
            try {
                thread.join(10_000);
            } catch (InterruptedException hurry) {
                throw new IOException(hurry);
            }
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("the raw server failed", failures.getFirst());
        }
    }
}
