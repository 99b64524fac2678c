package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Driver;

/**
 * Something the driver works on for this loop: the entry in the list of what the kernel looks after. Its token is its
 * slot there and the slot's generation.
 */
abstract class Pending {

    /** While in progress; 0 when not. */
    long token;

    /**
     * Called by the loop for each completion, on its thread.
     *
     * @param flags those of the completion; without {@code MORE} it was the last one and the slot is free again
     */
    abstract void completed(int result, int flags);

    /** The loop stops: asks the driver to end it. Called in each turn until it has ended; operations are cancelled instead. */
    void stop(Driver driver) {
        driver.cancel(token);
    }

    /** The loop is over, and nobody completes this any more. On what was its thread, once. */
    void abandoned() {}

    /** What it is, for people: {@code receive on 127.0.0.1:8080 ← 127.0.0.1:51000}. */
    abstract String describe();

    final boolean isInProgress() {
        return token != 0;
    }
}
