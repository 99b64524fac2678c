package dev.pumasi.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pumasi.lab.ProcessUsage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * One run of a load generator, pinned to the core that the servers do not have.
 *
 * @param requests completed with the right status
 * @param seconds from the first to the last
 * @param errors connections refused or broken, wrong statuses, timeouts
 * @param p50Micros median latency; for {@code ab}, 0
 * @param p99Micros 99th percentile; for {@code ab}, 0
 * @param generatorShare the generator's CPU time as a share of its core
 */
record Load(long requests, double seconds, long errors, long p50Micros, long p99Micros, double generatorShare) {
    /** More in one run would meet the end of the ephemeral ports of one address pair. */
    static final int CONNECTS_MAX = 20_000;

    private static final Pattern REPORT =
            Pattern.compile("REPORT requests=(\\d+) micros=(\\d+) p50=(\\d+) p99=(\\d+) errors=(\\d+)");
    private static final int GRACE_SECONDS = 30;

    double requestsPerSecond() {
        return requests / seconds;
    }

    static Load run(Scenario scenario, String address, int port, int seconds, int core, Path home)
            throws IOException, InterruptedException {
        final var url = "http://" + address + ":" + port + scenario.path;
        return switch (scenario.kind) {
            case KEEPALIVE, FILE -> wrk(scenario.connections, url, seconds, core, home.resolve("wrk/report.lua"));
            case PIPELINED -> wrk(scenario.connections, url, seconds, core, home.resolve("wrk/pipelined.lua"));
            case CONNECT -> ab(scenario, url, core);
            case IDLE -> throw new IllegalArgumentException("idle connections are no load");
        };
    }

    /** So many connections that ask again as soon as they are answered; a connection that was ended is made anew. */
    static Load closedLoop(int connections, String address, int port, int seconds, int core, Path home)
            throws IOException, InterruptedException {
        final var url = "http://" + address + ":" + port + "/plaintext";
        return wrk(connections, url, seconds, core, home.resolve("wrk/report.lua"));
    }

    private static Load wrk(int connections, String url, int seconds, int core, Path script)
            throws IOException, InterruptedException {
        final var run = execute(
                core,
                seconds + GRACE_SECONDS,
                List.of("wrk", "-t1", "-c" + connections, "-d" + seconds + "s", "-s", script.toString(), url));
        final var report = REPORT.matcher(run.output);
        if (!report.find()) {
            throw new IOException("wrk said: " + run.output.strip());
        }
        final var elapsed = Long.parseLong(report.group(2)) / 1e6;
        return new Load(
                Long.parseLong(report.group(1)),
                elapsed,
                Long.parseLong(report.group(5)),
                Long.parseLong(report.group(3)),
                Long.parseLong(report.group(4)),
                run.cpuMicros / 1e6 / elapsed);
    }

    private static Load ab(Scenario scenario, String url, int core) throws IOException, InterruptedException {
        final var run = execute(
                core,
                GRACE_SECONDS,
                List.of("ab", "-q", "-n", "" + CONNECTS_MAX, "-c", "" + scenario.connections, "-s", "5", url));
        final var elapsed = number(run.output, "Time taken for tests:");
        return new Load(
                (long) number(run.output, "Complete requests:"),
                elapsed,
                (long) (number(run.output, "Failed requests:") + optional(run.output, "Non-2xx responses:")),
                0,
                0,
                run.cpuMicros / 1e6 / elapsed);
    }

    private static double number(String output, String label) throws IOException {
        final var found =
                Pattern.compile(Pattern.quote(label) + "\\s+([0-9.]+)").matcher(output);
        if (!found.find()) {
            throw new IOException("ab said: " + output.strip());
        }
        return Double.parseDouble(found.group(1));
    }

    private static double optional(String output, String label) throws IOException {
        return output.contains(label) ? number(output, label) : 0;
    }

    private record Run(String output, long cpuMicros) {}

    private static Run execute(int core, int secondsMax, List<String> command)
            throws IOException, InterruptedException {
        final var pinned = new ArrayList<>(List.of("taskset", "-c", Integer.toString(core)));
        pinned.addAll(command);
        final var before = ProcessUsage.endedChildrenMicros();
        final var process = new ProcessBuilder(pinned).redirectErrorStream(true).start();
        // The output is a few lines and fits into the pipe, so that waiting first cannot stall the generator.
        if (!process.waitFor(secondsMax, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new IOException(command.getFirst() + " did not end within " + secondsMax + " s");
        }
        final var output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Run(output, ProcessUsage.endedChildrenMicros() - before);
    }
}
