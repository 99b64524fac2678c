package dev.pumasi.cli;

import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.UnixSignal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM and SIGINT as a request to stop, where the JVM's own answer to them would be exit status 143 or 130.
 *
 * <p>The first signal asks; {@link #await} then returns. The second one comes from somebody who has lost patience, and
 * ends the JVM at once. It must be heard while the loops stop, so neither is listened to on a loop.
 */
final class StopSignals implements AutoCloseable {

    /** What a shell reports for a program that SIGINT ended. */
    private static final int EXIT_IMPATIENT = 130;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.cli");

    private final CountDownLatch asked = new CountDownLatch(1);
    private final AtomicInteger count = new AtomicInteger();
    private final List<SignalListener> listeners = new ArrayList<>();

    private StopSignals() {}

    /** Takes both signals over until it is closed. One that this process cannot hear stays what it is. */
    static StopSignals take() {
        StopSignals signals = new StopSignals();
        for (UnixSignal signal : List.of(UnixSignal.TERM, UnixSignal.INT)) {
            try {
                signals.listeners.add(SignalListener.openOn(Runnable::run, signal, signals::hear));
            } catch (SignalRefusedException refused) {
                // A shell starts what runs in its background with SIGINT ignored: nothing to tell anybody.
                LOG.log(System.Logger.Level.DEBUG, refused.getMessage());
            }
        }
        return signals;
    }

    /** Sends this process the signal an operator would send. */
    static void raise() {
        sun.misc.Signal.raise(new sun.misc.Signal("TERM"));
    }

    /** As if the first signal had come. Any thread. */
    void ask() {
        asked.countDown();
    }

    /** Blocks until the first signal. */
    void await() throws InterruptedException {
        asked.await();
    }

    /** Gives the signals back. */
    @Override
    public void close() {
        listeners.forEach(SignalListener::close);
    }

    private void hear(int arrived) {
        if (count.getAndAdd(arrived) + arrived > 1) {
            Runtime.getRuntime().halt(EXIT_IMPATIENT);
        }
        asked.countDown();
    }
}
