package dev.pumasi.server;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Processes that serve, and the one that sees to them: a {@link Supervisor} or a {@link Forker}. Any thread may call any method. */
public sealed interface Crew extends AutoCloseable permits Supervisor, Forker {

    /** Where it listens, with the port that was chosen. */
    SocketAddress address();

    /** The port, or 0 for a Unix domain socket. */
    int port();

    /** Takes up a new plan for those to come, if it works. Never fails: what came of it is in the outcome. Does not wait. */
    CompletableFuture<ReloadOutcome> reload();

    /** Lets a new process take the place of this one, if that works. Never fails. Does not wait. */
    CompletableFuture<ReloadOutcome> handOver();

    /**
     * Waits until it has ended: because it was told to stop, or has handed over to another.
     *
     * @throws SupervisorException if it has given up
     */
    void awaitEnd() throws SupervisorException, InterruptedException;

    /** Ends the service: nobody accepts any more, requests in progress are answered, or cut off after {@code patience}. Waits. */
    void stop(Duration patience);

    /** {@link #stop} with some patience; afterwards nothing is left of it. */
    @Override
    void close();
}
