package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.http.HttpServer;
import dev.pumasi.queue.http.QueueHandler;
import dev.pumasi.queue.http.QueueLimits;
import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every engine must hold, held over HTTP: an owner with the embedded queue on one loop, the engine that is tested on the other. Each
 * time the queue is opened the owner is a new one, so that a restart is one of both.
 */
final class HttpQueueTest extends QueueContract {

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    /** Who has gone is noticed soon. */
    private static final QueueLimits LIMITS = QueueLimits.DEFAULTS.withBeat(Duration.ofMillis(20));

    private @Nullable Queue owned;
    private @Nullable QueueHandler face;
    private @Nullable HttpServer server;

    @Override
    String url(String... options) {
        try {
            stop();
            List<String> all = new ArrayList<>(Arrays.asList(options));
            all.add("segment=4m"); // which is filled with zeros each time
            Queue queue = Queue.open(other, super.url(all.toArray(String[]::new)));
            owned = queue;
            QueueHandler handler = QueueHandler.builder(queue).limits(LIMITS).open();
            face = handler;
            HttpServer started =
                    HttpServer.builder(handler).on(List.of(other)).port(0).start();
            server = started;
            return "http://127.0.0.1:" + started.port();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @AfterEach
    void stop() throws IOException {
        if (face != null) {
            face.close();
            face = null;
        }
        if (server != null) {
            server.stop(STOP_PATIENCE);
            server = null;
        }
        if (owned != null) {
            owned.close();
            owned = null;
        }
    }

    /** What a process publishes waits in that process: who does not wait himself is not refused for the owner's want of room. */
    @Test
    @Override
    void with_too_much_on_its_way_who_waits_waits_and_who_does_not_is_refused() throws Exception {
        int count = 100;
        try (Queue queue = open("pending=64k", "message=8k")) {
            Topic topic = queue.topic("t");
            byte[] body = new byte[8000];
            List<Operation<Position>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(topic.publisher().startPublish(Message.of(body)));
            }
            for (int i = 0; i < count; i++) {
                assertEquals(Position.of(i), all.get(i).await());
            }
            assertEquals(count, topic.status().nextSequence());
        }
    }
}
