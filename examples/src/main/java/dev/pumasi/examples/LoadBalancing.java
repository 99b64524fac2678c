package dev.pumasi.examples;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.web.Proxy;
import dev.pumasi.web.Upstream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Three cooks behind one counter (S31): whoever orders does not notice when one of them goes home, or comes back. */
final class LoadBalancing {

    private static final int ORDERS = 30;
    private static final Duration GRACE = Duration.ofMillis(50);

    /** So long that nobody asks Bo in vain a second time within a round. */
    private static final Duration EJECTED = Duration.ofSeconds(1);

    /** Who has served how many of each round's orders. */
    record Facts(List<Map<String, Integer>> rounds, long failed) {}

    private LoadBalancing() {}

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static Facts run(Story story, String driver) throws Exception {
        List<HttpServer> cooks = new ArrayList<>();
        Upstream.Builder kitchen = Upstream.builder("kitchen").ejectAfter(1, EJECTED);
        for (String name : List.of("Ann", "Bo", "Cho")) {
            HttpServer cook = cook(name, driver, 0);
            cooks.add(cook);
            kitchen.server("127.0.0.1:" + cook.port());
        }
        List<Map<String, Integer>> rounds = new ArrayList<>();
        Proxy proxy = Proxy.builder(kitchen.build()).build();
        try (HttpServer counter = HttpServer.builder(proxy)
                        .driver(driver)
                        .loops(1)
                        .port(0)
                        .start();
                LoopGroup loops =
                        LoopGroup.start("guests", 1, Drivers.choose(driver).factory());
                HttpClient client = HttpClient.builder().on(loops.loops()).open()) {
            ClientRequest order = ClientRequest.get("http://127.0.0.1:" + counter.port() + "/soup");

            story.tell("three cooks behind one counter");
            rounds.add(orders(story, client, order));

            story.tell("Bo goes home without a word");
            int port = cooks.get(1).port();
            cooks.get(1).close();
            rounds.add(orders(story, client, order));

            story.tell("Bo is back");
            cooks.set(1, cook("Bo", driver, port));
            loops.next().sleep(EJECTED.plus(GRACE)).await();
            rounds.add(orders(story, client, order));

            story.tell("Cho is to end her shift: no new orders for her");
            proxy.upstream().servers().get(2).drain(true);
            rounds.add(orders(story, client, order));
            story.tell(proxy.status().toString());
            return new Facts(rounds, proxy.status().failures());
        } finally {
            proxy.close();
            cooks.forEach(HttpServer::close);
        }
    }

    private static HttpServer cook(String name, String driver, int port) throws IOException {
        return HttpServer.builder(request -> Response.text(name))
                .driver(driver)
                .loops(1)
                .port(port)
                .start();
    }

    private static Map<String, Integer> orders(Story story, HttpClient client, ClientRequest order) throws IOException {
        Map<String, Integer> served = new TreeMap<>();
        for (int i = 0; i < ORDERS; i++) {
            try (ClientResponse answer = client.send(order)) {
                served.merge(
                        answer.status() == 200 ? answer.body().text() : "nobody: " + answer.status(), 1, Integer::sum);
            }
        }
        story.tell("  " + served);
        return served;
    }
}
