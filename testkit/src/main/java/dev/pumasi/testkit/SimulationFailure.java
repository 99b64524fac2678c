package dev.pumasi.testkit;

import org.jspecify.annotations.Nullable;

/** A simulated run that went wrong; the message says what, who waited for what, and the seed to see it again. */
public final class SimulationFailure extends AssertionError {

    private static final long serialVersionUID = 1L;

    SimulationFailure(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
