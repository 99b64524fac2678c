package dev.pumasi.server;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import java.io.IOException;
import java.util.List;

/**
 * The server that a {@link Worker} runs, whatever its model: beside what every server can do it begins to accept when it is
 * told to, and answers requests of its own process before that.
 */
sealed interface Post extends AutoCloseable {

    /** One that has inherited the listening socket and does not accept yet. */
    static Post of(Server server, String driver) {
        return switch (server) {
            case HttpServer http -> new OnLoops(server, http);
            case WorkerPoolServer pooled -> new OnLoops(server, pooled.http());
            case BlockingServer blocking -> new OnThreads(blocking, LoopGroup.start("pumasi-control", 1, driver));
            default -> throw new IllegalArgumentException("no worker runs " + server);
        };
    }

    Server server();

    /** The loops of this process; the first looks after the connection to the supervisor. */
    List<Loop> loops();

    /** What the connections of each loop have done; empty where no loop has any. */
    List<HttpStatus> statusByLoop();

    WarmUp warmUp(int count) throws IOException;

    /** On the first loop, once. Does not wait, as does nothing that is called there. */
    void accept();

    /** On the first loop. */
    void stopAccepting();

    @Override
    void close();

    /** Models with loops: the supervisor is heard on one of them. */
    record OnLoops(Server server, HttpServer http) implements Post {

        @Override
        public List<Loop> loops() {
            return http.on();
        }

        @Override
        public List<HttpStatus> statusByLoop() {
            return http.statusByLoop();
        }

        @Override
        public WarmUp warmUp(int count) throws IOException {
            return WarmUp.ask(http, count);
        }

        @Override
        public void accept() {
            http.accept();
        }

        @Override
        public void stopAccepting() {
            http.stopAccepting();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    /** Models that serve by blocking calls: a loop beside their threads hears the supervisor, and does nothing else. */
    record OnThreads(BlockingServer blocking, LoopGroup control) implements Post {

        @Override
        public Server server() {
            return blocking;
        }

        @Override
        public List<Loop> loops() {
            return control.loops();
        }

        @Override
        public List<HttpStatus> statusByLoop() {
            return List.of();
        }

        @Override
        public WarmUp warmUp(int count) throws IOException {
            return WarmUp.ask(blocking.http, count);
        }

        @Override
        public void accept() {
            blocking.accept();
        }

        @Override
        public void stopAccepting() {
            blocking.stopAccepting();
        }

        @Override
        public void close() {
            blocking.close();
            control.close();
        }
    }
}
