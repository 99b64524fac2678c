package dev.pumasi.queue.kafka;

import dev.pumasi.queue.GroupStatus;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What there is to tell of a group, also while it has no members here. Written on the loop, read from anywhere, now or a little
 * later.
 */
final class GroupFigures {

    final String name;

    /** What is settled without gaps, by partition: here, or committed by other members as far as somebody has looked. */
    private final AtomicLongArray floors;

    volatile int inFlight;
    volatile long delivered;
    volatile long acknowledged;
    volatile long rejected;
    volatile long overdue;
    volatile long dead;
    volatile long lost;
    volatile int members;

    GroupFigures(String name, int partitions) {
        this.name = name;
        floors = new AtomicLongArray(partitions);
    }

    void saw(Map<Integer, Long> settled) {
        settled.forEach((partition, floor) -> {
            if (partition < floors.length() && floor > floors.get(partition)) {
                floors.set(partition, floor);
            }
        });
    }

    /** @param next behind the last message, of all partitions together */
    GroupStatus status(long next) {
        long settled = 0;
        for (int i = 0; i < floors.length(); i++) {
            settled += floors.get(i);
        }
        return new GroupStatus(
                name,
                settled,
                Math.max(0, next - settled - inFlight),
                inFlight,
                delivered,
                acknowledged,
                rejected,
                overdue,
                dead,
                lost,
                members);
    }
}
