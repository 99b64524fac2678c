package dev.pumasi.lab;

import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/** A {@link LoadResult} as text for people, JSON and CSV for programs. Times in files are in microseconds, whole and parts. */
public final class LoadReport {

    private static final double NANOS_PER_MICRO = 1e3;
    private static final int MEGA = 1_000_000;

    private LoadReport() {}

    /** A table, some ten lines, with what must be said about it. */
    public static String text(LoadResult result) {
        LoadPlan plan = result.plan();
        StringBuilder text = new StringBuilder();
        line(text, "%s %s", plan.method(), plan.target());
        line(
                text,
                "%s, %d %s (%s); %.1f s measured after %.1f s of warm-up",
                plan.summary(),
                plan.loops(),
                plan.loops() == 1 ? "loop" : "loops",
                result.driver(),
                result.seconds(),
                plan.warmup().toMillis() / 1e3);
        line(text, "");
        line(
                text,
                "  answered  %,12d   %,10.0f /s   %.1f MB/s",
                result.answered(),
                result.rate(),
                result.seconds() > 0 ? result.answerBytes() / result.seconds() / MEGA : 0);
        line(text, "  errors    %,12d   %s", result.errorCount(), errors(result.errors()));
        line(text, "");
        line(
                text,
                "  %-10s %9s %9s %9s %9s %9s %9s %9s",
                "latency",
                "mean",
                "p50",
                "p90",
                "p99",
                "p99.9",
                "p99.99",
                "max");
        if (plan.isOpenLoop()) {
            row(text, "from due", result.response());
            row(text, "from sent", result.service());
        } else {
            row(text, "", result.response());
        }
        line(text, "");
        line(
                text,
                "  generator: %s of a processor; late by p50 %s, p99 %s, max %s",
                shares(result),
                Times.shown(result.lateness().p50Nanos()),
                Times.shown(result.lateness().p99Nanos()),
                Times.shown(result.lateness().maxNanos()));
        for (String remark : result.remarks()) {
            line(text, "  ! %s", remark);
        }
        return text.toString();
    }

    /** One line for one second, as it goes. */
    public static String progress(LoadSecond second) {
        String time = String.format(Locale.ROOT, "%6.1f s", second.atSeconds());
        if (second.isWarmup()) {
            return time + "  warming up, " + second.connections() + " connections";
        }
        return time
                + String.format(
                        Locale.ROOT,
                        "  %,9.0f /s  p50 %s  p99 %s  max %s  %d connections%s",
                        second.rate(),
                        Times.shown(second.response().p50Nanos()),
                        Times.shown(second.response().p99Nanos()),
                        Times.shown(second.response().maxNanos()),
                        second.connections(),
                        second.errors().isEmpty() ? "" : "  errors: " + errors(second.errors()));
    }

    /** All of it as one JSON object. */
    public static String json(LoadResult result) {
        LoadPlan plan = result.plan();
        JsonWriter json = new JsonWriter();
        json.beginObject();
        json.field("url", plan.target().toString());
        json.field("method", plan.method());
        json.field("loop", plan.isOpenLoop() ? "open" : "closed");
        json.field("asked_per_second", plan.rate());
        json.field("connections", plan.connections());
        json.field("keep_alive", plan.keepsAlive());
        json.field("loops", plan.loops());
        json.field("driver", result.driver());
        json.field("warmup_seconds", plan.warmup().toMillis() / 1e3);
        json.field("timeout_seconds", plan.timeout().toMillis() / 1e3);
        json.field("complete", result.isComplete());
        json.field("seconds", result.seconds());
        json.field("answered", result.answered());
        json.field("answered_per_second", result.rate());
        json.field("answer_bytes", result.answerBytes());
        errors(json, result.errors());
        latency(json, "latency_from_due", result.response());
        if (plan.isOpenLoop()) {
            latency(json, "latency_from_sent", result.service());
        }
        json.name("generator").beginObject();
        json.field("saturated", result.isSaturated());
        json.name("processor_shares").beginArray();
        result.cpuShares().forEach(json::value);
        json.endArray();
        latency(json, "lateness", result.lateness());
        json.field("connections_opened", result.connectionsOpened());
        json.field("connections_failed", result.connectionsFailed());
        json.endObject();
        json.name("remarks").beginArray();
        result.remarks().forEach(json::value);
        json.endArray();
        json.name("environment").beginObject();
        Environment environment = result.environment();
        json.field("processor", environment.processor());
        json.field("processors", environment.processors());
        json.field("system", environment.system());
        json.field("jdk", environment.jdk());
        json.name("flags").beginArray();
        environment.flags().forEach(json::value);
        json.endArray();
        json.endObject();
        json.name("timeline").beginArray();
        result.timeline().forEach(second -> second(json, second));
        json.endArray();
        json.endObject();
        return json.toString();
    }

