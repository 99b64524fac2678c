package dev.pumasi.runtime;

import java.time.Duration;

/**
 * How names are looked up.
 *
 * @param answerTtl how long an answer is used again; the JDK does not say what the name's own server allows. 30 s
 * @param refusalTtl how long "does not resolve" is used again; shorter, for a service that is just being started. 5 s
 * @param limit how long whoever asks waits at most. 10 s
 * @param choice which addresses, in which order. IPv6 first, both families in turn
 * @param lookUpsMax look-ups at once, and thereby threads: so many names may hang before others have to wait. 8
 * @param waitingMax names that may wait for a thread; more are refused with {@link Failure#REJECTED}. 1024
 */
public record NamesSettings(
        Duration answerTtl, Duration refusalTtl, Duration limit, AddressChoice choice, int lookUpsMax, int waitingMax) {

    public static final NamesSettings DEFAULT = new NamesSettings(
            Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(10), AddressChoice.IPV6_FIRST, 8, 1024);

    /** More look-ups at once than this are a mistake. */
    public static final int LOOK_UPS_MAX = 256;

    public NamesSettings {
        if (answerTtl.isNegative() || refusalTtl.isNegative()) {
            throw new IllegalArgumentException("not negative: " + answerTtl + ", " + refusalTtl);
        }
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("longer than zero, not " + limit);
        }
        if (lookUpsMax < 1 || lookUpsMax > LOOK_UPS_MAX) {
            throw new IllegalArgumentException("between 1 and " + LOOK_UPS_MAX + " look-ups, not " + lookUpsMax);
        }
        if (waitingMax < 1) {
            throw new IllegalArgumentException("at least one must be able to wait, not " + waitingMax);
        }
    }

    /** How long an answer, and a "does not resolve", is used again; zero never. */
    public NamesSettings withTtl(Duration answers, Duration refusals) {
        return new NamesSettings(answers, refusals, limit, choice, lookUpsMax, waitingMax);
    }

    public NamesSettings withLimit(Duration limit) {
        return new NamesSettings(answerTtl, refusalTtl, limit, choice, lookUpsMax, waitingMax);
    }

    public NamesSettings withChoice(AddressChoice choice) {
        return new NamesSettings(answerTtl, refusalTtl, limit, choice, lookUpsMax, waitingMax);
    }

    /** How many look-ups at once, and how many names may wait for one. */
    public NamesSettings withLookUps(int atOnce, int waiting) {
        return new NamesSettings(answerTtl, refusalTtl, limit, choice, atOnce, waiting);
    }
}
