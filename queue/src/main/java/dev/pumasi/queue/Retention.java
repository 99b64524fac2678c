package dev.pumasi.queue;

import java.time.Duration;

/**
 * How long messages are kept that all groups have settled. What a group still needs is kept whatever the limits say,
 * unless {@code unreadToo}: then what is deleted is counted as lost for that group. Whole segments are deleted, so
 * somewhat more is kept than is asked for.
 *
 * @param bytesMax more than this on the disk is deleted, the oldest first
 * @param ageMax what is older is deleted
 * @param unreadToo also what some group has not settled
 */
public record Retention(long bytesMax, Duration ageMax, boolean unreadToo) {

    /** 1 GiB, a week, and nothing that a group still needs. */
    public static final Retention DEFAULT = new Retention(1L << 30, Duration.ofDays(7), false);

    public Retention {
        if (bytesMax < 0 || ageMax.isNegative()) {
            throw new IllegalArgumentException("a retention of " + bytesMax + " bytes, " + ageMax);
        }
    }

    /** Keeps everything. */
    public static Retention forever() {
        return new Retention(Long.MAX_VALUE, Duration.ofDays(36_500), false);
    }

    public Retention withBytesMax(long bytes) {
        return new Retention(bytes, ageMax, unreadToo);
    }

    public Retention withAgeMax(Duration age) {
        return new Retention(bytesMax, age, unreadToo);
    }

    public Retention withUnreadToo(boolean too) {
        return new Retention(bytesMax, ageMax, too);
    }
}
