package dev.pumasi.lab;

import java.util.Locale;

/** Times as people read them: three digits and a unit. */
final class Times {

    private static final double MICRO = 1e3;
    private static final double MILLI = 1e6;
    private static final double SECOND = 1e9;

    private Times() {}

    static String shown(double nanos) {
        return nanos < MILLI
                ? three(nanos / MICRO) + " µs"
                : nanos < SECOND ? three(nanos / MILLI) + " ms" : three(nanos / SECOND) + " s";
    }

    private static String three(double value) {
        int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
