package dev.pumasi.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/**
 * Somebody who asks a server for something small, at fixed times, on one connection, and notes how long each answer takes. A request that is
 * due while another one is under way is charged from when it was due.
 */
final class Neighbour implements Callable<List<Neighbour.Asked>> {

    static final long PERIOD_NANOS = 5_000_000;

    private static final byte[] REQUEST =
            "GET /tick HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final String END = "tick\n";
    private static final int ANSWER_BYTES_MAX = 1024;

    /** One request. */
    record Asked(long dueNanos, long sentNanos, long answeredNanos) {

        double waitedMillis() {
            return (answeredNanos - dueNanos) / 1e6;
        }
    }

    private final int port;
    private final long beginNanos;
    private final long endNanos;

    Neighbour(int port, long beginNanos, long endNanos) {
        this.port = port;
        this.beginNanos = beginNanos;
        this.endNanos = endNanos;
    }

    /** Blocks until the last one is answered. */
    @Override
    public List<Asked> call() throws IOException {
        List<Asked> all = new ArrayList<>();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            for (long dueNanos = beginNanos; dueNanos - endNanos < 0; dueNanos += PERIOD_NANOS) {
                for (long left = dueNanos - System.nanoTime(); left > 0; left = dueNanos - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                long sentNanos = System.nanoTime();
                out.write(REQUEST);
                readAnswer(in);
                all.add(new Asked(dueNanos, sentNanos, System.nanoTime()));
            }
        }
        return all;
    }

    private static void readAnswer(InputStream in) throws IOException {
        byte[] answer = new byte[ANSWER_BYTES_MAX];
        int length = 0;
        while (length < END.length()
                || !new String(answer, length - END.length(), END.length(), StandardCharsets.US_ASCII).equals(END)) {
            int count = in.read(answer, length, answer.length - length);
            if (count <= 0) {
                throw new IOException("the server did not answer to the end");
            }
            length += count;
        }
    }

    /** One request of somebody else, on a connection of its own; how long it took. Blocks. */
    static double askOnceMillis(int port, String path) throws IOException {
        long beganNanos = System.nanoTime();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            if (!answer.startsWith("HTTP/1.1 200")) {
                throw new IOException(
                        "the server said: " + answer.lines().findFirst().orElse("nothing"));
            }
        }
        return (System.nanoTime() - beganNanos) / 1e6;
    }
}
