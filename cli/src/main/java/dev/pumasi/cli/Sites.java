package dev.pumasi.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/** Builds the server that {@code pumasi serve} runs. Stands in with the JDK's own until ours lands. */
final class Sites {

    static final List<String> DRIVERS = List.of("auto", "io_uring", "epoll", "poll", "select", "nio");

    private Sites() {}

    static Site start(ServeOptions options) throws CannotRun {
        try (InputStream page = Sites.class.getResourceAsStream("welcome.html")) {
            if (page == null) {
                throw new IllegalStateException("welcome.html is not on the class path");
            }
            byte[] body = page.readAllBytes();
            HttpServer server = HttpServer.create(new InetSocketAddress(options.host(), options.port()), 0);
            server.createContext("/", exchange -> {
                exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            options.folder().ifPresent(folder -> {
                server.removeContext("/");
                server.createContext(
                        "/", com.sun.net.httpserver.SimpleFileServer.createFileHandler(folder.toAbsolutePath()));
            });
            server.start();
            return new Site() {
                @Override
                public int port() {
                    return server.getAddress().getPort();
                }

                @Override
                public String driver() {
                    return "jdk";
                }

                @Override
                public int loops() {
                    return 1;
                }

                @Override
                public void stop(Duration patience) {
                    server.stop(0);
                }
            };
        } catch (BindException taken) {
            throw new CannotRun(
                    "port " + options.port() + " on " + options.host()
                            + " is taken; stop what listens there, or choose another with --port.",
                    taken);
        } catch (IOException failed) {
            throw new CannotRun("cannot listen on " + options.host() + ": " + failed.getMessage(), failed);
        }
    }
}
