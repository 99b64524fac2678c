package dev.pumasi.lab;

import java.util.List;

/** A picture in the report, as data: the page draws it, and writes the same figures as a table below it. */
public sealed interface Plot {

    /**
     * What files and links call it, within its scenario: lower case, words joined by hyphens. It stays the same when its words are
     * mended, so that what refers to it does not break.
     */
    String name();

    /** What it shows, in some words; the heading above it. */
    String title();

    /** One or two plain sentences that tell a newcomer what is seen, with the figures of this run. */
    String says();

    /**
     * Lines over something that was varied.
     *
     * @param across what was varied; its axis is logarithmic
     * @param up what was measured, with its unit
     * @param isLogarithmic whether that axis is logarithmic too
     */
    record Curves(
            String name, String title, String says, String across, String up, boolean isLogarithmic, List<Curve> curves)
            implements Plot {}

    /** One line. */
    record Curve(String name, List<Point> points) {}

    /**
     * A point, with how far the rounds lie apart.
     *
     * @param isDoubtful whether something other than what is measured was the limit, the load generator as a rule
     */
    record Point(double at, Spread spread, boolean isDoubtful) {}

    /**
     * A bar for each subject, from above.
     *
     * @param unit what is measured, with its unit
     */
    record Bars(String name, String title, String says, String unit, boolean isLogarithmic, List<Bar> bars)
            implements Plot {}

    /** One bar. */
    record Bar(String name, Spread spread) {}

    /**
     * Who did what when: a line for each, from above, time to the right.
     *
     * @param kinds what stretches can be, in the order of the legend
     * @param lanes the lines
     */
    record Lanes(String name, String title, String says, List<String> kinds, List<Lane> lanes) implements Plot {}

    /** One line of it, or of its own group of lines. */
    record Lane(String name, List<Stretch> stretches) {}

    /**
     * A stretch of time on a lane.
     *
     * @param kind which of the kinds, from 0
     * @param what what it was, in words
     */
    record Stretch(double fromMillis, double toMillis, int kind, String what) {

        double millis() {
            return toMillis - fromMillis;
        }
    }

    /**
     * A dot for everybody who came: to the right is when, upwards is how long it took. Times to the right are seconds.
     *
     * @param up what the height is, with its unit; its axis is logarithmic
     * @param least the lower end of that axis, so that two plots can be compared
     * @param most its upper end
     * @param kinds what dots can be, in the order of the legend
     * @param periods what was going on meanwhile, one after the other
     */
    record Dots(
            String name,
            String title,
            String says,
            String up,
            double least,
            double most,
            List<String> kinds,
            List<Period> periods,
            List<Dot> dots)
            implements Plot {}

    /** A stretch of time in which something was going on. */
    record Period(double fromSeconds, double toSeconds, String name) {

        boolean holds(Dot dot) {
            return dot.atSeconds >= fromSeconds && dot.atSeconds < toSeconds;
        }
    }

    /**
     * One dot.
     *
     * @param kind which of the kinds, from 0
     * @param what who it was, and what became of it, in words
     */
    record Dot(double atSeconds, double height, int kind, String what) {}
}
