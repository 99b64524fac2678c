package dev.pumasi.queue.kafka;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/**
 * A partition while it is this member's: what is settled without gaps ({@code floor}), and what was fetched since. Belongs to the queue's
 * loop.
 *
 * <p>With each commit goes the place in the ledger from which on there is anything to know ({@link #ledgerFrom}), so the next member need
 * not read all of it.
 */
final class Share {

    /** How a commit says where the ledger is to be read from. */
    static final String METADATA = "ledger=";

    /** What the ledger said when the partition was assigned. */
    record Known(LedgerRecord record, long at) {}

    private static final long LOOK_AGAIN_NANOS = 1_000_000_000;

    final int partition;

    /** All before it is settled. */
    long floor;

    /** All before it was fetched. */
    long next;

    /** From the floor on. */
    final Deque<Entry> window = new ArrayDeque<>();

    /** Of messages that were not fetched yet. */
    final Map<Long, Known> remembered;

    /** Settled, and below the floor: the ledger need know nothing of them when that floor is committed. */
    private final List<Long> tombs = new ArrayList<>();

    /** All before it in the ledger is known here. */
    long ledgerNext;

    private long ledgerFrom;
    private long ledgerLookedNanos;

    /** It is being taken away: nothing is given out any more. */
    boolean leaving;

    boolean gone;

    Share(int partition, long floor, Map<Long, Known> remembered, long ledgerFrom, long ledgerNext) {
        this.partition = partition;
        this.floor = floor;
        this.remembered = remembered;
        this.ledgerFrom = ledgerFrom;
        this.ledgerNext = ledgerNext;
        next = floor;
    }

    /** Whether something was settled up to which all is. */
    boolean raiseFloor() {
        boolean raised = false;
        while (!window.isEmpty() && window.getFirst().state == Entry.State.DONE) {
            Entry first = window.removeFirst();
            if (first.attempt > 0) {
                tombs.add(first.offset);
            }
            raised = true;
        }
        floor = window.isEmpty() ? next : window.getFirst().offset;
        return raised;
    }

    /** What to commit. */
    OffsetAndMetadata commit(long nowNanos, boolean thorough) {
        if (thorough || nowNanos - ledgerLookedNanos > LOOK_AGAIN_NANOS) {
            ledgerLookedNanos = nowNanos;
            long from = ledgerNext;
            for (Entry entry : window) {
                from = entry.ledgerAt == Entry.NO_RECORD ? from : Math.min(from, entry.ledgerAt);
            }
            for (Known known : remembered.values()) {
                from = Math.min(from, known.at);
            }
            ledgerFrom = Math.max(ledgerFrom, from);
        }
        return new OffsetAndMetadata(floor, METADATA + ledgerFrom);
    }

    /** Where the ledger is to be read from, as a commit said. */
    static long ledgerFrom(String metadata) {
        try {
            return metadata.startsWith(METADATA) ? Long.parseLong(metadata.substring(METADATA.length())) : 0;
        } catch (NumberFormatException notOurs) {
            return 0;
        }
    }

    /** The settled ones below a floor that was committed; each is told once. */
    List<Long> tombsBelow(long committed) {
        List<Long> below = new ArrayList<>();
        tombs.removeIf(offset -> offset < committed && below.add(offset));
        return below;
    }
}
