package dev.pumasi.services;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.queue.GroupSettings;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * One of the services, in a process of its own: {@code Service ROLE WAY FOLDER PORT OTHER PATIENCE}. It says {@code ready PORT} when it is,
 * and ends when its standard input does: whoever started it is gone then.
 */
final class Service {

    /** What one of them does. */
    interface Role {
        /** On a green thread of the loop. */
        Router open(Place place) throws IOException;
    }

    /**
     * Where it works.
     *
     * @param folder for what it writes down
     * @param other whom it asks
     * @param patience how long it waits for that one, when they call each other
     */
    record Place(Loop loop, Way way, Path folder, String other, Duration patience) {}

    static final String READY = "ready ";

    /** What a consumer that was killed had comes back after this. */
    static final GroupSettings GROUP = GroupSettings.DEFAULT
            .withSettleWithin(Duration.ofSeconds(2))
            .withDelay(Duration.ofMillis(20), Duration.ofMillis(500))
            .withDeliveriesMax(100);

    private static final int BIND_TRIES_MAX = 100;
    private static final Duration BIND_PAUSE = Duration.ofMillis(100);

    private Service() {}

    public static void main(String[] args) throws Exception {
        Role role = switch (args[0]) {
            case "orders" -> new Orders();
            case "stock" -> new Stock();
            case "mail" -> new Mail();
            default -> throw new IllegalArgumentException("orders, stock or mail, not " + args[0]);
        };
        int port = Integer.parseInt(args[3]);
        LoopGroup loops =
                LoopGroup.start(args[0], 1, Drivers.choose(Drivers.AUTO).factory());
        Loop loop = loops.next();
        Place place = new Place(
                loop,
                Way.valueOf(args[1].toUpperCase(Locale.ROOT)),
                Path.of(args[2]),
                args[4],
                Duration.ofMillis(Long.parseLong(args[5])));
        CompletableFuture<HttpServer> started = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                started.complete(listen(loop, role.open(place), port));
            } catch (IOException | RuntimeException refused) {
                started.completeExceptionally(refused);
            }
        });
        System.out.println(READY + started.get().port());
        System.out.flush();
        while (System.in.read() >= 0) {
            // nobody says anything
        }
        Runtime.getRuntime().halt(0);
    }

    /** The port is the same after a restart; it may take a moment until the kernel gives it away again. */
    private static HttpServer listen(Loop loop, Router router, int port) throws IOException {
        for (int left = BIND_TRIES_MAX; ; left--) {
            try {
                return HttpServer.builder(router)
                        .on(List.of(loop))
                        .address(new InetSocketAddress("127.0.0.1", port))
                        .start();
            } catch (OperationException taken) {
                if (taken.failure() != Failure.ADDRESS_IN_USE || left == 0) {
                    throw taken;
                }
                loop.sleep(BIND_PAUSE).await();
            }
        }
    }

    /**
     * Calls another service and waits for it, but not for ever.
     *
     * @return what went wrong, for whoever called this one; empty if nothing did
     */
    static String call(HttpClient client, Place place, String name, String path) {
        try (ClientResponse answer =
                client.send(ClientRequest.of("POST", place.other() + path).withTimeout(place.patience()))) {
            return answer.isSuccessful()
                    ? ""
                    : name + " failed; " + answer.body().text();
        } catch (IOException none) {
            return name + " did not answer";
        }
    }

    /** That somebody else has failed is this one's failure, too. */
    static Response failed(String because) {
        return Response.text(because).withStatus(502);
    }
}
