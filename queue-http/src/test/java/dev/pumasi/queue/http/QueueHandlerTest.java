package dev.pumasi.queue.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Field;
import dev.pumasi.queue.Consumer;
import dev.pumasi.queue.Delivery;
import dev.pumasi.queue.GroupStatus;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.TopicStatus;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What {@code curl} sees, on each driver. */
final class QueueHandlerTest extends OnEachDriver {

    private static final String MAIL = "/topics/orders/groups/mail";

    private static String text(ClientResponse answer) throws IOException {
        return answer.body().text();
    }

    private static Map<String, @Nullable Object> json(ClientResponse answer) throws IOException {
        return Json.object(text(answer));
    }

    private static String header(ClientResponse answer, String name) {
        return answer.header(name).orElse("");
    }

    /** A problem as RFC 9457 has it, with that status and of that kind. */
    private static Map<String, @Nullable Object> problem(int status, String kind, ClientResponse answer)
            throws IOException {
        String body = text(answer);
        assertEquals(status, answer.status(), body);
        assertEquals("application/problem+json", header(answer, "Content-Type"));
        Map<String, @Nullable Object> problem = Json.object(body);
        assertEquals("urn:pumasi:queue:" + kind, problem.get("type"), body);
        assertEquals(status, StatusJson.number(problem, "status"));
        assertTrue(problem.containsKey("title") && problem.containsKey("detail"), body);
        return problem;
    }

    private GroupStatus mail() {
        return queue.status().stream()
                .filter(topic -> topic.name().equals("orders"))
                .findFirst()
                .orElseThrow()
                .groups()
                .getFirst();
    }

    @Test
    void what_is_published_is_durable_and_comes_whole() throws Exception {
        ClientResponse published = ask(
                "POST",
                "/topics/orders/messages",
                "{\"sku\": 4711}",
                new Field("Message-Key", "order-%ED%95%9C"),
                new Field("Message-Id", "id 1"),
                new Field("Message-Header", "From=the shop=ours"),
                new Field("Message-Header", "empty="));
        assertEquals(201, published.status());
        assertEquals("0-0", header(published, "Message-Position"));
        assertEquals("0-0", json(published).get("position"));
        ClientResponse again =
                ask("POST", "/topics/orders/messages", "{\"sku\": 4711}", new Field("Message-Id", "id 1"));
        assertEquals("0-0", json(again).get("position"), "the same id is the same message");

        ClientResponse taken = ask("POST", MAIL + "/take?wait=20s");
        assertEquals(200, taken.status());
        assertEquals("{\"sku\": 4711}", text(taken));
        assertEquals("order-%ED%95%9C", header(taken, "Message-Key"));
        assertEquals("id 1", header(taken, "Message-Id"));
        assertEquals(List.of("From=the shop=ours", "empty="), taken.headers("Message-Header"));
        assertEquals("0-0", header(taken, "Message-Position"));
        assertEquals("1", header(taken, "Message-Attempt"));
        assertEquals("0-0-1", header(taken, "Message-Delivery"));
        assertEquals(1, mail().inFlight());

        assertEquals(200, ask("POST", MAIL + "/deliveries/0-0-1/acknowledge").status());
        assertEquals(1, mail().settledBefore());
        assertEquals(
                "STALE",
                problem(409, "stale", ask("POST", MAIL + "/deliveries/0-0-1/acknowledge"))
                        .get("failure"));
        assertEquals(204, ask("POST", MAIL + "/take?wait=0s").status(), "nothing more");
        restart();
        assertEquals(204, ask("POST", MAIL + "/take?wait=0s").status(), "acknowledged is acknowledged");
    }

    @Test
    void a_long_poll_ends_when_a_message_comes() throws Exception {
        Operation<ClientResponse> waiting =
                client.fetch(away, ClientRequest.of("POST", url() + MAIL + "/take?wait=50s"));
        eventually(
                "there is a group",
                () -> queue.status().stream().anyMatch(topic -> !topic.groups().isEmpty()));
        // After the other, which then is in front: or it might have them both.
        Operation<ClientResponse> lines =
                client.fetch(away, ClientRequest.of("POST", url() + MAIL + "/take?wait=50s&max=5"));
        queue.topic("orders").publisher().publish(Message.of("k", "one"));
        queue.topic("orders").publisher().publish(Message.of("l", "two"));
        assertEquals(200, waiting.await().status());
        ClientResponse answer = lines.await();
        List<String> all = text(answer).lines().filter(line -> !line.isBlank()).toList();
        assertEquals(1, all.size());
        List<String> bodies = new ArrayList<>(List.of(text(waiting.await())));
        bodies.add(MessageJson.message(all.getFirst()).text());
        bodies.sort(null);
        assertEquals(List.of("one", "two"), bodies);
    }

