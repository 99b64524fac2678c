package dev.pumasi.runtime.driver;

/** Whom a child process belongs with ({@code setpgid(2)}, {@code setsid(2)}). */
public enum ProcessGroup {
    /** This process's own group: Ctrl-C in its terminal reaches both. */
    SHARED,
    /** A group of its own, whose signals reach all its descendants that stay in it. */
    OWN,
    /** A session of its own, and thereby a group, without a terminal. */
    SESSION
}
