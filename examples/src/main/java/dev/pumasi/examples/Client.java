package dev.pumasi.examples;

import dev.pumasi.http.ClientException;
import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A kitchen that asks its suppliers over HTTP: one after another in direct style, all at once as operations, with a body that
 * is written while it is sent, and with a time limit. Server and client share one loop, and one thread does it all.
 */
final class Client {

    private static final Duration DELIVERY = Duration.ofMillis(100);

    /** What came of it, and the loop's hops. */
    record Facts(List<String> answers, long connections, long hops) {}

    private final Story story;
    private final List<String> answers = new ArrayList<>();
    private final HttpClient client = HttpClient.builder()
            .limits(ClientLimits.builder().connectionsPerOriginMax(8).build())
            .open();

    private Client(Story story) {
        this.story = story;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static Facts run(Story story, String driver) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            HttpServer suppliers =
                    HttpServer.builder(market()).on(List.of(loop)).port(0).start();
            Client kitchen = new Client(story);
            CountDownLatch done = new CountDownLatch(1);
            loop.spawn(() -> {
                try {
                    kitchen.cook(loop, "http://localhost:" + suppliers.port());
                } finally {
                    kitchen.client.close();
                    done.countDown();
                }
            });
            done.await();
            suppliers.stop(Duration.ofSeconds(1));
            return new Facts(
                    kitchen.answers,
                    kitchen.client.status().connections(),
                    loop.status().hops());
        }
    }

    private static Router market() {
        return Router.builder()
                .get("/{goods}", (Handler) request -> {
                    request.loop().sleep(DELIVERY).await();
                    return Response.text(request.pathParameter("goods") + " for you");
                })
                .post("/orders", (Handler) request -> Response.text(
                        "an order of " + request.body().text().lines().count() + " lines"))
                .build();
    }

    private void cook(Loop loop, String market) throws IOException {
        story.tell("one after another, in direct style");
        for (String goods : List.of("rice", "spam")) {
            try (ClientResponse answer = client.send(ClientRequest.get(market + "/" + goods))) {
                tell(answer.status() + " " + answer.body().text());
            }
        }

        story.tell("eight at once, as operations");
        List<Operation<ClientResponse>> all = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            all.add(client.fetch(loop, ClientRequest.get(market + "/onion-" + i)));
        }
        for (Operation<ClientResponse> each : all) {
            tell(each.await().body().text());
        }

        story.tell("a body that is written while it is sent");
        ClientRequest order = ClientRequest.of("POST", market + "/orders")
                .withHeader("Content-Type", MediaType.TEXT.name())
                .withStream(-1, out -> {
                    for (int i = 1; i <= 1_000; i++) {
                        out.write((i + " bowls of soup\n").getBytes());
                    }
                });
        try (ClientResponse answer = client.send(order)) {
            tell(answer.body().text());
        }

        story.tell("no patience");
        try (ClientResponse late =
                client.send(ClientRequest.get(market + "/saffron").withTimeout(DELIVERY.dividedBy(5)))) {
            tell("an answer after all: " + late.status());
        } catch (ClientException why) {
            tell(why.reason() + ": " + why.reason().remedy());
        }
        story.tell(client.status().toString());
    }

    private void tell(String what) {
        story.tell("  " + what);
        answers.add(what);
    }
}
