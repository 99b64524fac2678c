package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The other end of most examples: a server that takes its time. A request is a line, {@code MILLISECONDS NAME}; after
 * that time the answer is the line {@code NAME}, and the end of the stream. It has one loop of its own.
 */
final class SlowServer implements AutoCloseable {

    private static final int REQUEST_CHARACTERS_MAX = 100;

    /** How long it waits at most for as many requests as it is to {@linkplain #awaitAtOnce have at once}, and how often it looks. */
    private static final long AT_ONCE_PATIENCE_NANOS = 20_000_000_000L;

    private static final long AT_ONCE_LOOK_NANOS = 5_000_000;

    private final LoopGroup loops;
    private final Listener listener;

    // Written on the server's loop, read by the example.
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();

    private volatile int awaited;

    /** Listens on a free port of the loopback interface. */
    static SlowServer start(String driver) throws IOException {
        return start(driver, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    static SlowServer start(String driver, SocketAddress address) throws IOException {
        return new SlowServer(driver, address);
    }

    private SlowServer(String driver, SocketAddress address) throws IOException {
        loops = LoopGroup.start("slow-server", 1, Drivers.choose(driver).factory());
        try {
            listener = Listener.open(loops.next(), address, socket -> socket.onReceive(new Requests(socket)));
        } catch (IOException | RuntimeException refused) {
            loops.close();
            throw refused;
        }
    }

    SocketAddress address() {
        return listener.address();
    }

    int port() {
        return ((InetSocketAddress) address()).getPort();
    }

    static String request(int millis, String name) {
        return millis + " " + name + "\n";
    }

    /**
     * It answers nobody before so many have asked: on a machine that stands still, the last may come later than the first takes.
     * They come only if nobody waits for an answer before asking for the next; else it gives in after a while.
     */
    SlowServer awaitAtOnce(int requests) {
        awaited = requests;
        return this;
    }

    /** How many requests it had to think about at the same time, at most. */
    int mostAtOnce() {
        return mostAtOnce.get();
    }

    @Override
    public void close() {
        listener.close();
        loops.close();
    }

    private final class Requests implements Receiver {

        private final StreamSocket socket;
        private final StringBuilder line = new StringBuilder();

        Requests(StreamSocket socket) {
            this.socket = socket;
        }

        @Override
        public void received(Buffer data, int length) {
            line.append(data.latin1(0, length));
            int end = line.indexOf("\n");
            if (end >= 0) {
                think(line.substring(0, end));
            } else if (line.length() > REQUEST_CHARACTERS_MAX) {
                socket.close();
            }
        }

        private void think(String request) {
            int space = request.indexOf(' ');
            long nanos = Long.parseLong(request, 0, space, 10) * 1_000_000;
            byte[] answer = (request.substring(space + 1) + "\n").getBytes();
            mostAtOnce.accumulateAndGet(now.incrementAndGet(), Math::max);
            long endNanos = socket.loop().nowNanos() + AT_ONCE_PATIENCE_NANOS;
            socket.loop().start(Timer.of(() -> answerWhenAllHaveAsked(answer, endNanos)), nanos);
        }

        private void answerWhenAllHaveAsked(byte[] answer, long endNanos) {
            Loop loop = socket.loop();
            if (mostAtOnce.get() < awaited && loop.nowNanos() - endNanos < 0) {
                loop.start(Timer.of(() -> answerWhenAllHaveAsked(answer, endNanos)), AT_ONCE_LOOK_NANOS);
            } else {
                answer(answer);
            }
        }

        private void answer(byte[] answer) {
            now.decrementAndGet();
            socket.output().append(answer, 0, answer.length);
            socket.output().flush();
            socket.shutdownOutput();
        }

        @Override
        public void ended() {
            socket.close();
        }

        @Override
        public void failed(OperationException failure) {
            socket.close();
        }
    }
}
