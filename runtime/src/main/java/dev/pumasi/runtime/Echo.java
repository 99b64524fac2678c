package dev.pumasi.runtime;

/**
 * Hears each event of one loop's {@link LoopRecording} as it is noted, on the loop's thread or on the green thread that the loop runs: never
 * two at a time, so it needs no lock.
 */
interface Echo {

    /**
     * @param nanos when, in the loop's time: now, or a moment ago, or, of what another thread did, earlier
     * @param label of {@link Labels}
     */
    void noted(long nanos, RecordedKind kind, int label, long number);

    /** The recording is over. On the loop's thread. */
    void ended();
}
