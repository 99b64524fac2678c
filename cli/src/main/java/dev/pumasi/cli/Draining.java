package dev.pumasi.cli;

import dev.pumasi.http.Server;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The end of a server that nobody is in a hurry for: it accepts no more, each connection has the chance of a last answer, and the
 * process ends when the last is gone. What the live page's button does.
 */
final class Draining {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final StopSignals signals;
    private @Nullable Server server;
    private boolean begun;

    Draining(StopSignals signals) {
        this.signals = signals;
    }

    /** What is to be drained; before that, there is nothing. */
    synchronized void of(Server serving) {
        server = serving;
    }

    /** Begins, and says so. A second time it only says so. */
    synchronized String begin() {
        Server serving = server;
        if (serving == null) {
            throw new IllegalStateException("it does not serve yet; there is nothing to drain");
        }
        int open = serving.status().open();
        if (!begun) {
            begun = true;
            Thread.ofPlatform().name("pumasi-drain").daemon().start(() -> {
                serving.retire(PATIENCE);
                signals.ask();
            });
        }
        return "accepts no more; " + (open == 1 ? "1 connection has" : open + " connections have") + " up to "
                + PATIENCE.toSeconds() + " s for a last answer, then the process ends";
    }
}
