package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Message;
import dev.pumasi.queue.Position;
import dev.pumasi.runtime.Timer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A message that was fetched and not settled. It is its own timer, for either the end of the time to settle it or the end of the
 * wait after a rejection: never both.
 *
 * <pre>
 *   HELD ──► READY ──► GIVEN ──► OUT ──► DONE
 *   (key)      ▲         │        │
 *              └─────────┴── WAITING     (rejected, overdue)
 *                                 └────► DYING ──► DONE
 *   any of them ──► GONE                 (another member has the partition)
 * </pre>
 */
final class Entry extends Timer {

    enum State {
        /** Behind another one of its key. */
        HELD,
        /** Can be given to whoever asks next. */
        READY,
        /** On its way to somebody: its delivery is being written down. */
        GIVEN,
        /** In a consumer's hands. */
        OUT,
        /** Rejected, and waits for its time. */
        WAITING,
        /** On its way to the dead letters. */
        DYING,
        DONE,
        GONE
    }

    /** There is no record of it in the ledger. */
    static final long NO_RECORD = -1;

    private final Consumer<Entry> due;
    final Share share;
    final long offset;

    /** Its place among all that was fetched here. */
    final long order;

    final long bytes;
    final long storedMillis;
    final String key;

    State state = State.READY;

    @Nullable
    Message message;

    /** How often it was given to a consumer. */
    int attempt;

    /** Whether the next attempt is counted and written down already. */
    boolean marked;

    /** Where the last record of it in the ledger is. */
    long ledgerAt = NO_RECORD;

    /** Who is to get it. */
    @Nullable
    Take take;

    /** Who has it. */
    @Nullable
    Member owner;

    /** The next of the same key. */
    @Nullable
    Entry behind;

    /** Why it was rejected the last time. */
    String reason = "";

    Entry(Consumer<Entry> due, Share share, Arrival arrival, long order) {
        this.due = due;
        this.share = share;
        this.order = order;
        offset = arrival.offset();
        bytes = arrival.bytes();
        storedMillis = arrival.storedMillis();
        message = arrival.message();
        key = arrival.message().key();
    }

    Position position() {
        return new Position(share.partition, offset);
    }

    @Override
    protected void expired() {
        due.accept(this);
    }
}
