package dev.pumasi.http;

import java.util.SplittableRandom;

/** The seed of a test: the one of {@code -Dpumasi.seed=N}, so that a failure can be had again, or else a fresh one. */
final class Seeds {

    private static final SplittableRandom FRESH = new SplittableRandom();

    private Seeds() {}

    static long next() {
        Long given = Long.getLong("pumasi.seed");
        return given != null ? given : FRESH.nextLong();
    }
}
