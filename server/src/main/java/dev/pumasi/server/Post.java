package dev.pumasi.server;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The server that a {@link Worker} runs, whatever its model: beside what every server can do it begins to accept when it is
 * told to, and answers requests of its own process before that.
 */
sealed interface Post extends AutoCloseable {

    /** One that has inherited the listening socket and does not accept yet. */
    static Post of(Server server, String driver) {
        return switch (server) {
            case HttpServer http -> new OnLoops(server, http, List.of());
            case WorkerPoolServer pooled -> new OnLoops(server, pooled.http(), List.of());
            case BlockingServer blocking -> new OnThreads(blocking, LoopGroup.start("pumasi-control", 1, driver));
            default -> throw new IllegalArgumentException("no worker runs " + server);
        };
    }

    /** The same with another server beside it, of another address and on the same loops. */
    Post with(Server another);

    /** What it serves with; one for each address. */
    List<Server> servers();

    /** As {@link Server#retire}, all at once. */
    void retire(Duration patience);

    /** As {@link Server#stop}, all at once. */
    void stop(Duration patience);

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
    record OnLoops(Server server, HttpServer http, List<Server> others) implements Post {

        @Override
        public Post with(Server another) {
            List<Server> more = new ArrayList<>(others);
            more.add(another);
            return new OnLoops(server, http, List.copyOf(more));
        }

        @Override
        public void retire(Duration patience) {
            all(each -> each.retire(patience));
        }

        @Override
        public void stop(Duration patience) {
            all(each -> each.stop(patience));
        }

        /** All at once, since each takes its time; the first one last, because the loops are its own. */
        private void all(Consumer<Server> ending) {
            List<Thread> threads = others.stream()
                    .map(other ->
                            Thread.ofPlatform().name("pumasi-stop").daemon().start(() -> ending.accept(other)))
                    .toList();
            for (Thread thread : threads) {
                try {
                    thread.join();
                } catch (InterruptedException hurry) {
                    Thread.currentThread().interrupt();
                }
            }
            ending.accept(server);
        }

        private static HttpServer http(Server server) {
            return server instanceof WorkerPoolServer pooled ? pooled.http() : (HttpServer) server;
        }

        @Override
        public List<Loop> loops() {
            return http.on();
        }

        @Override
        public List<Server> servers() {
            List<Server> all = new ArrayList<>(others);
            all.addFirst(server);
            return all;
        }

        @Override
        public List<HttpStatus> statusByLoop() {
            List<HttpStatus> sums = new ArrayList<>(http.statusByLoop());
            for (Server other : others) {
                List<HttpStatus> each = other.statusByLoop(); // on the same loops
                for (int i = 0; i < Math.min(sums.size(), each.size()); i++) {
                    sums.set(i, sums.get(i).plus(each.get(i)));
                }
            }
            return sums;
        }

        @Override
        public WarmUp warmUp(int count) throws IOException {
            return WarmUp.ask(http, count);
        }

        @Override
        public void accept() {
            http.accept();
            others.forEach(other -> http(other).accept());
        }

        @Override
        public void stopAccepting() {
            http.stopAccepting();
            others.forEach(other -> http(other).stopAccepting());
        }

        @Override
        public void close() {
            others.forEach(Server::close);
            server.close();
        }
    }

    /** Models that serve by blocking calls: a loop beside their threads hears the supervisor, and does nothing else. */
    record OnThreads(BlockingServer blocking, LoopGroup control) implements Post {

        @Override
        public Post with(Server another) {
            throw new IllegalArgumentException(
                    "a model without loops takes over one listening socket, and there are several");
        }

        @Override
        public void retire(Duration patience) {
            blocking.retire(patience);
        }

        @Override
        public void stop(Duration patience) {
            blocking.stop(patience);
        }

        @Override
        public List<Server> servers() {
            return List.of(blocking);
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
