package dev.pumasi.testkit;

import java.util.List;

/**
 * Somebody whom a {@link Simulation} drives: a loop, or a client written by hand. Everything happens on the simulation's
 * one thread. Times are virtual nanoseconds since its beginning, as {@link SimClock#elapsedNanos} tells them.
 */
public interface Participant {

    /** For {@link #wakeNanos}: no time will change anything. */
    long NEVER = EventQueue.NEVER;

    /** As it is called in the trace; unlike the others' names. */
    String name();

    /** Does what can be done now, and returns. An exception ends the simulation as a failure. */
    void step();

    /** Whether a step may do something now, without regard to {@link #wakeNanos}. */
    boolean isRunnable();

    /** When a step may do something even if nothing happens until then. */
    long wakeNanos();

    /** What it waits for, in words, for the message of a test that waits in vain. */
    List<String> waitingFor();
}
