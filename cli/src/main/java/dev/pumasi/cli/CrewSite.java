package dev.pumasi.cli;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.ServiceManager;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.server.Crew;
import dev.pumasi.server.Forker;
import dev.pumasi.server.ProcessModel;
import dev.pumasi.server.ReloadOutcome;
import dev.pumasi.server.Supervisor;
import dev.pumasi.server.SupervisorException;
import dev.pumasi.server.SupervisorSocket;
import dev.pumasi.server.WorkerPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What {@code pumasi serve} runs under the models with processes: a crew, the signals it hears, and the socket it is asked by. */
final class CrewSite {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.cli");

    private final PrintWriter out;
    private final String host;
    private final int port;
    private final List<SocketAddress> listens;
    private final int deaths;
    private Optional<AdminPage> page = Optional.empty();
    private final ServiceManager manager = ServiceManager.ofThisProcess();

    CrewSite(PrintWriter out, String host, int port, List<SocketAddress> listens, int deaths) {
        this.out = out;
        this.host = host;
        this.port = port;
        this.listens = List.copyOf(listens);
        this.deaths = deaths;
    }

    /** With a live page. */
    CrewSite with(Optional<AdminPage> wanted) {
        page = wanted;
        return this;
    }

    /** Serves until it is told to stop, or somebody else has taken over; returns the exit status. */
    int run(
            ProcessModel processes,
            String content,
            String words,
            WorkerPlan.Planner planner,
            StopSignals signals,
            Duration patience)
            throws CannotRun, InterruptedException {
        try (AdminPage opened = page.orElse(null);
                Crew crew = started(processes, planner, opened)) {
            Optional<SupervisorSocket> socket = socket(crew);
            Optional<SignalListener> reloads = reloads(crew);
            Optional<SignalListener> logs = listens.isEmpty() ? Optional.empty() : logs(crew);
            ready("Serving " + content + " on " + where(crew) + " (" + words + "; process "
                    + ProcessHandle.current().pid() + ")");
            if (opened != null) {
                opened.show(crew, out);
            }
            Thread stopper = Thread.ofPlatform().name("pumasi-stopper").daemon().start(() -> {
                try {
                    signals.await();
                    manager.stopping("answering what was asked before");
                    if (opened != null) {
                        opened.drains();
                    }
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
                logs.ifPresent(SignalListener::close);
                close(socket);
            }
        }
        tell("Stopped.");
        return 0;
    }

    private Crew started(ProcessModel processes, WorkerPlan.Planner planner, @Nullable AdminPage opened)
            throws CannotRun {
        if (opened != null) {
            opened.openForCrew(out); // before the workers start: whoever asks whether it is ready is answered meanwhile
        }
        List<SocketAddress> addresses = listens.isEmpty() ? List.of(address()) : listens;
        String where = listens.isEmpty() ? "port " + port + " of " + host : places();
        try {
            return switch (processes) {
                case PREFORKED ->
                    Supervisor.of(planner)
                            .addresses(addresses)
                            .deathsMax(deaths)
                            .successor(ownCommand())
                            .teller(this::tell)
                            .start();
                case FORKING -> Forker.start(addresses.getFirst(), planner, this::tell);
            };
        } catch (SupervisorException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        } catch (OperationException refused) {
            throw new CannotRun(
                    refused.failure() == Failure.ADDRESS_IN_USE
                            ? where + (listens.size() > 1 ? ": one of these" : "") + " is in use; choose another"
                                    + (listens.isEmpty() ? " with --port" : "")
                                    + ", or stop what listens there (ss -ltnp shows it)."
                            : "cannot listen on " + where + ": "
                                    + refused.failure().cause() + "; "
                                    + refused.failure().remedy() + ".",
                    refused);
        } catch (IOException refused) {
            throw new CannotRun("cannot listen on " + where + ": " + refused.getMessage(), refused);
        }
    }

    private InetSocketAddress address() throws CannotRun {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new CannotRun("no address is known for the host " + host
                    + "; check its spelling, or name one of this machine's addresses with --host.");
        }
        return address;
    }

    private String where(Crew crew) {
        return listens.isEmpty() ? ApplicationRun.url(host, crew.port()) : places();
    }

    private String places() {
        return String.join(
                ", ",
                listens.stream()
                        .map(each -> each instanceof InetSocketAddress inet
                                ? ApplicationRun.url(inet.getAddress().getHostAddress(), inet.getPort())
                                : "unix:" + each)
                        .toList());
    }

    /** How this process was started; empty where the system does not show it. */
    private static List<String> ownCommand() {
        ProcessHandle.Info own = ProcessHandle.current().info();
        List<String> words = new ArrayList<>();
        own.command().ifPresent(words::add);
        own.arguments().ifPresent(arguments -> words.addAll(List.of(arguments)));
        return own.arguments().isPresent() ? words : List.of();
    }

    /** SIGHUP; under nohup it cannot be heard, and {@code pumasi reload} remains. */
    private Optional<SignalListener> reloads(Crew crew) {
        try {
            return Optional.of(SignalListener.openOn(Runnable::run, UnixSignal.HUP, _ -> {
                tell("SIGHUP: reloading");
                granted(crew, SupervisorSocket.Wish.RELOAD).thenAccept(outcome -> tell(SupervisorSocket.text(outcome)));
            }));
        } catch (SignalRefusedException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return Optional.empty();
        }
    }

    /** SIGUSR1, as nginx has it: the workers open their logs anew. Those of a site know it; others would end of it. */
    private Optional<SignalListener> logs(Crew crew) {
        if (!(crew instanceof Supervisor supervisor)) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    SignalListener.openOn(Runnable::run, UnixSignal.USR1, _ -> supervisor.signal(UnixSignal.USR1)));
        } catch (SignalRefusedException refused) {
            LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Does it, and keeps the manager informed: a reload ends with being ready, whatever came of it, because the old ones serve on if
     * the new ones do not; and a new supervisor is the service's main process, which only the one before may say.
     */
    static CompletableFuture<ReloadOutcome> granted(Crew crew, SupervisorSocket.Wish wish) {
        ServiceManager manager = ServiceManager.ofThisProcess();
        manager.reloading("reloading");
        CompletableFuture<ReloadOutcome> begun = switch (wish) {
            case RELOAD -> crew.reload();
            case HAND_OVER -> crew.handOver();
        };
        return begun.thenApply(outcome -> {
            if (outcome instanceof ReloadOutcome.HandedOver(long successor)) {
                manager.mainProcess(successor);
            }
            manager.ready(SupervisorSocket.text(outcome));
            return outcome;
        });
    }

    private Optional<SupervisorSocket> socket(Crew crew) {
        try {
            return Optional.of(SupervisorSocket.open(wish -> granted(crew, wish)));
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

    /** To people and to the manager. */
    private void ready(String line) {
        tell(line);
        manager.ready(line);
    }

    /** Several threads have something to say. */
    private void tell(String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }
}
