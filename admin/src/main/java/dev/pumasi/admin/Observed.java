package dev.pumasi.admin;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import dev.pumasi.server.Supervisor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** What a page shows: servers with their loops, other loops, or the worker processes of a supervisor. Any thread. */
final class Observed {

    /** More servers in a process are not looked at. */
    static final int SERVERS_MAX = 64;

    private final CopyOnWriteArrayList<Server> servers = new CopyOnWriteArrayList<>();
    private final CopyOnWriteArrayList<Loop> loops = new CopyOnWriteArrayList<>();
    private volatile @Nullable Supervisor supervisor;
    private volatile Readiness readiness = Readiness.WARMING;

    void add(Server server) {
        if (servers.size() >= SERVERS_MAX) {
            throw new IllegalStateException("no more than " + SERVERS_MAX + " servers on one page");
        }
        servers.add(server);
        server.on().forEach(this::add);
    }

    void add(Loop loop) {
        loops.addIfAbsent(loop);
    }

    void add(Supervisor of) {
        supervisor = of;
    }

    void readiness(Readiness now) {
        readiness = now;
    }

    /** One that goes while the others stay; its loops are still shown. */
    void remove(Server server) {
        servers.remove(server);
    }

    List<Server> servers() {
        return servers;
    }

    List<Loop> loops() {
        return List.copyOf(loops);
    }

    /**
     * A loop, and a name that no other here has: loops of several groups may have the same one.
     *
     * @param name its own, with a number behind it if it is not the first of that name
     */
    record Named(Loop loop, String name) {}

    List<Named> named() {
        Map<String, Integer> same = new HashMap<>();
        return loops.stream()
                .map(loop -> {
                    int number = same.merge(loop.name(), 1, Integer::sum);
                    return new Named(loop, number == 1 ? loop.name() : loop.name() + " (" + number + ")");
                })
                .toList();
    }

    Optional<Supervisor> supervisor() {
        return Optional.ofNullable(supervisor);
    }

    /** As it was said, and DRAINING as soon as a server stops. */
    Readiness readiness() {
        Supervisor over = supervisor;
        if (servers.stream().anyMatch(Server::isStopping)) {
            return Readiness.DRAINING;
        }
        Readiness said = readiness;
        return over != null && said == Readiness.READY && over.workers().isEmpty() ? Readiness.WARMING : said;
    }

    /** What the connections of one loop have done, of all servers on it. */
    Optional<HttpStatus> http(Loop loop) {
        List<HttpStatus> parts = new ArrayList<>();
        for (Server server : servers) {
            int index = server.on().indexOf(loop);
            List<HttpStatus> each = server.statusByLoop();
            if (index >= 0 && index < each.size()) {
                parts.add(each.get(index));
            }
        }
        return parts.stream().reduce(HttpStatus::plus);
    }
}
