package dev.pumasi.runtime;

import java.io.IOException;

/**
 * A failure with which an operation ends, and which keeps its type when it is thrown where the outcome is asked for. An {@link IOException}
 * that is none of these arrives as the cause of a plain one.
 */
public interface Rethrown {

    /** The same failure with the calling thread's stack, and with this one as its cause. */
    IOException here();
}
