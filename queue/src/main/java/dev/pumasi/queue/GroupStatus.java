package dev.pumasi.queue;

/**
 * Figures of a group.
 *
 * @param settledBefore every message before this sequence is settled
 * @param waiting how many have not been delivered yet, or are to be again: about
 * @param inFlight how many are in the hands of consumers
 * @param delivered deliveries since the queue was opened
 * @param acknowledged since then
 * @param rejected since then, by consumers and because their time was over
 * @param overdue of those, because their time was over
 * @param dead how many went to the dead letters, since then
 * @param lost how many were deleted or damaged before this group had settled them, since then
 * @param members consumers that are open
 */
public record GroupStatus(
        String name,
        long settledBefore,
        long waiting,
        int inFlight,
        long delivered,
        long acknowledged,
        long rejected,
        long overdue,
        long dead,
        long lost,
        int members) {}
