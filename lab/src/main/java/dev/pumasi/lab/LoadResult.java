package dev.pumasi.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a load has shown.
 *
 * @param plan what it was
 * @param driver the driver of the generator's loops
 * @param environment where it ran; the server's own is unknown
 * @param isComplete whether it ran to its end; if not, this is what was measured until it was stopped
 * @param seconds how long was measured
 * @param answered right answers
 * @param answerBytes how many bytes they had, heads included
 * @param errors what else came of requests
 * @param response from when a request was due until its answer was complete, those that timed out or were never sent
 *     included with the time they waited
 * @param service the same from when it was begun; empty in a closed loop, where both are the same
 * @param lateness how late the generator itself was: with requests that found a free connection (open loop), or with a timer
 *     that is due every 10 ms (closed loop)
 * @param cpuShares how much of a processor the thread of each loop had, from 0 to 1; NaN where it is not known
 * @param connectionsOpened how many connections were made, those before the beginning included
 * @param connectionsFailed how many of those before the beginning failed
 * @param timeline one entry for each second
 */
public record LoadResult(
        LoadPlan plan,
        String driver,
        Environment environment,
        boolean isComplete,
        double seconds,
        long answered,
        long answerBytes,
        Map<LoadError, Long> errors,
        Latency response,
        Latency service,
        Latency lateness,
        List<Double> cpuShares,
        long connectionsOpened,
        int connectionsFailed,
        List<LoadSecond> timeline) {

    /** From here on the generator's own speed is what is measured. */
    static final double CPU_SHARE_SATURATED = 0.9;

    /** A generator that is often as late as this did not get its processor. */
    static final long LATE_NANOS = 2_000_000;

    /** An open loop that was answered less than this share of what it asked for has met a limit. */
    private static final double KEPT_UP = 0.99;

    /** Right answers per second. */
    public double rate() {
        return seconds > 0 ? answered / seconds : 0;
    }

    /** How many requests went wrong. */
    public long errorCount() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Whether the figures are those of the generator rather than of the server. */
    public boolean isSaturated() {
        return !plan.spins() && cpuShares.stream().anyMatch(share -> share >= CPU_SHARE_SATURATED)
                || lateness.p99Nanos() >= LATE_NANOS;
    }

    /** What must be said about these figures before they are believed; empty if nothing. */
    public List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        double busiest = cpuShares.stream()
                .filter(share -> !share.isNaN())
                .mapToDouble(share -> share)
                .max()
                .orElse(0);
        if (!isComplete) {
            remarks.add("It was stopped before its end: these are the figures until then.");
        }
        if (busiest >= CPU_SHARE_SATURATED && !plan.spins()) {
            remarks.add(String.format(
                    Locale.ROOT,
                    "THE GENERATOR WAS AT ITS LIMIT (%.0f %% of a processor): the rate is its own, not the server's, and"
                            + " latencies hold its delays. Take more loops (--loops), or a lower rate.",
                    100 * busiest));
        }
        if (lateness.p99Nanos() >= LATE_NANOS) {
            remarks.add("THE GENERATOR WAS LATE (by " + Times.shown(lateness.p99Nanos()) + " and more in 1 % of cases)"
                    + (busiest >= CPU_SHARE_SATURATED && !plan.spins()
                            ? ""
                            : ", though it was not busy: others had its processor")
                    + ". Latencies hold that delay.");
        }
        double asked = plan.rate();
        if (plan.isOpenLoop() && isComplete && rate() < KEPT_UP * asked) {
            remarks.add(String.format(
                    Locale.ROOT,
                    "It asked %,.0f requests a second, and %,.0f were answered: requests waited for a free connection, or failed.",
                    asked,
                    rate()));
        }
        if (connectionsFailed > 0) {
            remarks.add(
                    connectionsFailed + " of " + plan.connections()
                            + " connections could not be opened at the beginning; each was tried again when a request came to it.");
        }
        if (answered == 0 && isComplete) {
            remarks.add("Not one request was answered as it should.");
        }
        return List.copyOf(remarks);
    }
}
