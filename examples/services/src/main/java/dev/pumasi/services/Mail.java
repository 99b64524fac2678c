package dev.pumasi.services;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.queue.Queue;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.sync.Semaphore;
import java.io.IOException;
import java.time.Duration;

/** Writes letters: a few at a time, each of which takes its time. How much, it can be told. */
final class Mail implements Service.Role {

    static final String NOTEBOOK = "letters";

    /** How long a letter takes when all is well. */
    static final Duration LETTER = Duration.ofMillis(5);

    private static final int AT_ONCE = 4;

    private Duration letter = LETTER;

    @Override
    public Router open(Service.Place place) throws IOException {
        Notebook letters = Notebook.open(place.loop(), place.folder().resolve(NOTEBOOK));
        Router.Builder router = Router.builder().post("/slow/{millis}", (Handler) request -> {
            letter = Duration.ofMillis(Long.parseLong(request.pathParameter("millis")));
            return Response.of(204);
        });
        switch (place.way()) {
            case CALLS -> {
                Semaphore hands = new Semaphore("hands that write", AT_ONCE);
                router.post("/letters/{id}", (Handler) request -> {
                    String id = request.pathParameter("id");
                    hands.acquire();
                    try {
                        write(letters, id);
                    } finally {
                        hands.release();
                    }
                    return Response.of(204);
                });
            }
            case QUEUE ->
                Queue.open(place.loop(), place.other())
                        .topic(Stock.TOPIC)
                        .consumer("mail", Service.GROUP)
                        .handle(
                                place.loop(),
                                AT_ONCE,
                                parcel -> write(letters, parcel.message().key()));
        }
        return router.build();
    }

    private void write(Notebook letters, String id) throws IOException {
        if (!letters.has(id)) {
            Timer.sleep(letter);
            letters.note(id);
        }
    }
}
