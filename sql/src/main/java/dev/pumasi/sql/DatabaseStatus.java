package dev.pumasi.sql;

/**
 * Figures of a {@link Database}, as of about now. Those that count only grow.
 *
 * @param connections how many are open
 * @param inUse how many of them are in somebody's hands
 * @param waiting how many wait to be let in
 * @param admitted how many were let in
 * @param refusedAtOnce how many were turned away because too many waited
 * @param refusedLate how many waited in vain
 */
public record DatabaseStatus(
        int connections, int inUse, int waiting, long admitted, long refusedAtOnce, long refusedLate) {}
