package dev.pumasi.server;

import dev.pumasi.http.AsyncHandler;
import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.Capacity;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * One loop that reads and writes, and a pool of threads on which handlers run: {@link Model#WORKER_POOL}. A handler that
 * declares itself non-blocking still runs on the loop, and so does every {@link AsyncHandler}, which can take no harm from
 * it; streamed bodies are written by a thread of the pool.
 *
 * <p>What waits for a thread is bounded ({@link Offload#WAITING_DEFAULT}); one request more is answered with 503.
 */
final class WorkerPoolServer implements Server {

    private static final Response OVERLOADED = Response.text("503 Service Unavailable: all workers are busy\n")
            .withStatus(503)
            .withHeader("Retry-After", "1");

    final HttpServer server;
    private final int threads;
    private final Offload pool;

    private WorkerPoolServer(HttpServer server, int threads, Offload pool) {
        this.server = server;
        this.threads = threads;
        this.pool = pool;
    }

    static WorkerPoolServer start(ServerBuilder builder) throws IOException {
        int threads = builder.threadsOr(ServerBuilder.WORKERS_DEFAULT);
        Offload pool;
        try {
            pool = Offload.open("handlers", threads, Offload.WAITING_DEFAULT);
        } catch (OutOfMemoryError noThread) { // what the JVM throws when the system has none left
            throw new TooManyThreadsException(threads, 0, noThread);
        }
        try {
            HttpServer server =
                    builder.looped(new Pooled(builder.endpoint, pool)).loops(1).start();
            return new WorkerPoolServer(server, threads, pool);
        } catch (IOException | RuntimeException refused) {
            pool.close();
            throw refused;
        }
    }

    HttpServer http() {
        return server;
    }

    @Override
    public SocketAddress address() {
        return server.address();
    }

    @Override
    public HttpStatus status() {
        return server.status();
    }

    @Override
    public List<HttpStatus> statusByLoop() {
        return server.statusByLoop();
    }

    @Override
    public List<Loop> on() {
        return server.on();
    }

    @Override
    public boolean isStopping() {
        return server.isStopping();
    }

    @Override
    public Capacity capacity() {
        Capacity loops = server.capacity();
        return new Capacity(loops.served(), 0, threads, loops.beyond());
    }

    @Override
    public void awaitStop() throws InterruptedException {
        server.awaitStop();
    }

    @Override
    public void stop(Duration patience) {
        server.stop(patience);
        pool.close();
    }

    @Override
    public void retire(Duration patience) {
        server.retire(patience);
        pool.close();
    }

    /** Gives each request to the pool, unless it takes no time. */
    private record Pooled(Endpoint endpoint, Offload pool) implements AsyncHandler {

        @Override
        public Endpoint select(Request request) {
            Endpoint chosen = endpoint.select(request);
            return chosen instanceof Handler handler && !handler.isNonBlocking() ? new OnPool(handler, pool) : chosen;
        }

        @Override
        public void handle(Request request, Responder responder) {
            throw new IllegalStateException("somebody else was selected");
        }
    }

    private record OnPool(Handler handler, Offload pool) implements AsyncHandler {

        @Override
        public void handle(Request request, Responder responder) {
            Loop loop = request.loop();
            pool.submit(loop, () -> Objects.requireNonNull(handler.handle(request), "a handler answered null"))
                    .onDone(outcome -> {
                        switch (outcome) {
                            case Success<? extends Response>(Response response) ->
                                responder.respond(written(response, loop));
                            case Failed<? extends Response>(Throwable failure) -> {
                                if (failure instanceof OperationException refused
                                        && refused.failure() == Failure.REJECTED) {
                                    responder.respond(OVERLOADED);
                                } else {
                                    responder.fail(failure);
                                }
                            }
                        }
                    });
        }

        /** The same response, whose body is written by a thread of the pool while a green thread waits for that. */
        private Response written(Response response, Loop loop) {
            return response.mapWriter(writer -> new WriterOnPool(writer, pool, loop));
        }
    }

    private record WriterOnPool(BodyWriter writer, Offload pool, Loop loop) implements BodyWriter {

        @Override
        public void writeTo(BodyOutput out) throws IOException {
            pool.submit(loop, () -> {
                        writer.writeTo(out);
                        return out;
                    })
                    .await();
        }

        @Override
        public void discard() {
            writer.discard();
        }
    }
}
