package dev.pumasi.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Whose mistake it is that a handler failed. Handlers wrap exceptions, and so do other threads: the causes are looked through. */
final class Blame {

    /** How deep a client's mistake may be wrapped to be known as such. */
    private static final int CAUSES_MAX = 8;

    private Blame() {}

    /** Whether the handler failed because the connection did, or was broken off; anything else is its own mistake. */
    static boolean isOfConnection(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
            if (cause instanceof IOException || cause instanceof InterruptedException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /** What the client has done, if that is at the bottom of it. */
    static @Nullable Violation violationIn(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
            if (cause instanceof ViolationException broken) {
                return broken.violation();
            }
            cause = cause.getCause();
        }
        return null;
    }
}
