package dev.pumasi.queue;

import java.time.Duration;

/**
 * How a topic is kept. Settings are the program's: they are not stored, and the first who asks for the topic after the queue
 * was opened says how it is.
 *
 * @param retention how long messages are kept
 * @param sameIdWindow how long a message's id is remembered, counted in the time at which messages were stored; zero: not
 * @param sameIdsMax how many ids are remembered at most: the latest
 */
public record TopicSettings(Retention retention, Duration sameIdWindow, int sameIdsMax) {

    /** How many ids can be remembered: some 100 bytes of memory each. */
    public static final int SAME_IDS_MAX = 1 << 20;

    /** The default retention; ids for ten minutes, 65,536 of them. */
    public static final TopicSettings DEFAULT = new TopicSettings(Retention.DEFAULT, Duration.ofMinutes(10), 1 << 16);

    public TopicSettings {
        if (sameIdWindow.isNegative() || sameIdsMax < 0 || sameIdsMax > SAME_IDS_MAX) {
            throw new IllegalArgumentException("a window of " + sameIdWindow + ", " + sameIdsMax + " ids");
        }
    }

    public TopicSettings withRetention(Retention retention) {
        return new TopicSettings(retention, sameIdWindow, sameIdsMax);
    }

    public TopicSettings withSameIdWindow(Duration window) {
        return new TopicSettings(retention, window, sameIdsMax);
    }

    public TopicSettings withSameIdsMax(int count) {
        return new TopicSettings(retention, sameIdWindow, count);
    }
}
