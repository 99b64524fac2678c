package dev.pumasi.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All results of one run: a table for each scenario on the terminal, and everything as JSON in a file. */
final class Report {
    private static final String YARDSTICK = "bare-c-uring";
    private static final String PEER = "nginx";

    private final LinkedHashMap<Scenario, Map<String, Series>> results = new LinkedHashMap<>();
    private final Map<String, String> machine;

    Report(Map<String, String> machine) {
        this.machine = machine;
    }

    Series series(Scenario scenario, String server) {
        return results.computeIfAbsent(scenario, absent -> new LinkedHashMap<>())
                .computeIfAbsent(server, absent -> new Series());
    }

    /** Prints one scenario, cheapest first. */
    void print(Scenario scenario, PrintStream out) {
        final var idle = scenario.kind == Scenario.Kind.IDLE;
        final var key = idle ? Figure.CONNECTION : Figure.CPU;
        final var servers = results.getOrDefault(scenario, Map.of());
        out.printf("%n%s · %s%n", scenario.label, scenario.title());
        out.println(
                idle
                        ? "server                  bytes each (min–max)          heap   native   x bare-c  x nginx      RSS MiB"
                        : "server                  CPU µs/req (min–max)          user   system   x bare-c  x nginx   requests/s"
                                + "    p99 ms  RSS MiB  core busy");
        servers.entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .sorted((left, right) -> Double.compare(
                        left.getValue().median(key), right.getValue().median(key)))
                .forEach(entry -> out.println(line(entry.getKey(), entry.getValue(), servers, idle)));
        servers.forEach((name, series) -> {
            if (series.max(Figure.ERRORS) > 0) {
                out.printf(Locale.ROOT, "  %s: up to %.0f errors in a round%n", name, series.max(Figure.ERRORS));
            }
        });
    }

    /** All scenarios as one table in Markdown, a row for each server, the cheapest in the last scenario first. */
    void printMarkdown(PrintStream out) {
        final var scenarios = List.copyOf(results.sequencedKeySet());
        final var servers = new LinkedHashSet<String>();
        for (final var scenario : scenarios.reversed()) {
            final var series = results.getOrDefault(scenario, Map.of());
            series.entrySet().stream()
                    .sorted(Comparator.comparingDouble(entry -> entry.getValue().median(key(scenario))))
                    .forEach(entry -> servers.add(entry.getKey()));
        }
        out.println();
        machine.forEach((what, value) -> out.println("<!-- " + what + ": " + value + " -->"));
        out.println("| " + unit(scenarios) + " | "
                + scenarios.stream().map(scenario -> scenario.label).collect(Collectors.joining(" | ")) + " |");
        out.println("|---".repeat(1 + scenarios.size()) + "|");
        for (final var server : servers) {
            out.println("| `" + server + "` | "
                    + scenarios.stream().map(scenario -> cell(scenario, server)).collect(Collectors.joining(" | "))
                    + " |");
        }
    }

    private static String unit(List<Scenario> scenarios) {
        return scenarios.contains(Scenario.IDLE)
                ? "CPU µs per request, or bytes"
                : "CPU µs per request (min–max) · × nginx";
    }

    private static Figure key(Scenario scenario) {
        return scenario.kind == Scenario.Kind.IDLE ? Figure.CONNECTION : Figure.CPU;
    }

    private String cell(Scenario scenario, String server) {
        final var servers = results.getOrDefault(scenario, Map.of());
        final var series = servers.get(server);
        if (series == null || series.isEmpty()) {
            return "–";
        }
        final var key = key(scenario);
        final var errors = series.max(Figure.ERRORS) > 0 ? " · **errors**" : "";
        return String.format(
                Locale.ROOT,
                "%s (%s–%s) · %s ×%s",
                threeDigits(series.median(key)),
                threeDigits(series.min(key)),
                threeDigits(series.max(key)),
                ratio(series, servers.get(PEER), key),
                errors);
    }

    /** More digits than the rounds agree on would only be noise. */
    private static String threeDigits(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }

