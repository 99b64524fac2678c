package dev.pumasi.runtime;

/**
 * Figures of an {@link Offload}, as of about now. {@code done} and {@code rejected} only grow.
 *
 * @param threads how many threads it has
 * @param waiting what waits for one
 * @param done what they have run, well or not
 * @param rejected what was turned away because too much waited
 * @param abandoned how many threads are still occupied by work that was given up
 */
public record OffloadStatus(int threads, int waiting, long done, long rejected, int abandoned) {}
