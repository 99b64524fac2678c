package dev.pumasi.cli;

import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.DriverUnavailableException;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.server.ApplicationException;
import dev.pumasi.server.Model;
import dev.pumasi.server.OpenApplication;
import dev.pumasi.server.ServerBuilder;
import dev.pumasi.server.TooManyThreadsException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code pumasi serve} runs: an application under a concurrency model, on loops of a driver if the model has loops. */
final class ApplicationRun {

    private final ServeOptions options;
    private final OpenApplication application;
    private final Optional<Loops> loops;
    private final Server server;

    /** Loops, and how their driver was chosen. */
    private record Loops(Drivers.Choice driver, LoopGroup group) {}

    private ApplicationRun(ServeOptions options, OpenApplication application, Optional<Loops> loops, Server server) {
        this.options = options;
        this.application = application;
        this.loops = loops;
        this.server = server;
    }

    /** Starts it; it serves when this returns. On failure nothing is left running. */
    static ApplicationRun start(ServeOptions options) throws CannotRun {
        InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
        if (address.isUnresolved()) {
            throw new CannotRun("no address is known for the host " + options.host()
                    + "; check its spelling, or name one of this machine's addresses with --host.");
        }
        OpenApplication application;
        try {
            application = options.application().open();
        } catch (ApplicationException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
        // What is started from here on inherits it: libraries of the application look for their parts there.
        Thread.currentThread().setContextClassLoader(application.classes());
        Optional<Loops> loops = Optional.empty();
        try {
            loops = loops(options);
            ServerBuilder builder = ServerBuilder.of(application.endpoint())
                    .model(options.model())
                    .address(address)
                    .limits(HttpLimits.builder()
                            .connectionsMax(options.connections())
                            .build());
            loops.ifPresent(some -> builder.on(some.group.loops()));
            options.threads().ifPresent(builder::threads);
            options.socket().ifPresent(builder::socket);
            return new ApplicationRun(options, application, loops, builder.start());
        } catch (CannotRun refused) {
            application.close();
            throw refused;
        } catch (IOException refused) {
            loops.ifPresent(some -> some.group.close());
            application.close();
            throw cannotStart(options, refused);
        }
    }

    private static Optional<Loops> loops(ServeOptions options) throws CannotRun {
        Model model = options.model();
        if (!model.hasLoops()) {
            return Optional.empty();
        }
        int count = model == Model.WORKER_POOL ? 1 : options.loops();
        try {
            Drivers.Choice driver = Drivers.choose(options.driver());
            return Optional.of(new Loops(driver, LoopGroup.start("pumasi-loop", count, driver.factory())));
        } catch (DriverUnavailableException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
    }

    private static CannotRun cannotStart(ServeOptions options, IOException refused) {
        if (refused instanceof TooManyThreadsException) {
            return new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
        String where = "port " + options.port() + " of " + options.host();
        boolean inUse = refused instanceof BindException taken
                        && String.valueOf(taken.getMessage()).contains("in use")
                || refused instanceof OperationException known && known.failure() == Failure.ADDRESS_IN_USE;
        if (inUse) {
            return new CannotRun(
                    where + " is in use; choose another with --port, or stop what listens there (ss -ltnp shows it).",
                    refused);
        }
        return new CannotRun(
                refused instanceof OperationException failed
                        ? "cannot listen on " + where + ": " + failed.failure().cause() + "; "
                                + failed.failure().remedy() + "."
                        : "cannot listen on " + where + ": " + refused.getMessage(),
                refused);
    }

    /** The one line that says that it serves. Programs may wait for it: its first word and its URL do not change. */
    String line() {
        List<String> parts = new ArrayList<>();
        parts.add("model " + options.model().label());
        loops.ifPresent(some -> {
            boolean chosen = options.driver().equals(Drivers.AUTO);
            parts.add("driver " + (chosen ? some.driver.reason() : some.driver.name()));
            parts.add(count(some.group.loops().size(), "loop"));
        });
        if (options.model().hasThreads()) {
            parts.add(count(server.capacity().handlers(), "thread"));
        }
        parts.add(server.capacity().toString());
        return "Serving " + options.content() + " on " + where() + " (" + String.join("; ", parts) + ")";
    }

    private String where() {
        if (options.socket().isEmpty()) {
            return url(options.host(), server.port());
        }
        return server.address() instanceof InetSocketAddress inet
                ? url(inet.getAddress().getHostAddress(), inet.getPort())
                : server.address().toString();
    }

    /** What is to be said at the end: what it did, and what each loop counted that an operator should see as 0. */
    String lastLine() {
        HttpStatus status = server.status();
        String did = "Stopped. Model: " + options.model().label() + ", connections: " + status.connections()
                + ", refused: " + status.refused() + ", requests: " + status.requests() + ", failures: "
                + status.handlerFailures();
        if (loops.isEmpty()) {
            return did;
        }
        List<LoopStatus> all = loops().stream().map(Loop::status).toList();
        return did + ", green threads: "
                + all.stream().mapToLong(LoopStatus::greenThreads).sum() + ", hops: "
                + all.stream().mapToLong(LoopStatus::hops).sum() + ", stalls: "
                + all.stream().mapToLong(LoopStatus::stalls).sum() + ", failures of loops: "
                + all.stream().mapToLong(LoopStatus::failures).sum();
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    Server server() {
        return server;
    }

    /** Empty where the model has none. */
    List<Loop> loops() {
        return loops.map(some -> some.group.loops()).orElse(List.of());
    }

    static String url(String host, int port) {
        String authority = host.indexOf(':') < 0 ? host : "[" + host + "]";
        return "http://" + authority + (port == 80 ? "" : ":" + port) + "/";
    }

    /** Accepts no more, lets requests in progress end, and closes; after {@code patience} at the latest. Blocks. */
    void stop(Duration patience) {
        server.stop(patience);
        loops.ifPresent(some -> some.group.close());
        application.close();
    }
}
