package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.RawServer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;

/**
 * What the tests of the client have in common: a loop on the driver under test, a client on it, servers; and the demand that
 * nothing is left when they are gone: no connection, no timer, no operation, no wake-up of a green thread from outside.
 */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class Asking {

    @Parameter(0)
    String driver;

    LoopGroup loops;
    Loop loop;
    HttpClient client;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /**
     * The first use of sockets in a JVM leaves descriptors of the JDK's own behind; and where two threads load the same classes
     * at once, a green thread waits for a lock of the JDK's, which is a hop.
     */
    @BeforeAll
    @Timeout(60)
    static void warmUp() throws IOException {
        Served.warmUp();
        try (HttpServer server = HttpServer.builder((Handler) request -> {
                            byte[] body = request.body().bytes();
                            return Response.stream(MediaType.TEXT, out -> out.write(body));
                        })
                        .loops(1)
                        .port(0)
                        .start();
                LoopGroup loops = LoopGroup.start(
                        "warm-up", 1, Drivers.choose(Drivers.AUTO).factory());
                HttpClient client = HttpClient.builder().on(loops.loops()).open()) {
            ClientRequest plain =
                    ClientRequest.post("http://127.0.0.1:" + server.port() + "/", MediaType.TEXT, new byte[100_000]);
            for (ClientRequest request :
                    List.of(plain, plain.withExpectContinue(), plain.withStream(-1, out -> out.write(new byte[10])))) {
                try (ClientResponse response = client.send(request)) {
                    response.body().text();
                }
            }
        }
    }

    @BeforeEach
    void begin() {
        loops = LoopGroup.start("asking", 1, Drivers.choose(driver).factory());
        loop = loops.next();
        client = HttpClient.open();
    }

    final void limits(ClientLimits.Builder limits) {
        client.close();
        client = HttpClient.builder().limits(limits.build()).open();
    }

    final <T extends AutoCloseable> T opened(T what) {
        opened.push(what);
        return what;
    }

    final RawServer raw(RawServer.Script script) throws IOException {
        return opened(RawServer.start(script));
    }

    final RawServer answering(String bytes) throws IOException {
        return opened(RawServer.answering(bytes));
    }

    /** What the body answers on a green thread of the loop. */
    final <T> T onGreen(Callable<T> body) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                answer.complete(body.call());
            } catch (Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        try {
            return answer.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }

    /** Status and body, in a line. */
    final String ask(ClientRequest request) throws Exception {
        return onGreen(() -> {
            try (ClientResponse response = client.send(request)) {
                return response.status() + " " + response.body().text();
            }
        });
    }

    /** Why the request gets no answer, or its body no end. */
    final ClientException refused(ClientRequest request) throws Exception {
        try {
            return fail("an answer came: " + ask(request));
        } catch (ClientException why) {
            return why;
        }
    }

    @AfterEach
    final void nothingIsLeft() throws Exception {
        try {
            client.close();
            Served.await("the connections to end", () -> client.status().open() == 0);
            Served.await("the timers to end", () -> loop.status().timers() == 0);
            Served.await("the operations to end", () -> loop.status().interests() == 0);
            if (Loop.greenThreadsRunOnLoop()) {
                assertEquals(0, loop.status().hops(), "hops");
            }
        } finally {
            while (!opened.isEmpty()) {
                opened.pop().close();
            }
            loops.close();
        }
    }
}
