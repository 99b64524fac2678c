package dev.pumasi.admin;

/** Whether a process should be sent requests: what {@code /ready} answers. */
public enum Readiness {
    /** It has not begun to serve. */
    WARMING,
    READY,
    /** It answers what was asked before, and takes nothing new. */
    DRAINING
}