    /** A line for each measured second, and one for all: comma-separated values with a head (RFC 4180). */
    public static String csv(LoadResult result) {
        StringBuilder csv = new StringBuilder(
                "until_s,seconds,answered,answered_per_s,errors,mean_us,p50_us,p90_us,p99_us,p99_9_us,p99_99_us,max_us\r\n");
        for (LoadSecond second : result.timeline()) {
            if (!second.isWarmup()) {
                csv.append(String.format(Locale.ROOT, "%.3f", second.atSeconds()));
                csvRow(csv, second.seconds(), second.answered(), second.errorCount(), second.response());
            }
        }
        csv.append("all");
        csvRow(csv, result.seconds(), result.answered(), result.errorCount(), result.response());
        return csv.toString();
    }

    private static void csvRow(StringBuilder csv, double seconds, long answered, long errors, Latency of) {
        csv.append(String.format(
                Locale.ROOT,
                ",%.3f,%d,%.1f,%d,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f,%.1f\r\n",
                seconds,
                answered,
                seconds > 0 ? answered / seconds : 0,
                errors,
                of.meanNanos() / NANOS_PER_MICRO,
                of.p50Nanos() / NANOS_PER_MICRO,
                of.p90Nanos() / NANOS_PER_MICRO,
                of.p99Nanos() / NANOS_PER_MICRO,
                of.p999Nanos() / NANOS_PER_MICRO,
                of.p9999Nanos() / NANOS_PER_MICRO,
                of.maxNanos() / NANOS_PER_MICRO));
    }

    private static void second(JsonWriter json, LoadSecond second) {
        json.beginObject();
        json.field("until_seconds", second.atSeconds());
        json.field("seconds", second.seconds());
        json.field("warmup", second.isWarmup());
        json.field("answered", second.answered());
        errors(json, second.errors());
        json.field("p50_us", second.response().p50Nanos() / NANOS_PER_MICRO);
        json.field("p99_us", second.response().p99Nanos() / NANOS_PER_MICRO);
        json.field("p99_9_us", second.response().p999Nanos() / NANOS_PER_MICRO);
        json.field("max_us", second.response().maxNanos() / NANOS_PER_MICRO);
        json.field("connections", second.connections());
        json.endObject();
    }

    private static void latency(JsonWriter json, String name, Latency of) {
        json.name(name).beginObject();
        json.field("count", of.count());
        json.field("mean_us", of.meanNanos() / NANOS_PER_MICRO);
        json.field("min_us", of.minNanos() / NANOS_PER_MICRO);
        json.field("p50_us", of.p50Nanos() / NANOS_PER_MICRO);
        json.field("p90_us", of.p90Nanos() / NANOS_PER_MICRO);
        json.field("p99_us", of.p99Nanos() / NANOS_PER_MICRO);
        json.field("p99_9_us", of.p999Nanos() / NANOS_PER_MICRO);
        json.field("p99_99_us", of.p9999Nanos() / NANOS_PER_MICRO);
        json.field("max_us", of.maxNanos() / NANOS_PER_MICRO);
        json.name("curve").beginArray();
        for (Latency.Point point : of.curve()) {
            json.beginArray();
            json.value(point.share());
            json.value(point.nanos() / NANOS_PER_MICRO);
            json.endArray();
        }
        json.endArray();
        json.endObject();
    }

    private static void errors(JsonWriter json, Map<LoadError, Long> errors) {
        json.name("errors").beginObject();
        errors.forEach((error, count) -> json.field(error.label(), count));
        json.endObject();
    }

    private static String errors(Map<LoadError, Long> errors) {
        StringJoiner kinds = new StringJoiner(", ");
        errors.forEach((error, count) -> kinds.add(String.format(Locale.ROOT, "%s %,d", error.label(), count)));
        return errors.isEmpty() ? "none" : kinds.toString();
    }

    private static String shares(LoadResult result) {
        StringJoiner shares = new StringJoiner(", ");
        result.cpuShares()
                .forEach(share -> shares.add(share.isNaN() ? "?" : String.format(Locale.ROOT, "%.0f %%", 100 * share)));
        return shares.toString();
    }

    private static void row(StringBuilder text, String name, Latency of) {
        line(
                text,
                "  %-10s %9s %9s %9s %9s %9s %9s %9s",
                name,
                Times.shown(of.meanNanos()),
                Times.shown(of.p50Nanos()),
                Times.shown(of.p90Nanos()),
                Times.shown(of.p99Nanos()),
                Times.shown(of.p999Nanos()),
                Times.shown(of.p9999Nanos()),
                Times.shown(of.maxNanos()));
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }
}
