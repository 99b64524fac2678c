package dev.pumasi.benchmarks.sql;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.Placement;
import dev.pumasi.sql.RefusedException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Pumasi: a green thread for each request on one loop, the query on that loop or on database threads. */
public final class PumasiSqlServer {

    record Dish(int id, String name, int price) {}

    private static final int WAITING_MAX = 10_000;

    private PumasiSqlServer() {}

    /** Arguments: those of {@link Arguments}, and {@code loop} or {@code threads}. */
    public static void main(String[] given) throws Exception {
        Arguments arguments = Arguments.of(given);
        boolean onLoop = given[5].equals("loop");
        Database database = Database.builder(arguments.url())
                .user(arguments.user())
                .password(arguments.password())
                .placement(
                        onLoop
                                ? Placement.onLoop(arguments.connections())
                                : Placement.offloaded(arguments.connections()))
                .admission(WAITING_MAX, Duration.ofSeconds(10))
                .open();
        Handler handler = _ -> {
            try {
                Dish dish = database.one(Arguments.QUERY + "?", Dish.class, Arguments.anyId())
                        .orElseThrow();
                return Response.bytes(
                        MediaType.JSON,
                        Arguments.answer(dish.id, dish.name, dish.price).getBytes(StandardCharsets.UTF_8));
            } catch (RefusedException busy) {
                return Response.of(503);
            }
        };
        HttpServer server = HttpServer.builder(Router.builder()
                        .get(Arguments.PATH, handler)
                        .get("/status", _ -> Response.text(database.status().toString()))
                        .build())
                .address(new InetSocketAddress("0.0.0.0", arguments.port()))
                .loops(1)
                .start();
        server.awaitStop();
    }
}
