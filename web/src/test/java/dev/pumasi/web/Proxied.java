package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.RawServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;

/**
 * What the tests of the proxy have in common: servers behind, the proxy on one loop of the driver under test, a client on
 * another; and the demand that nothing is left when they are gone, and nobody has hopped.
 */
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class Proxied {

    private static final long PATIENCE_NANOS = 60_000_000_000L;

    @Parameter(0)
    String driver;

    LoopGroup loops;
    HttpClient client;
    HttpServer front;
    Proxy proxy;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** The first use of sockets in a JVM leaves descriptors of the JDK's own behind. */
    @BeforeAll
    static void warmUp() throws IOException {
        for (String each : DriversHere.names()) {
            try (HttpServer server = HttpServer.builder(request -> Response.ok())
                            .driver(each)
                            .loops(1)
                            .port(0)
                            .start();
                    RawClient one = new RawClient(server.port())) {
                one.ask("GET", "/");
            }
        }
    }

    @BeforeEach
    void begin() {
        loops = LoopGroup.start("asking", 1, Drivers.choose(driver).factory());
        client = HttpClient.builder().on(loops.loops()).open();
    }

    final <T extends AutoCloseable> T opened(T what) {
        opened.push(what);
        return what;
    }

    final HttpServer server(Endpoint endpoint) throws IOException {
        return opened(
                HttpServer.builder(endpoint).driver(driver).loops(1).port(0).start());
    }

    final RawServer raw(RawServer.Script script) throws IOException {
        return opened(RawServer.start(script));
    }

    static String authority(HttpServer server) {
        return "127.0.0.1:" + server.port();
    }

    final void front(Proxy by) throws IOException {
        front(by, HttpLimits.builder().bodyBytesMax(100_000_000).build());
    }

    final void front(Proxy by, HttpLimits limits) throws IOException {
        proxy = by;
        front = HttpServer.builder(by)
                .driver(driver)
                .loops(1)
                .limits(limits)
                .port(0)
                .start();
    }

    final ClientRequest request(String method, String target) {
        return ClientRequest.of(method, "http://127.0.0.1:" + front.port() + target);
    }

    /** Status and body, in a line. */
    final String ask(ClientRequest request) throws IOException {
        try (ClientResponse response = client.send(request)) {
            return response.status() + " " + response.body().text();
        }
    }

    final String get(String target) throws IOException {
        return ask(request("GET", target));
    }

    /** Sends these bytes to the proxy, says that there will be no more, and answers all that comes back. */
    final String exchange(String bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), front.port())) {
            socket.setSoTimeout(60_000);
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
                socket.shutdownOutput();
            } catch (IOException reset) {
                // Who is refused may find the connection gone while it still sends; the answer has come all the same.
            }
            try {
                socket.getInputStream().transferTo(answer);
            } catch (SocketException reset) {
                // What came before counts.
            }
            return answer.toString(StandardCharsets.ISO_8859_1);
        }
    }

    static void await(String what, BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                fail("waited in vain for " + what);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    @AfterEach
    final void nothingIsLeft() throws Exception {
        try {
            client.close();
            if (proxy != null) {
                await("the client's connections to end", () -> front.status().open() == 0);
                for (UpstreamServer server : proxy.upstream().servers()) {
                    await("the requests at " + server + " to end", () -> server.active() == 0);
                }
                await("the tunnels to end", () -> proxy.status().tunnels() == 0);
                proxy.close();
                await(
                        "the proxy's connections to end",
                        () -> proxy.status().client().open() == 0);
                if (Loop.greenThreadsRunOnLoop()) {
                    assertEquals(0, front.loops().getFirst().hops(), "hops");
                }
            }
        } finally {
            if (front != null) {
                front.stop(Duration.ofSeconds(5));
            }
            while (!opened.isEmpty()) {
                opened.pop().close();
            }
            loops.close();
        }
    }
}
