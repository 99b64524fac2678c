package dev.pumasi.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM and SIGINT as a request to stop, where the JVM's own answer to them would be exit status 143 or 130.
 *
 * <p>The first signal asks; {@link #await} then returns. The second one comes from somebody who has lost patience, and
 * ends the JVM at once.
 *
 * <p>The compiler warns of {@code sun.misc.Signal} and cannot be told not to. It has no successor, and the module it lies in, {@code
 * jdk.unsupported}, exists to keep it.
 */
final class StopSignals {

    /** What a shell reports for a program that SIGINT ended. */
    private static final int EXIT_IMPATIENT = 130;

    private final CountDownLatch asked = new CountDownLatch(1);
    private final AtomicInteger count = new AtomicInteger();

    private StopSignals() {}

    /** Takes both signals over, for the rest of the JVM's life. */
    static StopSignals take() {
        StopSignals signals = new StopSignals();
        for (String name : new String[] {"TERM", "INT"}) {
            sun.misc.Signal.handle(new sun.misc.Signal(name), _ -> signals.hear());
        }
        return signals;
    }

    /** Sends this process the signal an operator would send. */
    static void raise() {
        sun.misc.Signal.raise(new sun.misc.Signal("TERM"));
    }

    /** Blocks until the first signal. */
    void await() throws InterruptedException {
        asked.await();
    }

    private void hear() {
        if (count.getAndIncrement() > 0) {
            Runtime.getRuntime().halt(EXIT_IMPATIENT);
        }
        asked.countDown();
    }
}
