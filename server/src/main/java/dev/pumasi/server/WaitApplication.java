package dev.pumasi.server;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import java.time.Duration;

/**
 * {@code wait}: answers after so many milliseconds, as a handler does that asks somebody else. How many of them wait at the
 * same time is what the models differ in.
 *
 * <p>It waits by a timer of the loop: a green thread parks, a thread of a pool or of a connection blocks. On a loop's own
 * thread (event-loop) nothing can be waited for without stopping that loop, so there it does stop it.
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
    public Endpoint open(Settings settings) {
        Duration wait = Duration.ofMillis(settings.number("millis", MILLIS_DEFAULT, 0, MILLIS_MAX));
        Response answer = Response.text("waited " + wait.toMillis() + " ms\n");
        return (Handler) request -> {
            await(request, wait);
            return answer;
        };
    }

    private static void await(Request request, Duration wait) throws Exception {
        Loop loop = request.loop();
        if (loop.isCurrent() && !Thread.currentThread().isVirtual()) {
            Thread.sleep(wait);
        } else {
            loop.sleep(wait).await();
        }
    }
}
