package dev.pumasi.server;

import dev.pumasi.http.BlockingHttp;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.UnixSignal;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.SocketChannel;
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
                    int status = WarmUp.status(http);
                    return status < 500 ? 0 : refuse("GET / was answered with 5xx: " + status);
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
}
