package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Response;
import java.time.Duration;
import java.util.List;

/**
 * {@code wait}: answers after so many milliseconds, as a handler does that asks somebody else. How many of them wait at the
 * same time is what the models differ in.
 *
 * <p>It waits by a timer of {@link dev.pumasi.http.Request#loop}: a green thread parks; a thread of a pool or of a connection blocks; and
 * where handlers run on the loop itself, that loop stops.
 */
public final class WaitApplication implements Application {

    private static final int MILLIS_DEFAULT = 10;
    private static final int MILLIS_MAX = 60_000;

    /** Called by those who look for applications. */
    public WaitApplication() {}

    @Override
    public String name() {
        return "wait";
    }

    @Override
    public String description() {
        return "answers after as many milliseconds as its setting millis says";
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting("millis", "how long it waits, up to " + MILLIS_MAX + " (default: " + MILLIS_DEFAULT + ")"));
    }

    @Override
    public Endpoint open(Settings settings) {
        Duration wait = Duration.ofMillis(settings.number("millis", MILLIS_DEFAULT, 0, MILLIS_MAX));
        Response answer = Response.text("waited " + wait.toMillis() + " ms\n");
        return (Handler) request -> {
            request.loop().sleep(wait).await();
            return answer;
        };
    }
}