    private static String line(String name, Series series, Map<String, Series> servers, boolean idle) {
        if (idle) {
            return String.format(
                    Locale.ROOT,
                    "%-22s %8.0f (%.0f–%.0f)%s %8.0f %8.0f %10s %8s %12.1f",
                    name,
                    series.median(Figure.CONNECTION),
                    series.min(Figure.CONNECTION),
                    series.max(Figure.CONNECTION),
                    pad(series, Figure.CONNECTION, "%.0f"),
                    series.median(Figure.CONNECTION_HEAP),
                    series.median(Figure.CONNECTION_NATIVE),
                    ratio(series, servers.get(YARDSTICK), Figure.CONNECTION),
                    ratio(series, servers.get(PEER), Figure.CONNECTION),
                    series.median(Figure.RESIDENT));
        }
        return String.format(
                Locale.ROOT,
                "%-22s %8.3f (%.3f–%.3f)%s %8.3f %8.3f %10s %8s %12.0f %9s %8.1f %9.0f%%",
                name,
                series.median(Figure.CPU),
                series.min(Figure.CPU),
                series.max(Figure.CPU),
                pad(series, Figure.CPU, "%.3f"),
                series.mean(Figure.USER),
                series.mean(Figure.SYSTEM),
                ratio(series, servers.get(YARDSTICK), Figure.CPU),
                ratio(series, servers.get(PEER), Figure.CPU),
                series.median(Figure.RATE),
                latency(series),
                series.median(Figure.RESIDENT),
                series.median(Figure.SERVER_SHARE) * 100);
    }

    /** Fills up after the range, whose width varies with its digits. */
    private static String pad(Series series, Figure figure, String format) {
        final var range = String.format(Locale.ROOT, format + "–" + format, series.min(figure), series.max(figure));
        return " ".repeat(Math.max(0, 15 - range.length()));
    }

    /** ab tells none, and wrk none that it believes when it pipelines. */
    private static String latency(Series series) {
        final var micros = series.median(Figure.P99);
        return micros > 0 ? String.format(Locale.ROOT, "%.2f", micros / 1000) : "-";
    }

    private static String ratio(Series series, @Nullable Series reference, Figure figure) {
        return reference == null || reference.isEmpty()
                ? "-"
                : String.format(Locale.ROOT, "%.2f", series.median(figure) / reference.median(figure));
    }

    void write(Path file) throws IOException {
        final var json = new StringBuilder("{\n  \"machine\": {");
        final var facts = machine.entrySet().iterator();
        while (facts.hasNext()) {
            final var fact = facts.next();
            json.append("\n    ").append(quoted(fact.getKey())).append(": ").append(quoted(fact.getValue()));
            json.append(facts.hasNext() ? "," : "\n  },\n");
        }
        json.append("  \"results\": [");
        var separator = "";
        for (final var scenario : results.entrySet()) {
            for (final var server : scenario.getValue().entrySet()) {
                json.append(separator).append("\n    ");
                separator = ",";
                series(json, scenario.getKey(), server.getKey(), server.getValue());
            }
        }
        Files.createDirectories(file.getParent());
        Files.writeString(file, json.append("\n  ]\n}\n"));
    }

    private static void series(StringBuilder json, Scenario scenario, String server, Series series) {
        json.append("{\"scenario\": ")
                .append(quoted(scenario.label))
                .append(", \"server\": ")
                .append(quoted(server));
        series.rounds()
                .forEach((figure, rounds) -> json.append(", ")
                        .append(quoted(figure.label))
                        .append(": {\"median\": ")
                        .append(number(series.median(figure)))
                        .append(", \"rounds\": ")
                        .append(rounds.stream().map(Report::number).toList())
                        .append('}'));
        json.append('}');
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "null";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /** What a reader needs in order to judge the figures. */
    static Map<String, String> machine() throws IOException {
        final var facts = new LinkedHashMap<String, String>();
        facts.put("cpu", firstValue("/proc/cpuinfo", "model name"));
        facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("architecture", System.getProperty("os.arch"));
        facts.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put(
                "tcp",
                Files.readString(Path.of("/proc/sys/net/ipv4/tcp_congestion_control"))
                        .strip());
        facts.put("java", Runtime.version().toString());
        facts.put("started", Instant.now().toString());
        return facts;
    }

    private static String firstValue(String file, String label) throws IOException {
        try (var lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(label))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        }
    }

    static boolean installed(String program) {
        final var folders = System.getenv().getOrDefault("PATH", "").split(":", -1);
        return Arrays.stream(folders).anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
