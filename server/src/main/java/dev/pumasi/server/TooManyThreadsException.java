package dev.pumasi.server;

import java.io.IOException;

/** The system does not give a model as many threads as it was told to have. */
public final class TooManyThreadsException extends IOException {

    private static final long serialVersionUID = 1L;

    TooManyThreadsException(int wanted, int had, OutOfMemoryError refusal) {
        super(
                wanted + " threads cannot be had; the system refused "
                        + (had > 0 ? "after " + had : "before they were all started") + " (" + refusal.getMessage()
                        + "). Use fewer, give them smaller stacks (-Xss), or raise the limits of this user or container",
                refusal);
    }
}
