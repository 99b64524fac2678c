package dev.pumasi.cli;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.DriverUnavailableException;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.web.StaticFiles;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What {@code pumasi serve} runs: loops on a driver, and on them a server for a folder or for the welcome page. */
final class Site {

    private final ServeOptions options;
    private final Drivers.Choice driver;
    private final LoopGroup loops;
    private final HttpServer server;

    private Site(ServeOptions options, Drivers.Choice driver, LoopGroup loops, HttpServer server) {
        this.options = options;
        this.driver = driver;
        this.loops = loops;
        this.server = server;
    }

    /** Starts it; it serves when this returns. On failure nothing is left running. */
    static Site start(ServeOptions options) throws CannotRun {
        InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
        if (address.isUnresolved()) {
            throw new CannotRun("no address is known for the host " + options.host()
                    + "; check its spelling, or name one of this machine's addresses with --host.");
        }
        Drivers.Choice driver;
        LoopGroup loops;
        try {
            driver = Drivers.choose(options.driver());
            loops = LoopGroup.start("pumasi-loop", options.loops(), driver.factory());
        } catch (DriverUnavailableException refused) {
            throw new CannotRun(String.valueOf(refused.getMessage()), refused);
        }
        try {
            HttpServer server = HttpServer.builder(content(options))
                    .address(address)
                    .on(loops.loops())
                    .start();
            return new Site(options, driver, loops, server);
        } catch (CannotRun refused) {
            loops.close();
            throw refused;
        } catch (IOException refused) {
            loops.close();
            throw cannotListen(options, refused);
        }
    }

    private static Handler content(ServeOptions options) throws CannotRun {
        if (options.folder().isEmpty()) {
            return Welcome.page();
        }
        Path folder = options.folder().get();
        try {
            return StaticFiles.builder(folder).build();
        } catch (IOException refused) {
            throw new CannotRun("cannot serve " + folder + ": " + refused.getMessage(), refused);
        }
    }

    private static CannotRun cannotListen(ServeOptions options, IOException refused) {
        String where = "port " + options.port() + " of " + options.host();
        if (!(refused instanceof OperationException failed)) {
            return new CannotRun("cannot listen on " + where + ": " + refused.getMessage(), refused);
        }
        return new CannotRun(
                failed.failure() == Failure.ADDRESS_IN_USE
                        ? where
                                + " is in use; choose another with --port, or stop what listens there (ss -ltnp shows it)."
                        : "cannot listen on " + where + ": " + failed.failure().cause() + "; "
                                + failed.failure().remedy() + ".",
                failed);
    }

    /** The one line that says that it serves. Programs may wait for it: its first word and its URL do not change. */
    String line() {
        String what = options.folder()
                .map(folder -> folder.toAbsolutePath().normalize().toString())
                .orElse("a welcome page");
        boolean chosen = options.driver().equals(Drivers.AUTO);
        List<String> parts = List.of(
                "driver " + (chosen ? driver.reason() : driver.name()),
                options.loops() == 1 ? "1 loop" : options.loops() + " loops");
        return "Serving " + what + " on " + url(options.host(), server.port()) + " (" + String.join("; ", parts) + ")";
    }

    /** What is to be said at the end: what each loop counted that an operator should see as 0. */
    String lastLine() {
        List<LoopStatus> all = loops.loops().stream().map(Loop::status).toList();
        return "Stopped. Green threads: "
                + all.stream().mapToLong(LoopStatus::greenThreads).sum() + ", hops: "
                + all.stream().mapToLong(LoopStatus::hops).sum() + ", stalls: "
                + all.stream().mapToLong(LoopStatus::stalls).sum() + ", failures: "
                + all.stream().mapToLong(LoopStatus::failures).sum();
    }

    List<Loop> loops() {
        return loops.loops();
    }

    private static String url(String host, int port) {
        String authority = host.indexOf(':') < 0 ? host : "[" + host + "]";
        return "http://" + authority + (port == 80 ? "" : ":" + port) + "/";
    }

    /** Accepts no more, lets requests in progress end, and closes; after {@code patience} at the latest. Blocks. */
    void stop(Duration patience) {
        server.stop(patience);
        loops.close();
    }
}
