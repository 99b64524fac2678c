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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** What a {@link Supervisor} is made of. Not thread-safe. */
public final class SupervisorBuilder {

    final WorkerPlan.Planner planner;
    private List<SocketAddress> addresses = List.of(new InetSocketAddress("localhost", 8080));
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
        return addresses(List.of(Objects.requireNonNull(where, "address")));
    }

    /** Several of them: each worker listens on all. At most {@value Supervisor#ADDRESSES_MAX}. */
    public SupervisorBuilder addresses(List<SocketAddress> all) {
        if (all.isEmpty() || all.size() > Supervisor.ADDRESSES_MAX) {
            throw new IllegalArgumentException(
                    "between 1 and " + Supervisor.ADDRESSES_MAX + " addresses, not " + all.size());
        }
        addresses = List.copyOf(all);
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
     * takes over its listening sockets, whatever the addresses; there must be as many.
     *
     * @throws IOException if the address is taken, forbidden or none of this machine's
     * @throws SupervisorException if the first generation does not start: nothing is left running
     */
    public Supervisor start() throws IOException, SupervisorException {
        LoopGroup loops = LoopGroup.start("pumasi-supervisor", 1, driver);
        try {
            Loop loop = loops.next();
            return Successor.isExpected() ? succeed(loops, loop) : fresh(loops, held(loop));
        } catch (IOException | SupervisorException | RuntimeException refused) {
            loops.close();
            throw refused;
        }
    }

    /** All of them, or none. */
    private List<Listener> held(Loop loop) throws IOException {
        List<Listener> held = new ArrayList<>();
        try {
            for (SocketAddress each : addresses) {
                held.add(Listener.hold(loop, each));
            }
            return held;
        } catch (IOException | RuntimeException refused) {
            held.forEach(listener -> loop.execute(listener::close));
            throw refused;
        }
    }

    private Supervisor fresh(LoopGroup loops, List<Listener> listeners) throws SupervisorException {
        Supervisor supervisor = new Supervisor(this, loops, listeners);
        supervisor.begin();
        return supervisor;
    }

    private Supervisor succeed(LoopGroup loops, Loop loop) throws IOException, SupervisorException {
        StreamSocket before = StreamSocket.inherit(loop, Worker.CONTROL);
        try {
            if (Successor.listeners() != addresses.size()) {
                throw new SupervisorException("the one before listens on " + Successor.listeners()
                        + " addresses, and this one would on " + addresses.size()
                        + "; stop the server, and start it anew");
            }
            List<Listener> listeners = new ArrayList<>();
            for (int i = 0; i < addresses.size(); i++) {
                listeners.add(Listener.inherit(loop, Worker.LISTENER + i, false, StreamSocket::close));
            }
            Supervisor supervisor = fresh(loops, listeners);
            loop.execute(() -> listeners.forEach(listener -> listener.ownPath(true)));
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
