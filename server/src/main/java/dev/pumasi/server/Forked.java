package dev.pumasi.server;

import dev.pumasi.http.BlockingHttp;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.UnixSignal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A process that serves one connection, which it was started with as its standard input, by plain blocking calls; then it ends.
 * See {@link Forker}.
 *
 * <p>Its start is what a client waits for, so it leaves out what is not needed: no loop, no system calls through {@code
 * java.lang.foreign}, no command-line parser. SIGTERM lets it end with its next answer.
 *
 * <p>With the variable {@value #TRIAL} set it opens the application, asks it for one answer, and ends: that is how a new
 * plan is tried.
 */
public final class Forked {

    static final String TRIAL = "PUMASI_TRIAL";

    /** A connection that waits for a request costs a whole process. */
    private static final int IDLE_MILLIS = 5_000;

    /** Of the loop that handlers find: the one that is there soonest, because it needs no system call to be linked. */
    private static final String DRIVER = "nio";

    private static final int TRIAL_ANSWER_BYTES_MAX = 1 << 20;

    private Forked() {}

    /** Serves the connection, with these {@link WorkerSettings#arguments}, and ends the JVM. */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments)));
    }

    private static int run(List<String> arguments) {
        boolean isTrial = System.getenv(TRIAL) != null;
        try (OpenApplication application =
                WorkerSettings.parse(arguments).application().open()) {
            Thread.currentThread().setContextClassLoader(application.classes());
            HttpLimits limits =
                    HttpLimits.builder().idleTimeoutMillis(IDLE_MILLIS).build();
            try (BlockingHttp http = BlockingHttp.open(application.endpoint(), limits, "pumasi", () -> false, DRIVER)) {
                if (isTrial) {
                    return answersItself(http) ? 0 : refuse("GET / was not answered, or with 5xx");
                }
                Channel inherited = System.inheritedChannel();
                if (!(inherited instanceof SocketChannel connection)) {
                    return refuse("standard input is no connection, but " + inherited);
                }
                endWithNextAnswerOn(UnixSignal.TERM, http);
                http.serve(connection);
                return 0;
            }
        } catch (ApplicationException | IOException | RuntimeException refused) {
            return refuse(String.valueOf(refused.getMessage()));
        }
    }

    private static int refuse(String why) {
        System.err.println("pumasi: a process for a connection does not start: " + why);
        return Worker.EXIT_REFUSED;
    }

    private static void endWithNextAnswerOn(UnixSignal signal, BlockingHttp http) {
        try {
            SignalListener.openOn(Runnable::run, signal, _ -> http.drain());
        } catch (SignalRefusedException ignored) {
            // Whoever has started all this has it ignored: it is killed when the patience is over.
        }
    }

    /** Over the loopback interface, because nothing else gives a pair of connected channels. */
    static boolean answersItself(BlockingHttp http) throws IOException {
        try (ServerSocketChannel listening =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
                SocketChannel client = SocketChannel.open(listening.getLocalAddress());
                SocketChannel server = listening.accept()) {
            client.write(ByteBuffer.wrap(WarmUp.request()));
            client.shutdownOutput();
            http.serve(server);
            ByteBuffer buffer = ByteBuffer.allocate(8192);
            StringBuilder begin = new StringBuilder();
            long all = 0;
            for (int count = client.read(buffer);
                    count > 0 && all < TRIAL_ANSWER_BYTES_MAX;
                    count = client.read(buffer)) {
                all += count;
                buffer.flip();
                begin.append(StandardCharsets.ISO_8859_1.decode(buffer), 0, Math.min(count, 16));
                buffer.clear();
            }
            return begin.length() > 9 && begin.charAt(9) != '5';
        }
    }
}