    @Test
    void many_go_in_one_request_and_keep_their_order() throws Exception {
        StringBuilder batch = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            batch.append("{\"key\":\"k")
                    .append(i)
                    .append("\",\"text\":\"")
                    .append(i)
                    .append("\"}\n");
        }
        ClientResponse published = ask("POST", "/topics/orders/batch", batch.toString());
        assertEquals(201, published.status());
        List<String> positions = text(published).lines().toList();
        assertEquals(20, positions.size());
        assertEquals("{\"position\":\"0-19\"}", positions.getLast());
        Map<Integer, String> seen =
                new TreeMap<>(); // by position: messages of different keys may be delivered out of order
        while (seen.size() < 20) {
            for (String line : text(ask("POST", MAIL + "/take?max=7&wait=20s"))
                    .lines()
                    .filter(one -> !one.isBlank())
                    .toList()) {
                Map<String, @Nullable Object> message = Json.object(line);
                String position = MessageJson.text(message, "position");
                seen.put(
                        Integer.valueOf(position.substring(position.indexOf('-') + 1)),
                        MessageJson.text(message, "text"));
                String delivery = MessageJson.text(message, "delivery");
                assertEquals(
                        200,
                        ask("POST", MAIL + "/deliveries/" + delivery + "/acknowledge")
                                .status());
            }
        }
        assertEquals(
                java.util.stream.IntStream.range(0, 20)
                        .mapToObj(Integer::toString)
                        .toList(),
                List.copyOf(seen.values()));
        assertEquals(20, mail().settledBefore());
    }

    @Test
    void bytes_that_are_no_text_go_both_ways() throws Exception {
        byte[] bytes = {0, 1, (byte) 0xff, (byte) 0x80, 10};
        queue.topic("orders").publisher().publish(Message.of(bytes));
        String line = text(ask("POST", MAIL + "/take?max=1&wait=20s")).strip();
        assertTrue(line.contains("\"base64\":\"AAH/gAo=\""), line);
        assertEquals(201, ask("POST", "/topics/orders/batch", line).status());
        try (Consumer consumer = queue.topic("orders").consumer("other")) {
            consumer.take().acknowledge();
            org.junit.jupiter.api.Assertions.assertArrayEquals(
                    bytes, consumer.take().message().body());
        }
    }

    @Test
    void rejected_comes_again_later_and_then_goes_to_the_dead_letters_with_the_reason() throws Exception {
        String how = "?deliveries-max=2&delay-first=1ms&delay-max=1ms&wait=20s";
        ask("POST", "/topics/orders/messages", "poison");
        assertEquals("1", header(ask("POST", MAIL + "/take" + how), "Message-Attempt"));
        assertEquals(
                200,
                ask("POST", MAIL + "/deliveries/0-0-1/reject?delay=2ms", "no such address")
                        .status());
        assertEquals("2", header(ask("POST", MAIL + "/take" + how), "Message-Attempt"));
        assertEquals(
                200,
                ask("POST", MAIL + "/deliveries/0-0-2/reject", "no such address")
                        .status());
        ClientResponse letter = ask("POST", "/topics/orders.dead/groups/undertaker/take?wait=20s");
        assertEquals("poison", text(letter));
        assertTrue(
                letter.headers("Message-Header").contains("dead-reason=no such address"),
                letter.fields().toString());
        assertEquals(1, mail().dead());
    }

    @Test
    void what_a_dead_consumer_had_comes_again_when_its_time_is_over() throws Exception {
        ask("POST", "/topics/orders/messages", "one");
        String quick = "/take?settle-within=50ms&delay-first=1ms&delay-max=1ms&wait=20s";
        assertEquals("1", header(ask("POST", MAIL + quick), "Message-Attempt"));
        // It dies here, and nobody is told.
        ClientResponse second = ask("POST", MAIL + quick + "&member=another");
        assertEquals("2", header(second, "Message-Attempt"));
        problem(409, "stale", ask("POST", MAIL + "/deliveries/0-0-1/acknowledge"));
        assertTrue(mail().overdue() >= 1, "the first was, and on a slow machine the second is by now");
    }

    @Test
    void a_member_that_leaves_gives_back_at_once_what_it_has() throws Exception {
        assertEquals(204, ask("PUT", MAIL + "/members/ann?settle-within=1h").status());
        ask("POST", "/topics/orders/messages", "one");
        assertEquals("1", header(ask("POST", MAIL + "/take?member=ann&wait=20s"), "Message-Attempt"));
        Operation<ClientResponse> bo =
                client.fetch(away, ClientRequest.of("POST", url() + MAIL + "/take?member=bo&wait=50s"));
        eventually("both are members", () -> mail().members() == 2);
        assertEquals(204, ask("DELETE", MAIL + "/members/ann").status());
        assertEquals("2", header(bo.await(), "Message-Attempt"));
        problem(409, "stale", ask("POST", MAIL + "/deliveries/0-0-1/acknowledge"));
    }

    @Test
    void that_a_client_has_gone_is_noticed_and_what_was_meant_for_it_goes_to_who_is_there() throws Exception {
        try (Listening poll = listen("POST " + MAIL + "/take?wait=55s&max=1&settle-within=1h&member=gone");
                Listening stream = listen("GET " + MAIL + "/events?settle-within=1h")) {
            eventually("the stream says that it is there", () -> stream.heard().contains(":"));
            eventually("both are members", () -> mail().members() == 2);
        }
        eventually("the stream's member has gone", () -> mail().members() == 1);
        eventually("the others' ends are noticed", () -> server.status().open() <= 1);
        // The others' member stays for a while, but nothing is taken for it any more.
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            ask("POST", "/topics/orders/messages", "message " + i);
            seen.add(text(ask("POST", MAIL + "/take?member=bo&wait=20s")));
        }
        seen.sort(null);
        assertEquals(List.of("message 0", "message 1"), seen);
    }

    @Test
    void events_come_as_they_are_published_and_no_more_than_the_window_holds() throws Exception {
        try (Listening events = listen("GET " + MAIL + "/events?window=2&start=beginning")) {
            for (int i = 0; i < 3; i++) {
                ask("POST", "/topics/orders/messages", "message " + i);
            }
            eventually("two have come", () -> events.heard().contains("message 1"));
            assertTrue(events.heard().contains("Content-Type: text/event-stream"), events.heard());
            assertEquals(2, mail().inFlight());
            assertTrue(events.heard().contains("id: 0-0\ndata: {\"topic\":\"orders\","), events.heard());
            assertTrue(events.heard().contains("\"delivery\":\"0-0-1\""), events.heard());
            assertTrue(!events.heard().contains("message 2"), "the window is full");
            ask("POST", MAIL + "/deliveries/0-0-1/acknowledge");
            eventually("there is room for the third", () -> events.heard().contains("message 2"));
        }
        eventually("the stream's consumer has gone", () -> mail().members() == 0);
        ClientResponse again = ask("POST", MAIL + "/take?wait=20s");
        assertEquals("2", header(again, "Message-Attempt"), "what it had comes again at once");
    }

    /** A client that listens to all that comes, until it is closed without a word. */
    private static final class Listening implements AutoCloseable {

        private final java.net.Socket socket;
        private final java.util.concurrent.atomic.AtomicReference<String> heard =
                new java.util.concurrent.atomic.AtomicReference<>("");
        private final Thread listener;

        Listening(java.net.Socket socket) {
            this.socket = socket;
            listener = Thread.ofPlatform().start(() -> {
                byte[] buffer = new byte[4096];
                try {
                    for (int read = 0; read >= 0; read = socket.getInputStream().read(buffer)) {
                        String more = new String(buffer, 0, read, StandardCharsets.UTF_8);
                        heard.updateAndGet(before -> before + more);
                    }
                } catch (IOException closed) {
                    // as it is to be
                }
            });
        }

        String heard() {
            return heard.get();
        }

        @Override
        public void close() throws IOException, InterruptedException {
            socket.close();
            listener.join();
        }
    }

    private Listening listen(String request) throws IOException {
        java.net.Socket socket = new java.net.Socket("127.0.0.1", server.port());
        socket.getOutputStream()
                .write((request + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        return new Listening(socket);
    }

    @Test
    void figures_are_json() throws Exception {
        ask("POST", "/topics/orders/messages", "one");
        ask("POST", "/topics/orders/messages", "two");
        ask("POST", MAIL + "/take?wait=20s");
        Map<String, @Nullable Object> orders = json(ask("GET", "/topics/orders"));
        assertEquals(2, StatusJson.number(orders, "next"));
        Map<String, @Nullable Object> group =
                StatusJson.objects(orders.get("groups")).getFirst();
        assertEquals("mail", group.get("group"));
        assertEquals(2, StatusJson.number(group, "lag"));
        assertEquals(1, StatusJson.number(group, "inFlight"));
        List<Map<String, @Nullable Object>> all =
                StatusJson.objects(json(ask("GET", "/topics")).get("topics"));
        assertEquals(
                List.of("orders"), all.stream().map(one -> one.get("topic")).toList());
        TopicStatus same = StatusJson.topic(all.getFirst());
        assertEquals(queue.status().getFirst(), same);
        problem(404, "not-found", ask("GET", "/topics/nothing"));
    }

    @Test
    void a_group_is_forgotten() throws Exception {
        ask("POST", "/topics/orders/messages", "one");
        assertEquals(200, ask("POST", MAIL + "/take?wait=20s").status());
        assertEquals(204, ask("DELETE", MAIL).status());
        problem(404, "not-found", ask("DELETE", MAIL));
        ClientResponse anew = ask("POST", MAIL + "/take?wait=20s");
        assertEquals("1", header(anew, "Message-Attempt"), "it begins anew");
    }

    @Test
    void what_is_asked_wrongly_is_told_with_what_to_do() throws Exception {
        assertEquals(
                "there is no parameter 'wiat', but these: dead-letter-topic, delay-first, delay-max, deliveries-max, max,"
                        + " member, settle-within, start, wait",
                problem(400, "invalid", ask("POST", MAIL + "/take?wiat=1s")).get("detail"));
        problem(400, "invalid", ask("POST", MAIL + "/take?wait=soon"));
        problem(400, "invalid", ask("POST", MAIL + "/take?max=0"));
        problem(400, "invalid", ask("POST", MAIL + "/take?member=a%20b"));
        problem(400, "invalid", ask("POST", MAIL + "/take?start=yesterday"));
        problem(400, "invalid", ask("POST", MAIL + "/deliveries/soup/acknowledge"));
        problem(400, "invalid", ask("POST", "/topics/a%20b/messages", "x"));
        problem(400, "invalid", ask("POST", "/topics/t/messages", "x", new Field("Message-Key", "50%")));
        problem(400, "invalid", ask("POST", "/topics/t/messages", "x", new Field("Message-Header", "nothing")));
        problem(413, "too-large", ask("POST", "/topics/t/messages", "x", new Field("Message-Id", "i".repeat(300))));
        problem(404, "no-such-place", ask("GET", "/"));
        assertEquals(405, ask("DELETE", "/topics").status());
        Map<String, @Nullable Object> second =
                problem(400, "invalid", ask("POST", "/topics/t/batch", "{\"text\":\"a\"}\n{\"txet\":\"b\"}\n"));
        assertTrue(String.valueOf(second.get("detail")).startsWith("line 2: a message has no txet"), second.toString());
        assertEquals(
                List.of(),
                queue.status().stream()
                        .filter(topic -> topic.nextSequence() > 0)
                        .toList(),
                "nothing was published");
    }

    @Test
    void without_a_token_no_page_and_no_other_name_and_with_one_whoever_shows_it() throws Exception {
        problem(403, "forbidden", ask("GET", "/topics", "", new Field("Origin", "http://evil.example")));
        problem(
                403,
                "forbidden",
                client.fetch(away, ClientRequest.get(url() + "/topics").withHost("evil.example"))
                        .await());
        assertEquals(
                200,
                client.fetch(away, ClientRequest.get(url() + "/topics").withHost("localhost:80"))
                        .await()
                        .status());
        serve(builder -> builder.token("sesame"));
        ClientResponse none = ask("GET", "/topics");
        assertEquals("Bearer", header(none, "WWW-Authenticate"));
        problem(401, "unauthorized", none);
        problem(401, "unauthorized", ask("GET", "/topics", "", new Field("Authorization", "Bearer sesamE")));
        assertEquals(
                200,
                ask("GET", "/topics", "", new Field("Authorization", "bearer sesame"))
                        .status());
        assertEquals(
                200,
                client.fetch(
                                away,
                                ClientRequest.get(url() + "/topics")
                                        .withHost("shop.example")
                                        .withHeader("Authorization", "Bearer sesame"))
                        .await()
                        .status());
    }

    @Test
    void limits_are_kept() throws Exception {
        serve(builder -> builder.limits(LIMITS.withWaiting(1, Duration.ofSeconds(50))
                .withBatchMessagesMax(2)
                .withOut(2, 1, 3)
                .withMembersMax(2)));
        problem(413, "batch-too-large", ask("POST", "/topics/t/batch", "{\"text\":\"a\"}\n".repeat(3)));
        Operation<ClientResponse> waiting =
                client.fetch(away, ClientRequest.of("POST", url() + MAIL + "/take?wait=50s"));
        eventually(
                "it waits",
                () -> queue.status().stream().anyMatch(topic -> !topic.groups().isEmpty()));
        ClientResponse second = ask("POST", MAIL + "/take?wait=1s");
        problem(429, "too-many-consumers", second);
        assertEquals("1", header(second, "Retry-After"));
        for (int i = 0; i < 5; i++) {
            ask("POST", "/topics/orders/messages", "message " + i);
        }
        assertEquals(200, waiting.await().status());
        long lines = text(ask("POST", MAIL + "/take?max=1000&wait=20s"))
                .lines()
                .filter(line -> !line.isBlank())
                .count();
        assertTrue(lines >= 1 && lines <= 2, lines + " of four, where two are the limit");
        if (lines == 1) { // the next one was not there as soon as it has to be to go along
            assertEquals(200, ask("POST", MAIL + "/take?max=1&wait=20s").status());
        }
        problem(409, "too-many", ask("POST", MAIL + "/take?wait=1s"));
        assertEquals(204, ask("DELETE", MAIL + "/members/anybody").status());
        assertEquals(204, ask("PUT", MAIL + "/members/a").status());
        assertEquals(204, ask("PUT", MAIL + "/members/b").status());
        problem(409, "too-many", ask("PUT", MAIL + "/members/c"));
    }

    @Test
    void it_can_be_mounted_below_a_path_of_another_router() throws Exception {
        stopServing();
        face = QueueHandler.builder(queue).path("/inner/queue").open();
        server = dev.pumasi.http.HttpServer.builder(dev.pumasi.http.Router.builder()
                        .any("/inner/queue/*", face)
                        .get("/", (dev.pumasi.http.Handler) _ -> dev.pumasi.http.Response.text("page"))
                        .build())
                .on(List.of(loops.loops().get(1)))
                .port(0)
                .start();
        String base = "http://127.0.0.1:" + server.port();
        assertEquals(
                "page", text(client.fetch(away, ClientRequest.get(base + "/")).await()));
        assertEquals(
                200,
                client.fetch(away, ClientRequest.get(base + "/inner/queue/topics"))
                        .await()
                        .status());
        try (dev.pumasi.queue.Queue remote = dev.pumasi.queue.Queue.open(away, base + "/inner/queue")) {
            assertEquals(
                    "0-0",
                    remote.topic("t").publisher().publish(Message.of("k", "x")).toString());
        }
    }

    @Test
    void who_waits_is_answered_when_it_stops() throws Exception {
        Operation<ClientResponse> raw =
                client.fetch(away, ClientRequest.of("POST", url() + MAIL + "/take?wait=50s&member=ann"));
        Operation<ClientResponse> lines =
                client.fetch(away, ClientRequest.of("POST", url() + MAIL + "/take?wait=50s&max=2&member=bo"));
        eventually(
                "both are there",
                () -> queue.status().stream()
                        .flatMap(topic -> topic.groups().stream())
                        .anyMatch(group -> group.members() == 2));
        face.close();
        problem(503, "closed", raw.await());
        assertEquals(200, lines.await().status());
        assertTrue(text(lines.await()).isBlank());
        problem(503, "closed", ask("POST", MAIL + "/take?wait=50s"));
    }

    @Test
    void deliveries_of_a_member_in_the_same_process_and_over_http_share_a_group() throws Exception {
        ask("POST", "/topics/orders/messages", "one", new Field("Message-Key", "k"));
        ask("POST", "/topics/orders/messages", "two", new Field("Message-Key", "k"));
        try (Consumer inside = queue.topic("orders").consumer("mail")) {
            Delivery first = inside.take();
            assertEquals(204, ask("POST", MAIL + "/take?wait=0s").status(), "the second waits behind the first");
            first.acknowledge();
            assertEquals("two", text(ask("POST", MAIL + "/take?wait=20s")));
        }
    }
}
