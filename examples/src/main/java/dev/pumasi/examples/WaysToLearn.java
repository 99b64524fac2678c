package dev.pumasi.examples;

import dev.pumasi.runtime.CompletionQueue;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * What it costs to learn that a non-blocking receive is done (S08): by a check function that is asked again and again, or now and then; by a
 * notification; by a callback that was passed in. One thread, {@code main}, turns a loop by hand; a turn is one call of the kernel.
 */
final class WaysToLearn {

    private static final int MESSAGES = 4;
    private static final long NAP_NANOS = 4_000_000;

    /**
     * What one way cost.
     *
     * @param kernelCalls turns of the loop
     * @param asked how often "is it done?" was asked in vain
     * @param lateMillis from when a peer spoke until it was known, in the mean
     */
    record Cost(String way, long kernelCalls, long asked, double cpuMillis, double idleMillis, double lateMillis) {}

    private final Loop loop;
    private final StreamSocket socket;
    private final Buffer into = Buffer.allocate(1);
    private long asked;

    private WaysToLearn(Loop loop, StreamSocket socket) {
        this.loop = loop;
        this.socket = socket;
    }

    @FunctionalInterface
    private interface Way {
        void learn(WaysToLearn by) throws IOException;
    }

    static List<Cost> all(String driver, int gapMillis) throws Exception {
        List<Cost> costs = new ArrayList<>();
        costs.add(measured(driver, gapMillis, "check function, again and again", WaysToLearn::askAgainAndAgain));
        costs.add(measured(driver, gapMillis, "check function, every 4 ms", WaysToLearn::askNowAndThen));
        costs.add(measured(driver, gapMillis, "notification", WaysToLearn::beNotified));
        costs.add(measured(driver, gapMillis, "callback passed in", WaysToLearn::beCalledBack));
        return costs;
    }

    private static Cost measured(String driver, int gapMillis, String name, Way way) throws Exception {
        Loop loop = Loop.open("loop", Drivers.choose(driver).factory());
        try (SlowPeers peers = new SlowPeers(loop, gapMillis)) {
            int speaker = SlowPeers.COUNT - 1; // the one who speaks first
            WaysToLearn by = new WaysToLearn(loop, peers.accepted().get(speaker));
            long callsBefore = loop.status().turns();
            long cpuBefore = cpuNanos();
            long beganNanos = System.nanoTime();
            long lateNanos = 0;
            for (int message = 0; message < MESSAGES; message++) {
                peers.nextRound();
                way.learn(by);
                lateNanos += System.nanoTime() - peers.spokeNanos(speaker);
            }
            long tookNanos = System.nanoTime() - beganNanos;
            long cpuNanos = cpuNanos() - cpuBefore;
            return new Cost(
                    name,
                    loop.status().turns() - callsBefore,
                    by.asked,
                    cpuNanos / 1e6,
                    Math.max(0, tookNanos - cpuNanos) / 1e6,
                    lateNanos / 1e6 / MESSAGES);
        } finally {
            loop.close();
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private Operation<Integer> receive() {
        return socket.receive(into, 0, 1);
    }

    private void askAgainAndAgain() {
        Operation<Integer> receive = receive();
        while (receive.poll().isEmpty()) {
            asked++;
            loop.turn(0);
        }
    }

    /** Sleeps in between, whatever comes meanwhile. */
    private void askNowAndThen() {
        Operation<Integer> receive = receive();
        loop.turn(0); // it is on its way
        while (receive.poll().isEmpty()) {
            asked++;
            java.util.concurrent.locks.LockSupport.parkNanos(NAP_NANOS);
            loop.turn(0);
        }
    }

    private void beNotified() throws IOException {
        CompletionQueue done = new CompletionQueue();
        receive().notify(done);
        while (done.next().isEmpty()) {
            loop.turn(Driver.FOREVER);
        }
    }

    private void beCalledBack() {
        boolean[] done = new boolean[1];
        receive().onDone(outcome -> done[0] = true);
        while (!done[0]) {
            loop.turn(Driver.FOREVER);
        }
    }
}
