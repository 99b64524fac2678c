package dev.pumasi.benchmarks.servers;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/**
 * Raw sockets with a green thread each, in direct style: {@code DRIVER PORT}. Just enough of HTTP to be measured like the
 * others: what a connection costs that owns a stack, and what it costs to wake it.
 */
public final class RawGreenServer {

    private static final int READ_BYTES = 16 * 1024;
    private static final long SECOND_NANOS = 1_000_000_000;

    /** Of the only loop: a thread uses it only between two waits. */
    private static final byte[] SHARED = new byte[READ_BYTES];

    private static byte[] answer = {};
    private static byte[] lastAnswer = {};
    private static long answerNanos = Long.MIN_VALUE;

    private RawGreenServer() {}

    public static void main(String[] arguments) throws IOException {
        LoopGroup loops = LoopGroup.start("raw", 1, Drivers.choose(arguments[0]).factory());
        Loop loop = loops.next();
        InetSocketAddress address = new InetSocketAddress(Integer.parseInt(arguments[1]));
        Listener.open(loop, address, socket -> loop.spawn(() -> serve(socket)));
    }

    private static void serve(StreamSocket socket) {
        int matched = 0;
        boolean close = false;
        try (socket) {
            int read;
            while (!close && (read = socket.read(SHARED, 0, READ_BYTES)) > 0) {
                boolean old = new String(SHARED, 0, read, StandardCharsets.ISO_8859_1).contains("HTTP/1.0")
                        || new String(SHARED, 0, read, StandardCharsets.ISO_8859_1).contains("Connection: close");
                for (int i = 0; i < read; i++) {
                    boolean expected = SHARED[i] == ((matched & 1) == 0 ? '\r' : '\n');
                    matched = expected ? matched + 1 : SHARED[i] == '\r' ? 1 : 0;
                    if (matched == 4) {
                        matched = 0;
                        byte[] bytes = answer(socket.loop().nowNanos(), old);
                        socket.write(bytes, 0, bytes.length);
                        close = old;
                    }
                }
                socket.flush();
            }
            if (close) {
                socket.shutdownOutput();
                while (socket.read(SHARED, 0, READ_BYTES) > 0) {}
            }
        } catch (IOException gone) {
            // a client that vanishes is no event in a benchmark
        }
    }

    private static byte[] answer(long nowNanos, boolean last) {
        if (answerNanos == Long.MIN_VALUE || nowNanos - answerNanos > SECOND_NANOS) {
            answerNanos = nowNanos;
            answer = encode("");
            lastAnswer = encode("Connection: close\r\n");
        }
        return last ? lastAnswer : answer;
    }

    private static byte[] encode(String more) {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        return ("HTTP/1.1 200 OK\r\nServer: raw\r\nDate: " + date + "\r\nContent-Type: text/plain\r\n" + more
                        + "Content-Length: 13\r\n\r\nHello, World!")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
