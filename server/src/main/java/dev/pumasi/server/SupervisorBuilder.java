package dev.pumasi.server;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** What a {@link Supervisor} is made of. Not thread-safe. */
public final class SupervisorBuilder {

    final WorkerPlan.Planner planner;
    SocketAddress address = new InetSocketAddress("localhost", 8080);
    String driver = "epoll";
    Duration readyLimit = Supervisor.READY_LIMIT_DEFAULT;
    Duration retirePatience = Supervisor.RETIRE_PATIENCE_DEFAULT;
    int deathsMax = Supervisor.DEATHS_DEFAULT;
    List<String> successorCommand = List.of();
    Consumer<String> teller = what -> System.getLogger("dev.pumasi.server").log(System.Logger.Level.INFO, what);

    SupervisorBuilder(WorkerPlan.Planner planner) {
        this.planner = Objects.requireNonNull(planner, "planner");
    }

    /** Where to listen: TCP or Unix domain. Default: port 8080 of localhost. */
    public SupervisorBuilder address(SocketAddress where) {
        address = Objects.requireNonNull(where, "address");
        return this;
    }

    /** The driver of the supervisor's own loop; the workers' is their own affair. Default: {@code epoll}. */
    public SupervisorBuilder driver(String called) {
        driver = Objects.requireNonNull(called, "driver");
        return this;
    }

    /** How long a worker may take to become ready. Default: {@link Supervisor#READY_LIMIT_DEFAULT}. */
    public SupervisorBuilder readyLimit(Duration limit) {
        readyLimit = Objects.requireNonNull(limit, "limit");
        return this;
    }

    /** How long workers may go on when others have taken over. Default: {@link Supervisor#RETIRE_PATIENCE_DEFAULT}. */
    public SupervisorBuilder retirePatience(Duration patience) {
        retirePatience = Objects.requireNonNull(patience, "patience");
        return this;
    }

    /** How many deaths within {@link Supervisor#DEATHS_WINDOW} are borne. Default: {@value Supervisor#DEATHS_DEFAULT}. */
    public SupervisorBuilder deathsMax(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a number of deaths is not " + count);
        }
        deathsMax = count;
        return this;
    }

    /** The command line of a new supervisor, for {@link Supervisor#handOver}; it must come to {@link #start} as well. */
    public SupervisorBuilder successor(List<String> command) {
        successorCommand = List.copyOf(command);
        return this;
    }

    /** Who is told, in a line, what happens: on the supervisor's loop, so briefly. Default: the log. */
    public SupervisorBuilder teller(Consumer<String> told) {
        teller = Objects.requireNonNull(told, "teller");
        return this;
    }

    /**
     * Starts it; its workers serve when this returns. If this process was started by a supervisor's {@link Supervisor#handOver}, it
     * takes over its listening socket, whatever the address.
     *
     * @throws IOException if the address is taken, forbidden or none of this machine's
     * @throws SupervisorException if the first generation does not start: nothing is left running
     */
    public Supervisor start() throws IOException, SupervisorException {
        LoopGroup loops = LoopGroup.start("pumasi-supervisor", 1, driver);
        try {
            Loop loop = loops.next();
            return Successor.isExpected() ? succeed(loops, loop) : fresh(loops, Listener.hold(loop, address));
        } catch (IOException | SupervisorException | RuntimeException refused) {
            loops.close();
            throw refused;
        }
    }

    private Supervisor fresh(LoopGroup loops, Listener listener) throws SupervisorException {
        Supervisor supervisor = new Supervisor(this, loops, listener);
        supervisor.begin();
        return supervisor;
    }

    private Supervisor succeed(LoopGroup loops, Loop loop) throws IOException, SupervisorException {
        StreamSocket before = StreamSocket.inherit(loop, Worker.CONTROL);
        try {
            Listener listener = Listener.inherit(loop, Worker.LISTENER, false, StreamSocket::close);
            Supervisor supervisor = fresh(loops, listener);
            loop.execute(() -> listener.ownPath(true));
            say(before, ControlLine.of(ControlLine.SERVING));
            return supervisor;
        } catch (OperationException | SupervisorException refused) {
            say(before, new ControlLine(ControlLine.REFUSED, String.valueOf(refused.getMessage())));
            throw refused;
        }
    }

    private static void say(StreamSocket before, ControlLine line) {
        try {
            before.write(line.encoded());
            before.flush();
        } catch (IOException gone) {
            // The one before was killed: then this one is the only one.
        }
    }
}
