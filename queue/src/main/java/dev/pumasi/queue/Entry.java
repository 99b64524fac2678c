package dev.pumasi.queue;

import dev.pumasi.runtime.Timer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A message that a group has come to and not settled: where it lies, not what it says. It is its own timer, for either the end
 * of the time to settle it or the end of the wait after a rejection: never both.
 *
 * <pre>
 *   HELD ──► READY ──► GIVEN ──► OUT ──► DONE
 *   (key)      ▲         │        │
 *              └─────────┴── WAITING     (rejected, overdue)
 *                                 └────► DYING ──► DONE
 * </pre>
 */
final class Entry extends Timer {

    enum State {
        /** Behind another one of its key. */
        HELD,
        /** Can be given to whoever asks next. */
        READY,
        /** On its way to somebody: it is being read, and its delivery written down. */
        GIVEN,
        /** In a consumer's hands. */
        OUT,
        /** Rejected, and waits for its time. */
        WAITING,
        /** On its way to the dead letters. */
        DYING,
        DONE
    }

    /** In the place of everything that is settled. */
    static final Entry SETTLED = new Entry(_ -> {}, -1, 0, 0, 0, 0, 0);

    private final Consumer<Entry> due;
    final long sequence;
    final long segment;
    final long position;
    final int length;
    final long keyHash;
    final long storedMillis;

    State state = State.READY;

    /** How often it was given to a consumer. */
    int attempt;

    /** Whether the next attempt is counted and written down already. */
    boolean marked;

    @Nullable
    Message message;

    /** Who is to get it. */
    @Nullable
    Take take;

    /** Who has it. */
    @Nullable
    LogConsumer owner;

    /** The next of the same key. */
    @Nullable
    Entry behind;

    /** Why it was rejected the last time. */
    String reason = "";

    Entry(
            Consumer<Entry> due,
            long sequence,
            long segment,
            long position,
            int length,
            long keyHash,
            long storedMillis) {
        this.due = due;
        this.sequence = sequence;
        this.segment = segment;
        this.position = position;
        this.length = length;
        this.keyHash = keyHash;
        this.storedMillis = storedMillis;
    }

    @Override
    protected void expired() {
        due.accept(this);
    }
}
