package dev.pumasi.cli;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.server.Crew;
import dev.pumasi.server.SupervisorException;
import dev.pumasi.server.SupervisorSocket;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;

/** What {@code pumasi serve} runs under the models with processes: a crew, the signals it hears, and the socket it is asked by. */
final class CrewSite {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.cli");

    /** Starts a crew. */
    interface Start {
        Crew start() throws IOException, SupervisorException;
    }

    private CrewSite() {}

    /**
     * Serves until it is told to stop, or somebody else has taken over. Returns the exit status.
     *
     * @param where for the messages: {@code "port 8080 of localhost"}
     */
    static int run(
            Start start, String where, java.util.function.Function<Crew, String> line, StopSignals signals, PrintWriter out, Duration patience)
            throws CannotRun, InterruptedException {
        try (Crew crew = started(start, where)) {
            Optional<SupervisorSocket> socket = socket(crew);
            Optional<SignalListener> reloads = reloads(crew, out);
            tell(out, line.apply(crew));
            Thread stopper = Thread.ofPlatform().name("pumasi-stop").daemon().start(() -> {
                try {
                    signals.await();
                    crew.stop(patience);
                } catch (InterruptedException over) {
                    // It has ended by itself.
                }
            });
            try {
                crew.awaitEnd();
            } catch (SupervisorException failed) {
                throw new CannotRun("the service has ended: " + failed.getMessage(), failed);
            } finally {
                stopper.interrupt();
                reloads.ifPresent(SignalListener::close);
                close(socket);
            }
            tell(out, "Stopped.");
            return 0;
        }
    }

    private static Crew started(Start start, String where) throws CannotRun {
        try {
            return start.start();
        } catch (SupervisorException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        } catch (OperationException refused) {
            throw new CannotRun(
                    refused.failure() == Failure.ADDRESS_IN_USE
                            ? where
                                    + " is in use; choose another with --port, or stop what listens there (ss -ltnp shows it)."
                            : "cannot listen on " + where + ": "
                                    + refused.failure().cause() + "; "
                                    + refused.failure().remedy() + ".",
                    refused);
        } catch (IOException refused) {
            throw new CannotRun("cannot listen on " + where + ": " + refused.getMessage(), refused);
        }
    }

    /** SIGHUP; under nohup it cannot be heard, and {@code pumasi reload} remains. */
    private static Optional<SignalListener> reloads(Crew crew, PrintWriter out) {
        try {
            return Optional.of(SignalListener.openOn(Runnable::run, UnixSignal.HUP, _ -> {
                tell(out, "SIGHUP: reloading");
                crew.reload().thenAccept(outcome -> tell(out, SupervisorSocket.text(outcome)));
            }));
        } catch (SignalRefusedException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<SupervisorSocket> socket(Crew crew) {
        try {
            return Optional.of(SupervisorSocket.open(crew));
        } catch (IOException refused) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "pumasi reload will not find this server (SIGHUP works): {0}",
                    refused.getMessage());
            return Optional.empty();
        }
    }

    private static void close(Optional<SupervisorSocket> socket) {
        try {
            if (socket.isPresent()) {
                socket.get().close();
            }
        } catch (IOException refused) {
            LOG.log(System.Logger.Level.WARNING, "the socket for reloads is left behind: {0}", refused.getMessage());
        }
    }

    /** Several threads have something to say. */
    static void tell(PrintWriter out, String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }
}
