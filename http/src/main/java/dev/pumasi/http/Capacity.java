package dev.pumasi.http;

/**
 * How many connections a server holds, and what becomes of the next one.
 *
 * @param served connections that are looked after at the same time
 * @param waiting connections that were accepted and wait for a thread
 * @param handlers handlers that run at the same time; where one may wait without holding anybody up, as many as connections
 * @param beyond what becomes of one connection more
 */
public record Capacity(int served, int waiting, int handlers, Beyond beyond) {

    /** What becomes of one connection more. */
    public enum Beyond {
        /** It is accepted, answered with 503 and {@code Retry-After}, and closed when the client has had time to read that. */
        IS_TOLD,

        /** It is not accepted yet: the kernel keeps it, and some more, until there is room; its client waits. */
        WAITS_IN_KERNEL
    }

    public Capacity {
        if (served < 1 || waiting < 0 || handlers < 1) {
            throw new IllegalArgumentException(served + " served, " + waiting + " waiting, " + handlers + " handlers");
        }
    }

    /** As a line for people. */
    @Override
    public String toString() {
        return "at most " + count(served, "connection") + (waiting > 0 ? " and " + waiting + " waiting" : "") + ", "
                + switch (beyond) {
                    case IS_TOLD -> "one more is answered with 503";
                    case WAITS_IN_KERNEL -> "one more waits in the kernel's queue";
                };
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }
}
