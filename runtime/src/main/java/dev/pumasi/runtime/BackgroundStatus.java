package dev.pumasi.runtime;

/**
 * Figures of a {@link Background}. Those that count only grow.
 *
 * @param running tasks that run, or are about to
 * @param runningMax how many may
 * @param started tasks that were taken
 * @param succeeded those that yielded something
 * @param failed those that threw something
 * @param cancelled those that ended because they were asked to
 * @param refused tasks that were not taken
 */
public record BackgroundStatus(
        int running, int runningMax, long started, long succeeded, long failed, long cancelled, long refused) {}
