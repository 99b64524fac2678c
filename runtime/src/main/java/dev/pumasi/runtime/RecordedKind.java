package dev.pumasi.runtime;

/** What a {@link Recording} notes. What the number of an event means is said with each. */
public enum RecordedKind {
    /** A turn begins: the driver has come back. Number: how many completions it brought. */
    TURN_BEGUN,
    /** A turn has ended: the loop enters the driver. Number: 1 if it may wait there, 0 if something is runnable already. */
    TURN_ENDED,
    /** A green thread runs for the first time. Number: the thread's id, as in all of these. */
    GREEN_BEGUN,
    /** It parks. Label: what it waits for. */
    GREEN_PARKED,
    /** It runs again. */
    GREEN_WOKEN,
    /** It has ended. */
    GREEN_ENDED,
    /** Something begins that may last over several turns: a request. Label: its {@link SpanKind}; number: which of them. */
    SPAN_BEGUN,
    /** It has ended. */
    SPAN_ENDED,
    /** Work is handed to an {@link Offload} pool. Number: which piece, as in all of these. */
    OFFLOAD_HANDED_OVER,
    /** One of the pool's threads takes it. Label: the thread. Noted, as the next one, when the loop hears of the end. */
    OFFLOAD_BEGUN,
    /** The thread is done with it. Label: the thread. */
    OFFLOAD_DONE,
    /** Its outcome is back on the loop. */
    OFFLOAD_RETURNED;

    private static final RecordedKind[] ALL = values();

    static RecordedKind at(int ordinal) {
        return ALL[ordinal];
    }
}
