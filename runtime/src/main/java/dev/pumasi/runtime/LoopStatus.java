package dev.pumasi.runtime;

/**
 * Figures of one loop. Those that count only grow.
 *
 * @param name the loop's name
 * @param driver its driver's name
 * @param turns how often it went round
 * @param completions what its driver reported
 * @param tasks what it ran from its queues, green threads' continuations included
 * @param greenThreads how many green threads were started on it
 * @param greenThreadsAlive how many of them have begun and not ended
 * @param hops how often a green thread was woken by a foreign thread
 * @param wakes how often a foreign thread had to wake it with a system call
 * @param stalls how often its watchdog found that it did not turn
 * @param failures what it ran and survived
 * @param interests operations in progress
 * @param timers timers that are running
 * @param foreignTasks tasks from other threads that wait
 * @param runnable tasks of its own, green threads' continuations included, that wait for their turn
 */
public record LoopStatus(
        String name,
        String driver,
        long turns,
        long completions,
        long tasks,
        long greenThreads,
        int greenThreadsAlive,
        long hops,
        long wakes,
        long stalls,
        long failures,
        int interests,
        int timers,
        int foreignTasks,
        int runnable) {}
