package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Browser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The live page of the commands that keep something, as an operator sees it: in a real browser, while clients are at work. Each figure is
 * seen as it is, and seen to move.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class LivePageInBrowserTest {

    /** The text of a figure: of the row of that name, in the card of that title, under that column. */
    private static final String FIGURE = "(() => { const card = [...document.querySelectorAll('#part-cards > .card')]"
            + ".find((each) => each.firstChild.textContent === '%s');"
            + " const row = [...(card?.querySelectorAll('tbody tr') ?? [])].find((each) => each.cells[0].firstChild.textContent"
            + ".endsWith('%s')); return [...(row?.cells ?? [])].find((cell) => cell.dataset.label === '%s')?.textContent; })()";

    private static final Pattern DELIVERY = Pattern.compile("\"delivery\":\"([^\"]+)\"");

    @TempDir
    private Path folder;

    private static String figure(String card, String row, String column) {
        return FIGURE.formatted(card, row, column);
    }

    private static void shows(Browser browser, String card, String row, String column, int value) throws Exception {
        browser.await(row + ": " + column + " " + value, figure(card, row, column) + " === '" + value + "'");
    }

    private static HttpResponse<String> post(URI uri, String type, String body)
            throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(uri)
                    .header("Content-Type", type)
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void ordersShowTheirDatabase() throws Exception {
        if (Browser.isDeclaredAbsent()) {
            return;
        }
        try (Launched server = Launched.serve(
                        "--app",
                        "orders",
                        "--admin",
                        "0",
                        "--loops",
                        "1",
                        "--set",
                        "connections=2",
                        "--set",
                        "data=" + folder);
                Browser browser = new Browser()) {
            LivePage page = LivePage.of(server);
            browser.size(1280, 1000);
            browser.go(page.uri() + "#parts");
            String card = "Databases";
            String row = "/orders";
            shows(browser, card, row, "connections", 2);
            shows(browser, card, row, "in use", 0);
            int before = browser.eval("Number(" + figure(card, row, "admitted") + ")")
                    .intValue();
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> answer = post(
                        server.uri().resolve("orders"),
                        "application/json",
                        "{\"customer\": \"Maru\", \"lines\": [{\"dish\": \"soup\", \"portions\": 2}]}");
                assertEquals(201, answer.statusCode(), answer.body());
            }
            shows(browser, card, row, "admitted", before + 3);
            browser.await(
                    "its threads to have done that",
                    "Number(" + figure("Offload pools", "sql-queries", "done") + ") >= " + (before + 3));
            browser.picture("orders-parts");
            browser.click("#tab-overview");
            browser.await(
                    "three requests, and more of the server's own",
                    "parseInt(document.querySelector('#tiles').textContent.match(/([0-9,]+) in all/)?.[1]) >= 3");
            assertEquals(List.of(), browser.complaints());
            assertEquals(0, server.end("TERM"));
        }
    }

    @Test
    void aQueueShowsTopicsLagAndDeadLetters() throws Exception {
        if (Browser.isDeclaredAbsent()) {
            return;
        }
        try (Launched server =
                        Launched.queue("--admin", "0", "--options", "segment=256k&message=64k", folder + "/shop");
                Browser browser = new Browser()) {
            LivePage page = LivePage.of(server);
            browser.size(1280, 1000);
            browser.go(page.uri() + "#parts");
            browser.await("the pools", "document.querySelector('#part-cards')?.textContent.includes('Offload pools')");
            URI topic = server.uri().resolve("topics/orders/");
            for (int i = 0; i < 4; i++) {
                assertEquals(
                        201,
                        post(topic.resolve("messages"), "text/plain", "soup " + i)
                                .statusCode());
            }
            shows(browser, "Queue topics", "orders", "published", 4);
            String group = "orders / mail";
            String first = take(topic);
            shows(browser, "Consumer groups", group, "in flight", 1);
            shows(browser, "Consumer groups", group, "lag", 3);
            assertEquals(2, settle(topic, first, "acknowledge") / 100);
            shows(browser, "Consumer groups", group, "acknowledged", 1);
            assertEquals(2, settle(topic, take(topic), "reject") / 100);
            shows(browser, "Consumer groups", group, "dead letters", 1);
            shows(browser, "Consumer groups", group, "lag", 2);
            shows(browser, "Queue topics", "orders.dead", "kept messages", 1);
            browser.picture("queue-parts");
            assertEquals(List.of(), browser.complaints());
            assertEquals(0, server.end("TERM"));
        }
    }

    /** The number of the delivery of the next message; one that is rejected goes to the dead letters at once. */
    private static String take(URI topic) throws Exception {
        HttpResponse<String> taken = post(
                topic.resolve("groups/mail/take?max=1&wait=30s&settle-within=10m&deliveries-max=1"), "text/plain", "");
        Matcher delivery = DELIVERY.matcher(taken.body());
        assertTrue(delivery.find(), taken::body);
        return delivery.group(1);
    }

    private static int settle(URI topic, String delivery, String how) throws Exception {
        return post(topic.resolve("groups/mail/deliveries/" + delivery + "/" + how), "text/plain", "")
                .statusCode();
    }
}
