package dev.pumasi.web;

import java.io.IOException;

/** Clears away, also where the calling thread has been told to stop: what waits would then fail at once, and the thing stay. */
final class Cleared {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    private Cleared() {}

    /** A failure is logged, since there is nobody else to tell. */
    static void whatever(Step step) {
        boolean interrupted = Thread.interrupted();
        try {
            step.run();
        } catch (IOException left) {
            LOG.log(System.Logger.Level.WARNING, Printable.of(String.valueOf(left.getMessage())));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
