package dev.pumasi.queue;

import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SimDisk;
import dev.pumasi.testkit.SimFaults;

/**
 * A workload on a simulated disk, and a crash after every single change of that disk: each time the next life must find the
 * contract kept, and keep it. Of those next lives, each first one is itself crashed, at one of its changes.
 */
final class CrashEverywhere {

    private CrashEverywhere() {}

    /** Runs the workload of that seed; answers how many crashes it survived. */
    static int run(Seed seed) {
        int[] crashes = {0};
        SimFaults faults = seed.split("faults").dice().chance(0.5) ? SimFaults.calm() : SimFaults.rough();
        int publishers = 1 + seed.split("publishers").dice().below(3);
        int messages = 3 + seed.split("messages").dice().below(6);
        Life first = new Life(seed, faults, new SimDisk(), new History(), publishers, messages);
        first.live((history, change) -> {
            crashes[0]++;
            again(first.disk(), seed.split("crash").split(change), history, crashes, 2);
        });
        return crashes[0];
    }

    /**
     * A process that ends in the middle, on a disk whose syncs may fail; another one on what it left, as the page cache shows it; and a
     * crash of the machine after each change that that one makes. Answers how many crashes it survived.
     */
    static int runOnWhatAProcessLeft(Seed seed, boolean syncsFail) {
        int[] crashes = {0};
        SimFaults faults = SimFaults.calm().withDiskErrors(0, 0, syncsFail ? 0.05 : 0);
        History history = new History();
        Life cut = new Life(seed.split("cut"), faults, new SimDisk(), history, 2, 8)
                .endingAfter(20 + seed.split("end").dice().below(100))
                .onABadDisk();
        cut.live((_, _) -> {});
        Life second = new Life(seed, SimFaults.calm(), cut.disk(), history.afterCrash(), 1, 3);
        second.live((more, change) -> {
            crashes[0]++;
            again(second.disk(), seed.split("crash").split(change), more, crashes, 0);
        });
        return crashes[0];
    }

    /** Enough messages that the ledger is written anew, more than once; a crash after every so many changes. */
    static int runLong(Seed seed, int every) {
        int[] crashes = {0};
        Life first = new Life(seed, SimFaults.calm(), new SimDisk(), new History(), 4, 150);
        first.live((history, change) -> {
            if (change % every == 0) {
                crashes[0]++;
                again(first.disk(), seed.split("crash").split(change), history, crashes, 0);
            }
        });
        return crashes[0];
    }

    private static void again(SimDisk disk, Seed seed, History history, int[] crashes, int depth) {
        boolean publishes = seed.split("publishes").dice().chance(0.2);
        Life next = new Life(seed, SimFaults.calm(), disk.afterCrash(seed), history.afterCrash(), publishes ? 1 : 0, 3);
        int crashAt = depth == 0 ? -1 : 1 + seed.split("again").dice().below(100);
        next.live((more, change) -> {
            if (change == crashAt) {
                crashes[0]++;
                again(next.disk(), seed.split("deeper"), more, crashes, depth - 1);
            }
        });
    }
}
