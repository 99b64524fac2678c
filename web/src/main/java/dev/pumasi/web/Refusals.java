package dev.pumasi.web;

/** Statuses that no answer has, and that mean something within. */
final class Refusals {

    /** The page about an error keeps its own status. */
    static final int OWN = -1;

    /** {@code return 444}: the connection ends. */
    static final int CLOSED = 444;

    private Refusals() {}
}
