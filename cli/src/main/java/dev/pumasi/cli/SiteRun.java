package dev.pumasi.cli;

import dev.pumasi.admin.Admin;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.RecordingSocket;
import dev.pumasi.runtime.ServiceManager;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.ThreadDumpSocket;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.driver.DriverUnavailableException;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.Model;
import dev.pumasi.server.ReloadOutcome;
import dev.pumasi.server.ServerBuilder;
import dev.pumasi.server.SupervisorSocket;
import dev.pumasi.web.Site;
import dev.pumasi.web.conf.ConfException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * What {@code pumasi serve FILE} runs in one process: a server at each address of the site, on the same loops, and one endpoint for
 * all of them that a reload exchanges.
 *
 * <p><b>A reload</b> (SIGHUP, {@code pumasi reload}) reads the file again. If it is bad, or an address cannot be listened on, nothing has
 * changed, and the operator is told why. Else addresses that are new are listened on, the endpoint is exchanged, and those that
 * are gone are left. Requests in progress end with the site they began with; it is closed {@value #RETIRED_SECONDS} s later.
 * What holds for the connections of an address (its time limits and the like) stays as it was when that was opened.
 *
 * <p>Sockets that a service manager has passed on are {@link PassedSockets}; the other addresses are listened on here.
 */
final class SiteRun {

    /** How long a site is kept whose requests may still be in progress. */
    static final int RETIRED_SECONDS = 60;

    /** How many such sites are kept at most: with one more, the oldest is closed at once. */
    static final int RETIRED_MAX = 8;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.cli");

    private final PrintWriter out;
    private final Path file;
    private final Model model;
    private final OptionalInt loopCount;
    private final OptionalInt threads;
    private final OptionalInt connections;
    private final String driver;
    private final Current current = new Current();
    private final Map<SocketAddress, Server> servers = new LinkedHashMap<>();
    private final Deque<Site> retired = new ArrayDeque<>();
    private Optional<LoopGroup> loops = Optional.empty();
    private Optional<PassedSockets> passed = Optional.empty();
    private Optional<AdminPage> page = Optional.empty();
    private Optional<Admin> live = Optional.empty();

    SiteRun(
            PrintWriter out,
            Path file,
            Model model,
            OptionalInt loops,
            OptionalInt threads,
            OptionalInt connections,
            String driver) {
        this.out = out;
        this.file = file;
        this.model = model;
        this.loopCount = loops;
        this.threads = threads;
        this.connections = connections;
        this.driver = driver;
    }

    /** With a live page. */
    SiteRun with(Optional<AdminPage> wanted) {
        page = wanted;
        return this;
    }

    /** The endpoint that there is at the moment. */
    private static final class Current implements Handler {

        /** Written by a reload, read by every request: a request sees the one or the other. */
        private volatile Handler handler = _ -> Response.of(503);

        private volatile Optional<Site> site = Optional.empty();

        @Override
        public Response handle(Request request) throws Exception {
            return handler.handle(request);
        }

        Optional<Site> exchange(Site other) {
            Optional<Site> before = site;
            site = Optional.of(other);
            Endpoint endpoint = other.endpoint();
            handler = (Handler) endpoint;
            return before;
        }
    }

    /** Serves until it is told to stop; returns the exit status. */
    int run(StopSignals signals, Duration patience) throws CannotRun, InterruptedException {
        if (page.isPresent()) {
            // Before the site stands: whoever asks whether it is ready is answered meanwhile.
            live = Optional.of(page.get()
                    .on(Admin.Action.RELOAD, this::reloadWished)
                    .on(Admin.Action.DRAIN, () -> drain(signals))
                    .open());
        }
        Site site = opened();
        ServiceManager manager = ServiceManager.ofThisProcess();
        try {
            // Before the servers stand: at a socket that was passed, clients are waiting already.
            current.exchange(site);
            String drivers = startLoops(site);
            if (loops.isPresent()) {
                passed = Optional.of(new PassedSockets(
                        manager.sockets(), site.addresses(), file, loops.get().loops()));
            }
            startServers(site);
            String line = "Serving " + file.toAbsolutePath().normalize() + " on " + String.join(", ", site.places())
                    + " (model " + model.label() + drivers + "; process "
                    + ProcessHandle.current().pid() + ")";
            tell(line);
            manager.ready(line);
            page.ifPresent(shown -> shown.tell(out));
        } catch (CannotRun refused) {
            stop(Duration.ZERO);
            throw refused;
        }
        Optional<SignalListener> hangUps = hangUps(manager);
        Optional<SignalListener> logs = reopening(this::reopenLogs);
        List<AutoCloseable> sockets = new ArrayList<>();
        try {
            offer(sockets);
            signals.await();
            manager.stopping("answering what was asked before");
        } finally {
            hangUps.ifPresent(SignalListener::close);
            logs.ifPresent(SignalListener::close);
            page.ifPresent(AdminPage::drains);
            sockets.forEach(SiteRun::close);
            stop(patience);
        }
        tell("Stopped.");
        return 0;
    }

    private Site opened() throws CannotRun {
        try {
            Site site = Site.open(file, System.getenv());
            site.notes().forEach(note -> LOG.log(System.Logger.Level.DEBUG, "{0}", note));
            long notes = site.notes().size();
            if (notes > 0) {
                tell(notes + (notes == 1 ? " directive has" : " directives have")
                        + " no effect here, or not quite the usual: " + "pumasi check " + file + " lists them");
            }
            return site;
        } catch (ConfException broken) {
            throw new CannotRun(file + " cannot be used:\n" + broken.getMessage(), broken);
        }
    }

    private String startLoops(Site site) throws CannotRun {
        if (!model.hasLoops()) {
            return "";
        }
        int processors = Runtime.getRuntime().availableProcessors();
        int count = model == Model.WORKER_POOL
                ? 1
                : Math.min(
                        LoopGroup.LOOPS_MAX, loopCount.orElse(site.processes().orElse(processors)));
        try {
            Drivers.Choice choice = Drivers.choose(driver);
            loops = Optional.of(LoopGroup.start("pumasi-loop", count, choice.factory()));
            return "; driver " + choice.name() + "; " + count + (count == 1 ? " loop" : " loops");
        } catch (DriverUnavailableException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
    }

    /** Those that are there already stay. If one does not start, those that were started here are stopped again. */
    private void startServers(Site site) throws CannotRun {
        List<SocketAddress> started = new ArrayList<>();
        for (SocketAddress address : site.addresses()) {
            if (servers.containsKey(address)) {
                continue;
            }
            try {
                HttpLimits base = HttpLimits.builder()
                        .connectionsMax(ServeOptions.CONNECTIONS_DEFAULT)
                        .build();
                HttpLimits limits = site.limits(address, base);
                if (connections.isPresent()) {
                    limits = limits.toBuilder()
                            .connectionsMax(connections.getAsInt())
                            .build();
                }
                ServerBuilder builder =
                        ServerBuilder.of(current).model(model).address(address).limits(limits);
                loops.ifPresent(some -> builder.on(some.loops()));
                threads.ifPresent(builder::threads);
                passed.flatMap(sockets -> sockets.take(address)).ifPresent(builder::socket);
                servers.put(address, builder.start());
                started.add(address);
                show(address);
            } catch (IOException refused) {
                for (SocketAddress each : started) {
                    Server server = servers.remove(each);
                    if (server != null) {
                        live.ifPresent(shown -> shown.hide(server));
                        server.stop(Duration.ZERO);
                    }
                }
                throw cannotListen(address, refused);
            }
        }
    }

    private CannotRun cannotListen(SocketAddress address, IOException refused) {
        boolean taken = refused instanceof BindException known
                        && String.valueOf(known.getMessage()).contains("in use")
                || refused instanceof OperationException failed && failed.failure() == Failure.ADDRESS_IN_USE;
        String why = taken
                ? "it is in use; choose another in " + file + ", or stop what listens there (ss -ltnp shows it)."
                : refused instanceof OperationException failed
                        ? failed.failure().cause() + "; " + failed.failure().remedy() + "."
                        : String.valueOf(refused.getMessage());
        return new CannotRun("cannot listen on " + address + ": " + why, refused);
    }

    // ------------------------------------------------------------------------------------------- reloads

    private synchronized ReloadOutcome reload() {
        Site site;
        try {
            site = Site.open(file, System.getenv());
        } catch (ConfException broken) {
            return new ReloadOutcome.Refused(file + " cannot be used:\n" + broken.getMessage());
        }
        try {
            startServers(site);
        } catch (CannotRun refused) {
            site.close();
            return new ReloadOutcome.Refused(String.valueOf(refused.getMessage()));
        }
        current.exchange(site).ifPresent(this::retire);
        List<SocketAddress> gone = new ArrayList<>(servers.keySet());
        gone.removeAll(site.addresses());
        for (SocketAddress address : gone) {
            Server server = servers.remove(address);
            if (server != null) {
                live.ifPresent(shown -> shown.hide(server));
                Thread.ofPlatform()
                        .name("pumasi-retire")
                        .daemon()
                        .start(() -> server.retire(Duration.ofSeconds(RETIRED_SECONDS)));
            }
        }
        return new ReloadOutcome.Exchanged(file + " was read again, and serves on " + String.join(", ", site.places()));
    }

    private void retire(Site before) {
        retired.add(before);
        if (retired.size() > RETIRED_MAX) {
            retired.remove().close();
        }
        Thread.ofPlatform().name("pumasi-retired-site").daemon().start(() -> {
            try {
                Thread.sleep(Duration.ofSeconds(RETIRED_SECONDS));
            } catch (InterruptedException ending) {
                return;
            }
            synchronized (this) {
                if (retired.remove(before)) {
                    before.close();
                }
            }
        });
    }

    private Optional<SignalListener> hangUps(ServiceManager manager) {
        try {
            return Optional.of(SignalListener.openOn(
                    task -> Thread.ofPlatform().name("pumasi-reload").daemon().start(task), UnixSignal.HUP, _ -> {
                        manager.reloading("SIGHUP: reloading");
                        String line = SupervisorSocket.text(reload());
                        tell(line);
                        manager.ready(line.lines().findFirst().orElse(""));
                    }));
        } catch (SignalRefusedException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return Optional.empty();
        }
    }

    private void show(SocketAddress address) {
        Server server = servers.get(address);
        if (server == null || live.isEmpty()) {
            return;
        }
        try {
            live.get().show(server);
        } catch (IllegalStateException tooMany) {
            LOG.log(System.Logger.Level.WARNING, "{0} is not on the live page: {1}", address, tooMany.getMessage());
        }
    }

    /** The button of the live page. */
    private String reloadWished() throws CannotRun {
        ReloadOutcome outcome = reload();
        String text = SupervisorSocket.text(outcome);
        tell(text);
        if (outcome instanceof ReloadOutcome.Refused) {
            throw new CannotRun(text);
        }
        return text;
    }

    private synchronized String drain(StopSignals signals) {
        List<Server> all = List.copyOf(servers.values());
        page.ifPresent(AdminPage::drains);
        Thread.ofPlatform().name("pumasi-drain").daemon().start(() -> {
            List<Thread> each = all.stream()
                    .map(server -> Thread.ofPlatform()
                            .name("pumasi-drain")
                            .daemon()
                            .start(() -> server.retire(Duration.ofSeconds(RETIRED_SECONDS))))
                    .toList();
            try {
                for (Thread thread : each) {
                    thread.join();
                }
            } catch (InterruptedException ending) {
                return;
            }
            signals.ask();
        });
        return "no address accepts any more; connections have up to " + RETIRED_SECONDS
                + " s for a last answer, then the process ends";
    }

    private synchronized void reopenLogs() {
        current.site.ifPresent(Site::reopenLogs);
        retired.forEach(Site::reopenLogs);
    }

    /** Does it whenever SIGUSR1 comes, as nginx does; whoever rotates logs sends that. */
    static Optional<SignalListener> reopening(Runnable what) {
        try {
            return Optional.of(SignalListener.openOn(
                    task -> Thread.ofPlatform().name("pumasi-logs").daemon().start(task),
                    UnixSignal.USR1,
                    _ -> what.run()));
        } catch (SignalRefusedException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return Optional.empty();
        }
    }

    /** On a thread of its own for each who asks, so it may block. */
    private ReloadOutcome granted(SupervisorSocket.Wish wish) {
        if (wish != SupervisorSocket.Wish.RELOAD) {
            return new ReloadOutcome.Refused("there is no supervisor to replace: this server is one process");
        }
        ReloadOutcome outcome = reload();
        tell(SupervisorSocket.text(outcome));
        return outcome;
    }

    private void offer(List<AutoCloseable> sockets) {
        List<Loop> all = loops.map(LoopGroup::loops).orElse(List.of());
        try {
            sockets.add(SupervisorSocket.open(wish -> CompletableFuture.completedFuture(granted(wish))));
            sockets.add(ThreadDumpSocket.open(all));
            sockets.add(RecordingSocket.open(all));
        } catch (IOException refused) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "reloads, dumps or recordings cannot be asked for (SIGHUP works): {0}",
                    refused.getMessage());
        }
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception refused) {
            LOG.log(System.Logger.Level.WARNING, "a socket is left behind: {0}", refused.getMessage());
        }
    }

    // ------------------------------------------------------------------------------------------- the end

    private synchronized void stop(Duration patience) {
        List<Thread> stopping = servers.values().stream()
                .map(server -> Thread.ofPlatform().name("pumasi-stop").start(() -> server.stop(patience)))
                .toList();
        for (Thread thread : stopping) {
            try {
                thread.join();
            } catch (InterruptedException hurry) {
                Thread.currentThread().interrupt();
            }
        }
        servers.clear();
        current.site.ifPresent(Site::close);
        retired.forEach(Site::close);
        retired.clear();
        loops.ifPresent(LoopGroup::close);
    }

    private void tell(String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }
}
