package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.SocketOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Connects to a host by its name, the way of RFC 8305 ("Happy Eyeballs" version 2): its addresses are tried in turn, both
 * families alternating. The next attempt begins when the one before has failed, or after {@code stagger} without waiting for
 * its end; the first connection that is made is taken, and the other attempts are cancelled. So an address that swallows
 * packets costs a quarter of a second, not minutes.
 *
 * <p>Of the RFC's parts one is missing: both families' addresses come with one answer (the JDK asks for both at once), so
 * there is no delay between them to bridge (section 3).
 *
 * @param names where names are resolved
 * @param stagger how long an attempt is given before the next one joins it: the RFC's "Connection Attempt Delay"
 */
public record Connector(Names names, Duration stagger) {

    /** The RFC's recommendation (section 8), and its limits. */
    public static final Duration STAGGER_DEFAULT = Duration.ofMillis(250);

    public static final Duration STAGGER_MIN = Duration.ofMillis(10);
    public static final Duration STAGGER_MAX = Duration.ofSeconds(2);

    /** So many of a name's addresses are tried. */
    public static final int ADDRESSES_MAX = 16;

    private static final int PORT_MAX = 65_535;

    public Connector {
        if (stagger.compareTo(STAGGER_MIN) < 0 || stagger.compareTo(STAGGER_MAX) > 0) {
            throw new IllegalArgumentException("between " + STAGGER_MIN + " and " + STAGGER_MAX + ", not " + stagger);
        }
    }

    public Connector(Names names) {
        this(names, STAGGER_DEFAULT);
    }

    /** With {@link Names#shared}. */
    public static Connector shared() {
        return new Connector(Names.shared());
    }

    /**
     * Connects. Any thread; never blocks. {@link Operation#within} limits all of it: the name and every attempt.
     *
     * @param host a host's name, or an address written out
     * @return yields the socket, which belongs to {@code loop}; fails as {@link Names#resolve}, or as the most telling of the
     *     attempts, with the others' failures suppressed
     */
    public Operation<StreamSocket> connect(Loop loop, String host, int port) {
        return connect(loop, host, port, Map.of());
    }

    Operation<StreamSocket> connect(Loop loop, String host, int port, Map<SocketOption, Integer> options) {
        if (port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException("between 1 and " + PORT_MAX + ", not port " + port);
        }
        return new Race(loop, host, port, options).started();
    }

    /** One connect by name. */
    private final class Race extends Operation<StreamSocket> {

        private final String host;
        private final int port;
        private final Map<SocketOption, Integer> options;
        private final Timer staggered = Timer.of(this::tryNext);
        private final Deque<InetAddress> untried = new ArrayDeque<>();
        private final List<Operation<?>> running = new ArrayList<>();
        private final List<Throwable> failures = new ArrayList<>();

        Race(Loop loop, String host, int port, Map<SocketOption, Integer> options) {
            super(loop);
            this.host = host;
            this.port = port;
            this.options = options;
        }

        @Override
        void start() {
            loop().enter(this);
            Operation<List<InetAddress>> lookUp = names.resolve(loop(), host);
            if (lookUp.poll().isPresent()) { // which it is for what is written out or known: no turn is spent
                resolved(lookUp.poll().get());
            } else {
                running.add(lookUp);
                lookUp.onDone(outcome -> {
                    running.remove(lookUp);
                    resolved(outcome);
                });
            }
        }

        private void resolved(Outcome<List<InetAddress>> outcome) {
            if (isDone()) {
                return;
            }
            switch (outcome) {
                case Success<List<InetAddress>>(List<InetAddress> addresses) -> {
                    addresses.stream().limit(ADDRESSES_MAX).forEach(untried::add);
                    tryNext();
                }
                case Failed<List<InetAddress>>(Throwable failure) -> {
                    leave();
                    fail(failure);
                }
            }
        }

        private void tryNext() {
            InetAddress address = untried.poll();
            if (address == null) {
                if (running.isEmpty()) {
                    leave();
                    fail(allFailed());
                }
                return;
            }
            Operation<StreamSocket> attempt =
                    StreamSocket.connect(loop(), new InetSocketAddress(address, port), options);
            running.add(attempt);
            attempt.onDone(outcome -> ended(attempt, outcome));
            if (!untried.isEmpty()) {
                loop().start(staggered, Loop.nanos(stagger));
            }
        }

        private void ended(Operation<StreamSocket> attempt, Outcome<StreamSocket> outcome) {
            running.remove(attempt);
            switch (outcome) {
                case Success<StreamSocket>(StreamSocket socket) -> {
                    if (isDone()) {
                        socket.close(); // another was first, or nobody wants one any more
                    } else {
                        leave();
                        succeed(socket);
                    }
                }
                case Failed<StreamSocket>(Throwable failure) -> {
                    if (!isDone()) {
                        failures.add(failure);
                        loop().cancel(staggered);
                        tryNext();
                    }
                }
            }
        }

        @Override
        void requestCancel() {
            leave();
            failWith(-Errno.ECANCELED);
        }

        /** Out of the loop's list; what still runs is cancelled and cleans up behind itself. */
        private void leave() {
            loop().cancel(staggered);
            loop().leave(this);
            untried.clear();
            List.copyOf(running).forEach(Operation::cancel);
        }

        /** Says why the first failed that got as far as a network. */
        private OperationException allFailed() {
            Throwable telling = failures.stream()
                    .filter(failure -> failure instanceof OperationException known && reached(known.failure()))
                    .findFirst()
                    .orElse(failures.getFirst());
            Failure why = telling instanceof OperationException known ? known.failure() : Failure.IO;
            String tried = failures.size() == 1 ? "" : " (tried " + failures.size() + " addresses)";
            OperationException all = new OperationException(describe() + tried, why, telling);
            failures.stream().filter(failure -> failure != telling).forEach(all::addSuppressed);
            return all;
        }

        private static boolean reached(Failure failure) {
            return failure != Failure.UNREACHABLE
                    && failure != Failure.NOT_SUPPORTED
                    && failure != Failure.ADDRESS_NOT_AVAILABLE;
        }

        @Override
        String describe() {
            return "connect to " + HostName.printable(host) + ":" + port;
        }
    }
}
