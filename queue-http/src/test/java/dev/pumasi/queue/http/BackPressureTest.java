package dev.pumasi.queue.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Publisher;
import dev.pumasi.queue.Queue;
import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What reaches the front when the queue cannot keep up, on each driver: who publishes waits, or is told so; nothing vanishes. */
final class BackPressureTest extends OnEachDriver {

    private ChokedQueue choked;

    @BeforeEach
    void choke() {
        choked = new ChokedQueue(queue);
    }

    private void serveChoked(QueueLimits limits) throws IOException {
        Queue real = queue;
        queue = choked;
        try {
            serve(builder -> builder.limits(limits));
        } finally {
            queue = real;
        }
    }

    private long stored() {
        return queue.status().stream().mapToLong(topic -> topic.nextSequence()).sum();
    }

    private static void refused(int status, String kind, String retryAfter, ClientResponse answer) throws IOException {
        String body = answer.body().text();
        assertEquals(status, answer.status(), body);
        assertEquals("urn:pumasi:queue:" + kind, Json.object(body).get("type"));
        assertEquals(retryAfter, answer.header("Retry-After").orElse(""));
    }

    @Test
    void a_publication_waits_while_the_queue_is_full() throws Exception {
        serveChoked(QueueLimits.DEFAULTS.withPublishersWaiting(1, Duration.ofSeconds(50)));
        choked.with(QueueFailure.FULL);
        Operation<ClientResponse> waiting = client.fetch(
                away, ClientRequest.of("POST", url() + "/topics/t/messages").withBody("x".getBytes()));
        eventually("it was refused and tries again", () -> choked.refusals() >= 2);
        refused(429, "too-many-publishers", "1", ask("POST", "/topics/t/messages", "a second"));
        assertEquals(0, stored());
        choked.with(null);
        assertEquals(201, waiting.await().status());
        assertEquals(201, ask("POST", "/topics/t/messages", "a third").status());
        assertEquals(2, stored());
    }

    @Test
    void patience_ends_and_nothing_was_stored() throws Exception {
        serveChoked(QueueLimits.DEFAULTS.withPublishersWaiting(1, Duration.ofMillis(20)));
        choked.with(QueueFailure.FULL);
        refused(503, "full", "1", ask("POST", "/topics/t/messages", "x"));
        refused(503, "full", "1", ask("POST", "/topics/t/messages", "x"));
        assertEquals(0, stored());
    }

    @Test
    void a_full_disk_is_told_at_once_and_a_broken_one_for_good() throws Exception {
        serveChoked(QueueLimits.DEFAULTS);
        choked.with(QueueFailure.DISK_FULL);
        refused(503, "disk-full", "10", ask("POST", "/topics/t/messages", "x"));
        choked.with(QueueFailure.STOPPED);
        refused(500, "stopped", "", ask("POST", "/topics/t/messages", "x"));
        choked.with(QueueFailure.UNAVAILABLE);
        refused(503, "unavailable", "1", ask("POST", "/topics/t/messages", "x"));
        assertEquals(0, stored());
    }

    @Test
    void of_a_batch_the_beginning_is_stored_and_its_sender_learns_how_much() throws Exception {
        serveChoked(QueueLimits.DEFAULTS.withPublishersWaiting(1, Duration.ofMillis(20)));
        choked.after(2, QueueFailure.FULL);
        ClientResponse answer = ask("POST", "/topics/t/batch", "{\"text\":\"x\"}\n".repeat(5));
        String body = answer.body().text();
        assertEquals(503, answer.status(), body);
        Map<String, @Nullable Object> problem = Json.object(body);
        assertEquals(List.of("0-0", "0-1"), problem.get("published"));
        assertEquals(2, stored());
    }

    @Test
    void a_batch_goes_on_where_it_was_stopped() throws Exception {
        serveChoked(QueueLimits.DEFAULTS.withPublishersWaiting(1, Duration.ofSeconds(50)));
        choked.after(2, QueueFailure.FULL);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            lines.add("{\"key\":\"k\",\"text\":\"" + i + "\"}");
        }
        Operation<ClientResponse> batch = client.fetch(
                away,
                ClientRequest.of("POST", url() + "/topics/t/batch")
                        .withBody(String.join("\n", lines).getBytes()));
        eventually("it was refused and tries again", () -> choked.refusals() >= 2);
        choked.with(null);
        assertEquals(5, batch.await().body().text().lines().count());
        assertEquals(5, stored());
        var consumer = queue.topic("t").consumer("g");
        for (int i = 0; i < 5; i++) {
            var delivery = consumer.take();
            assertEquals("" + i, delivery.message().text());
            delivery.acknowledge();
        }
    }

    @Test
    void a_publisher_in_another_process_waits_too_and_an_operation_is_refused() throws Exception {
        serveChoked(QueueLimits.DEFAULTS.withPublishersWaiting(1, Duration.ofMillis(20)));
        try (Queue remote = remote()) {
            Publisher publisher = remote.topic("t").publisher();
            choked.with(QueueFailure.FULL);
            assertEquals(
                    QueueFailure.FULL,
                    assertThrows(
                                    QueueException.class,
                                    () -> QueueException.await(publisher.startPublish(Message.of("k", "x"))))
                            .failure());
            CompletableFuture<Position> waiting = new CompletableFuture<>();
            away.spawn(() -> waiting.complete(publisher.publish(Message.of("k", "y"))));
            long before = choked.refusals();
            eventually("it tries again", () -> choked.refusals() > before + 3);
            assertTrue(!waiting.isDone());
            choked.with(null);
            assertEquals(Position.of(0), waiting.get(60, TimeUnit.SECONDS));
            choked.with(QueueFailure.DISK_FULL);
            assertEquals(
                    QueueFailure.DISK_FULL,
                    assertThrows(QueueException.class, () -> publisher.publish(Message.of("k", "z")))
                            .failure());
        }
    }
}
