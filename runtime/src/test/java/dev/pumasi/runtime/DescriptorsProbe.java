package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.driver.Errno;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/** A process of its own with few descriptors: an echo server that runs out of them. {@link ListenerTest} reads along. */
final class DescriptorsProbe {

    private static final int CONNECTIONS = 160;
    private static final AtomicInteger SERVED = new AtomicInteger();

    private DescriptorsProbe() {}

    public static void main(String[] arguments) throws Exception {
        Heard heard = new Heard();
        heard.begin();
        try (LoopGroup group =
                LoopGroup.start("probe", 1, Drivers.choose(arguments[0]).factory())) {
            Loop loop = group.next();
            Listener listener = Listener.open(
                    loop, new InetSocketAddress("127.0.0.1", 0), socket -> loop.spawn(() -> echo(socket)));
            warmUp(loop, listener);
            say("port " + ((InetSocketAddress) listener.address()).getPort());
            Eventually.until("descriptors run out", () -> listener.pauses() > 0);
            say("paused with " + listener.accepted());
            long began = System.nanoTime();
            long turns = loop.status().turns();
            long pauses = listener.pauses();
            Eventually.until("it tries again and again", () -> listener.pauses() - pauses >= 4);
            long pausesMeanwhile = listener.pauses() - pauses;
            say("turns meanwhile " + (loop.status().turns() - turns));
            say("pauses meanwhile " + pausesMeanwhile);
            say("millis meanwhile " + (System.nanoTime() - began) / 1_000_000);
            Eventually.until("all are accepted", () -> listener.accepted() - 1 == CONNECTIONS);
            Eventually.until("all are served", () -> SERVED.get() - 1 == CONNECTIONS);
            say("accepted in all " + (listener.accepted() - 1));
            long said = heard.take().stream()
                    .filter(line -> line.contains("pauses: no file descriptors are left"))
                    .count();
            // Once for each time that it began, and the first lasted longest.
            say("said so " + (said >= 1 && said < listener.pauses() ? 1 : 0));
            listener.close();
        }
    }

    /** Loads the classes that will be needed when no more files can be opened to read them from. */
    private static void warmUp(Loop loop, Listener listener) throws Exception {
        try (Socket client = new Socket()) {
            client.connect(listener.address());
            client.getOutputStream().write(1);
            client.getInputStream().read();
        }
        OperationException failure = OperationException.of("warm up", -Errno.EMFILE);
        System.getLogger("dev.pumasi.runtime").log(System.Logger.Level.WARNING, "{0}", failure.failure());
        Eventually.until("it is over", () -> loop.status().interests() == 1 && listener.pauses() == 0);
        LeftBehind.descriptors();
        Eventually.pass(1);
    }

    private static void echo(StreamSocket socket) throws IOException {
        byte[] bytes = new byte[16];
        try (socket) {
            for (int count = socket.read(bytes, 0, 16); count >= 0; count = socket.read(bytes, 0, 16)) {
                socket.write(bytes, 0, count);
                socket.flush();
            }
        }
        SERVED.incrementAndGet();
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
