package dev.pumasi.web;

import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.Origin;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Clock;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Several servers that do the same (S31): which of them the next request goes to, and which is left alone for now.
 *
 * <p><b>Choice</b> ({@link Policy}): in turns by weight; the one with the fewest requests per weight; or by a hash of a key, so that
 * equal keys meet the same server and most still do when a server comes or goes.
 *
 * <p><b>Health.</b> Passive: a server that has failed {@code failuresMax} times within {@code downtime} is ejected for that
 * long; then one failure more ejects it again. Active: a {@link HealthCheck}, once {@link #startChecks} was called, takes servers out
 * before a request finds out. A server that comes back begins with a small share, which grows for {@code slowStart}. If bad luck
 * has ejected them all, they are all used: a wrong verdict must not be worse than none. Those that are down or draining are not.
 *
 * <p><b>Threads.</b> Any thread may call any method. Loops share counters only; whose turn it is each loop knows for itself.
 *
 * <p><b>What it will not do</b>: find its servers by itself, or send anything; that is the {@link Proxy}'s.
 */
public final class Upstream implements AutoCloseable {

    /** The most servers there may be: choosing looks at each. */
    public static final int SERVERS_MAX = 256;

    /** The largest weight. */
    public static final int WEIGHT_MAX = 1_000;

    /** How a server is chosen. */
    public enum Policy {
        /** In turns, each as often as its weight says, evenly spread. */
        ROUND_ROBIN,
        /** The one that has least to do for its weight. */
        LEAST_CONNECTIONS,
        /** Equal keys go to the same server. */
        HASH
    }

    /** Which servers are looked at: one tier after another, until there is one. */
    enum Tier {
        /** Those that are meant. */
        FIRST,
        /** Those that are kept for when no other may be used. */
        SPARE,
        /** Also those that have had bad luck. */
        EJECTED
    }

    /** What holds for a server. */
    record Rules(int failuresMax, long downtimeNanos, long slowStartNanos) {}

    private final String name;
    private final Policy policy;
    private final List<UpstreamServer> servers;
    private final HashRing ring;
    private final boolean hasSpares;
    private final @Nullable HealthCheck check;
    private final HttpClient checker;

    /** Whose turn it is, for each loop. Copied on write, because a green thread that met a lock would hop. */
    private final AtomicReference<Turns[]> turns = new AtomicReference<>(new Turns[0]);

    private volatile boolean closed;

    private Upstream(Builder builder) {
        name = builder.name;
        policy = builder.policy;
        Rules rules = new Rules(builder.failuresMax, builder.downtime.toNanos(), builder.slowStart.toNanos());
        List<UpstreamServer> all = new ArrayList<>();
        for (Builder.Listed listed : builder.listed) {
            Rules own = listed.failuresMax < 0
                    ? rules
                    : new Rules(listed.failuresMax, listed.downtime.toNanos(), rules.slowStartNanos());
            all.add(new UpstreamServer(listed.origin, listed.weight, own, listed.spare, builder.clock));
        }
        servers = List.copyOf(all);
        hasSpares = servers.stream().anyMatch(UpstreamServer::isSpare);
        ring = new HashRing(servers);
        check = builder.check;
        checker = HttpClient.builder()
                .limits(ClientLimits.builder()
                        .connectionsPerOriginMax(1)
                        .retriesMax(0)
                        .build())
                .open();
    }

    public static Builder builder(String name) {
        return new Builder(name);
    }

    public String name() {
        return name;
    }

    public Policy policy() {
        return policy;
    }

    /** In the order in which they were named. */
    public List<UpstreamServer> servers() {
        return servers;
    }

    /**
     * The server for the next request; null if there is none that may be used.
     *
     * @param key what {@link Policy#HASH} goes by
     * @param tried those that have failed with this request already, not to be chosen again
     */
    @Nullable
    UpstreamServer choose(Loop loop, String key, List<UpstreamServer> tried) {
        UpstreamServer chosen = choose(loop, key, tried, Tier.FIRST);
        if (chosen == null && hasSpares) {
            chosen = choose(loop, key, tried, Tier.SPARE);
        }
        return chosen != null ? chosen : choose(loop, key, tried, Tier.EJECTED);
    }

    private @Nullable UpstreamServer choose(Loop loop, String key, List<UpstreamServer> tried, Tier tier) {
        return switch (policy) {
            case ROUND_ROBIN -> turns(loop).next(tried, tier);
            case LEAST_CONNECTIONS -> leastBusy(loop, tried, tier);
            case HASH -> ring.next(key, tried, tier);
        };
    }

    static boolean mayServe(UpstreamServer server, List<UpstreamServer> tried, Tier tier) {
        boolean may = switch (tier) {
            case FIRST -> !server.isSpare() && server.isUsable();
            case SPARE -> server.isSpare() && server.isUsable();
            case EJECTED -> server.isWanted();
        };
        return may && !tried.contains(server);
    }

    /** Among equals in turns, or the first of them would get all that comes one by one. */
    private @Nullable UpstreamServer leastBusy(Loop loop, List<UpstreamServer> tried, Tier tier) {
        int first = turns(loop).rotate();
        UpstreamServer best = null;
        long bestActive = 0;
        long bestWeight = 1;
        for (int i = 0; i < servers.size(); i++) {
            UpstreamServer server = servers.get((first + i) % servers.size());
            if (mayServe(server, tried, tier)) {
                long active = server.active() + 1L;
                long weight = server.effectiveWeight();
                if (best == null || active * bestWeight < bestActive * weight) {
                    best = server;
                    bestActive = active;
                    bestWeight = weight;
                }
            }
        }
        return best;
    }

    @SuppressWarnings("ReferenceEquality") // a loop is itself
    private Turns turns(Loop loop) {
        while (true) {
            Turns[] known = turns.get();
            for (Turns each : known) {
                if (each.loop == loop) {
                    return each;
                }
            }
            Turns[] more = Arrays.copyOf(known, known.length + 1);
            more[known.length] = new Turns(loop, servers);
            if (turns.compareAndSet(known, more)) {
                return more[known.length];
            }
        }
    }

    /** Begins to check the servers' health, on green threads of that loop, until {@link #close}. Once. Any thread. */
    public void startChecks(Loop loop) {
        HealthCheck how = Objects.requireNonNull(check, "no health check was set");
        for (UpstreamServer server : servers) {
            loop.spawn(() -> {
                while (!closed) {
                    server.checked(how.isHealthy(checker, loop, server), how);
                    try {
                        loop.sleep(how.every()).await();
                    } catch (OperationException closing) {
                        return;
                    }
                }
            });
        }
    }

    /** Ends the checks, soon. Requests can still be sent. */
    @Override
    public void close() {
        closed = true;
        checker.close();
    }

    @Override
    public String toString() {
        return name + servers;
    }

    /** One loop's knowledge of whose turn it is. Belongs to that loop. */
    private static final class Turns {

        private final Loop loop;
        private final List<UpstreamServer> servers;

        /** How far each is behind its share: nginx's smooth weighted round robin. */
        private final long[] credit;

        private int rotation;

        Turns(Loop loop, List<UpstreamServer> servers) {
            this.loop = loop;
            this.servers = servers;
            credit = new long[servers.size()];
        }

        int rotate() {
            rotation = (rotation + 1) % servers.size();
            return rotation;
        }

        @Nullable
        UpstreamServer next(List<UpstreamServer> tried, Tier tier) {
            int best = -1;
            long sum = 0;
            for (int i = 0; i < credit.length; i++) {
                UpstreamServer server = servers.get(i);
                if (mayServe(server, tried, tier)) {
                    int weight = server.effectiveWeight();
                    credit[i] += weight;
                    sum += weight;
                    if (best < 0 || credit[i] > credit[best]) {
                        best = i;
                    }
                }
            }
            if (best < 0) {
                return null;
            }
            credit[best] -= sum;
            return servers.get(best);
        }
    }

    /** What an upstream is made of. Not thread-safe. */
    public static final class Builder {

        /** @param failuresMax −1 for what holds for all */
        private record Listed(Origin origin, int weight, int failuresMax, Duration downtime, boolean spare) {}

        private final String name;
        private final List<Listed> listed = new ArrayList<>();
        private Policy policy = Policy.ROUND_ROBIN;
        private int failuresMax = 1;
        private Duration downtime = Duration.ofSeconds(10);
        private Duration slowStart = Duration.ZERO;
        private @Nullable HealthCheck check;
        private Clock clock = Clock.SYSTEM;

        private Builder(String name) {
            this.name = Objects.requireNonNull(name, "name");
        }

        /** A server at {@code host:port}. */
        public Builder server(String authority) {
            return server(Origin.of(authority), 1);
        }

        /** A server at an address: TCP or Unix domain. */
        public Builder server(SocketAddress address) {
            return server(Origin.of("localhost", Origin.PORT_DEFAULT).at(address), 1);
        }

        /** @param weight its share beside the others', from 1 to {@value #WEIGHT_MAX} */
        public Builder server(Origin origin, int weight) {
            return server(origin, weight, -1, Duration.ZERO, false);
        }

        /**
         * One with rules of its own.
         *
         * @param failures as of {@link #ejectAfter}; −1 for what is said there
         * @param spare whether it is kept for when no other may be used
         */
        Builder server(Origin origin, int weight, int failures, Duration time, boolean spare) {
            if (weight < 1 || weight > WEIGHT_MAX) {
                throw new IllegalArgumentException("a weight is between 1 and " + WEIGHT_MAX + ", not " + weight);
            }
            if (listed.size() == SERVERS_MAX) {
                throw new IllegalArgumentException(name + " has " + SERVERS_MAX + " servers, and that is the most");
            }
            listed.add(new Listed(Objects.requireNonNull(origin, "origin"), weight, failures, time, spare));
            return this;
        }

        /** Default: {@link Policy#ROUND_ROBIN}. */
        public Builder policy(Policy by) {
            policy = Objects.requireNonNull(by, "policy");
            return this;
        }

        /**
         * So many failures within {@code time}, and a server is left alone for {@code time}. Default: 1 and 10 s, as nginx has it.
         *
         * @param failures 0 for never
         */
        public Builder ejectAfter(int failures, Duration time) {
            if (failures < 0 || time.isNegative()) {
                throw new IllegalArgumentException(failures + " failures in " + time);
            }
            failuresMax = failures;
            downtime = time;
            return this;
        }

        /** How long the share of a server that comes back grows. Default: not at all, it has its whole share at once. */
        public Builder slowStart(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException("a slow start of " + time);
            }
            slowStart = time;
            return this;
        }

        /** How servers are checked once {@link Upstream#startChecks} is called. Default: not at all. */
        public Builder check(HealthCheck how) {
            check = Objects.requireNonNull(how, "check");
            return this;
        }

        /** Where time is taken from; that of a simulation, for example. */
        public Builder clock(Clock other) {
            clock = Objects.requireNonNull(other, "clock");
            return this;
        }

        public Upstream build() {
            if (listed.isEmpty()) {
                throw new IllegalArgumentException("the upstream " + name + " has no server");
            }
            return new Upstream(this);
        }
    }
}
