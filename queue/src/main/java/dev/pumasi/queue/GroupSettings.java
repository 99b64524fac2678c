package dev.pumasi.queue;

import java.time.Duration;
import java.util.Optional;

/**
 * How messages reach a group. Settings are the program's: not stored; those of the consumer that opened last hold for its
 * whole group.
 *
 * @param start where a new group begins
 * @param settleWithin how long a consumer may take to acknowledge or reject; then the message is taken back as rejected
 * @param deliveriesMax after how many deliveries a message goes to the dead letters; 0: never
 * @param delayFirst how long a rejected message waits before it is delivered again, the first time
 * @param delayMax this doubles each time, up to so long
 * @param deadLetterTopic where dead letters go; empty: to the topic's own name with {@value #DEAD} behind it. What dies in a
 *     topic with such a name has nowhere to go, and is delivered again and again
 */
public record GroupSettings(
        Start start,
        Duration settleWithin,
        int deliveriesMax,
        Duration delayFirst,
        Duration delayMax,
        Optional<String> deadLetterTopic) {

    /** How the topic of another one's dead letters ends. */
    public static final String DEAD = ".dead";

    /** From the beginning; 30 s to settle; 10 deliveries, 100 ms and up to a minute apart. */
    public static final GroupSettings DEFAULT = new GroupSettings(
            Start.beginning(),
            Duration.ofSeconds(30),
            10,
            Duration.ofMillis(100),
            Duration.ofMinutes(1),
            Optional.empty());

    public GroupSettings {
        if (settleWithin.isNegative() || settleWithin.isZero()) {
            throw new IllegalArgumentException("a consumer needs some time to settle a message, not " + settleWithin);
        }
        if (deliveriesMax < 0 || delayFirst.isNegative() || delayMax.compareTo(delayFirst) < 0) {
            throw new IllegalArgumentException(
                    deliveriesMax + " deliveries, from " + delayFirst + " to " + delayMax + " apart");
        }
    }

    public GroupSettings withStart(Start start) {
        return new GroupSettings(start, settleWithin, deliveriesMax, delayFirst, delayMax, deadLetterTopic);
    }

    public GroupSettings withSettleWithin(Duration limit) {
        return new GroupSettings(start, limit, deliveriesMax, delayFirst, delayMax, deadLetterTopic);
    }

    public GroupSettings withDeliveriesMax(int count) {
        return new GroupSettings(start, settleWithin, count, delayFirst, delayMax, deadLetterTopic);
    }

    /** Delays that begin with {@code first} and double up to {@code max}. */
    public GroupSettings withDelay(Duration first, Duration max) {
        return new GroupSettings(start, settleWithin, deliveriesMax, first, max, deadLetterTopic);
    }

    public GroupSettings withDeadLetterTopic(String topic) {
        return new GroupSettings(start, settleWithin, deliveriesMax, delayFirst, delayMax, Optional.of(topic));
    }

    /** Where the dead letters of {@code topic} go; empty: nowhere. */
    public Optional<String> deadLettersOf(String topic) {
        if (deliveriesMax == 0 || deadLetterTopic.isEmpty() && topic.endsWith(DEAD)) {
            return Optional.empty();
        }
        return Optional.of(deadLetterTopic.orElse(topic + DEAD));
    }

    /** How long a message waits that was rejected for the {@code attempt}-th time. */
    public Duration delayAfter(int attempt) {
        Duration delay = delayFirst;
        for (int i = 1; i < attempt && delay.compareTo(delayMax) < 0 && !delay.isZero(); i++) {
            delay = delay.multipliedBy(2);
        }
        return delay.compareTo(delayMax) > 0 ? delayMax : delay;
    }
}
