package dev.pumasi.benchmarks.queue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures how many records a second are made durable by the bare disk, by Pumasi, and by what others make records durable with: in
 * one process, in turn, in several rounds. Then the time from publisher to handler, beside Kafka; the others have no consumer that waits for
 * the sync. Then the memory with many messages waiting. Prints Markdown tables. A figure is the median of its rounds, with the
 * smallest and the largest.
 *
 * <p>What it will not do: compare over a network, or with several brokers. Everybody runs in this process, on this disk, and
 * answers only when the record is synced.
 */
@Command(
        name = "measure-queue",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures durable publishing, end to end latency, and memory, beside the bare disk.")
public final class MeasureQueue implements Callable<Integer> {

    /** Say much, and nothing that is asked here. */
    private static final List<Logger> TALKERS = Stream.of("org.apache", "kafka", "state", "net.openhft")
            .map(Logger::getLogger)
            .toList();

    @Option(names = "--folder", description = "On which disk (default: benchmarks/target/queue).")
    private Path folder = Path.of(System.getProperty("pumasi.benchmarks", "benchmarks"), "target", "queue");

    @Option(names = "--rounds", defaultValue = "3", description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "3", description = "Length of a round (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--bytes", defaultValue = "1024", description = "Length of a body (default: ${DEFAULT-VALUE}).")
    private int bytes;

    @Option(names = "--rate", defaultValue = "10000", description = "End to end (default: ${DEFAULT-VALUE} a second).")
    private int rate;

    @Option(
            names = "--waiting",
            defaultValue = "10000000",
            description = "Messages that wait, 0 for none (default: ${DEFAULT-VALUE}, of 100 bytes).")
    private long waiting;

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "one,many,end,memory",
            description = "Which parts (default: ${DEFAULT-VALUE}).")
    private List<String> parts = List.of();

    @Option(names = "--alone", description = "Without the peers: the bare disk and Pumasi, both ways.")
    private boolean alone;

    @Option(
            names = "--platform",
            description =
                    "The peers' publishers are platform threads, not virtual ones, with which none of them was slower.")
    private boolean platform;

    private MeasureQueue() {}

    /** Runs the command; the exit status is 0, 1 after a failure, 2 for a wrong command line. */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new MeasureQueue());
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        TALKERS.forEach(logger -> logger.setLevel(Level.SEVERE));
        if (parts.contains("one")) {
            throughput("one publisher, waiting each time", 1);
        }
        if (parts.contains("many")) {
            throughput("256 publishers, each waiting each time", 256);
        }
        if (parts.contains("end")) {
            endToEnd();
        }
        if (parts.contains("memory") && waiting > 0) {
            memory();
        }
        return 0;
    }

    private List<Contender> contenders() {
        if (alone) {
            return List.of(new BareDisk(), new BareDirectDisk(), new PumasiQueue("direct"), new PumasiQueue("cached"));
        }
        Thread.Builder threads = platform ? Thread.ofPlatform() : Thread.ofVirtual();
        return List.of(
                new BareDisk(),
                new BareDirectDisk(),
                new PumasiQueue("direct"),
                new PumasiQueue("cached"),
                new Kafka(threads),
                new ArtemisJournal(threads),
                new Chronicle(threads));
    }

    private void throughput(String title, int publishers) throws Exception {
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        for (int round = 0; round <= rounds; round++) {
            System.err.printf("%s, round %d of %d%n", title, round, rounds);
            for (Contender contender : contenders()) {
                Path fresh = fresh();
                long nanos = TimeUnit.SECONDS.toNanos(seconds);
                double perSecond = contender.run(fresh, publishers, bytes, nanos) / (double) seconds;
                delete(fresh);
                System.err.printf(Locale.ROOT, "  %,.0f a second: %s%n", perSecond, contender.name());
                if (round > 0) { // the first one warms up
                    figures.computeIfAbsent(contender.name(), _ -> new ArrayList<>())
                            .add(perSecond);
                }
            }
        }
        double bare = median(figures.values().iterator().next());
        System.out.printf("%n| %s, %d bytes | durable a second | ÷ bare |%n|---|---|---|%n", title, bytes);
        figures.forEach((name, all) -> System.out.printf(
                Locale.ROOT,
                "| %s | %,.0f (%,.0f–%,.0f) | %.2f |%n",
                name,
                median(all),
                all.stream().min(Comparator.naturalOrder()).orElseThrow(),
                all.stream().max(Comparator.naturalOrder()).orElseThrow(),
                median(all) / bare));
    }

    private void endToEnd() throws Exception {
        System.out.printf(
                "%n| publish to handler at %,d a second, %d bytes | p50 | p99 | p99.9 | most |%n", rate, bytes);
        System.out.println("|---|---|---|---|---|");
        for (int round = 1; round <= rounds; round++) {
            endToEnd("Pumasi, embedded log", measuring("direct"), round);
            endToEnd("Pumasi, embedded log, write=cached", measuring("cached"), round);
            if (!alone) {
                endToEnd(Kafka.NAME, KafkaEndToEnd::measure, round);
            }
        }
    }

    /** From publisher to handler, after a warm-up. */
    @FunctionalInterface
    private interface Way {
        Histogram measure(Path folder, int perSecond, int bytes, long warmupNanos, long nanos) throws Exception;
    }

    private static Way measuring(String write) {
        return (folder, perSecond, bytes, warmupNanos, nanos) ->
                EndToEnd.measure(write, folder, perSecond, bytes, warmupNanos, nanos);
    }

    private void endToEnd(String name, Way way, int round) throws Exception {
        Path fresh = fresh();
        Histogram micros =
                way.measure(fresh, rate, bytes, TimeUnit.SECONDS.toNanos(3), TimeUnit.SECONDS.toNanos(seconds));
        delete(fresh);
        System.out.printf(
                Locale.ROOT,
                "| %s, round %d, %,d messages | %.2f ms | %.2f ms | %.2f ms | %.2f ms |%n",
                name,
                round,
                micros.getTotalCount(),
                micros.getValueAtPercentile(50) / 1e3,
                micros.getValueAtPercentile(99) / 1e3,
                micros.getValueAtPercentile(99.9) / 1e3,
                micros.getMaxValue() / 1e3);
    }

    private void memory() throws Exception {
        Path fresh = fresh();
        Map<Long, Long> heaps = Waiting.measure(fresh, 100, waiting / 1000, waiting / 100, waiting / 10, waiting);
        delete(fresh);
        System.out.printf("%n| messages waiting | heap in use |%n|---|---|%n");
        heaps.forEach(
                (count, heap) -> System.out.printf(Locale.ROOT, "| %,d | %.1f MiB |%n", count, heap / 1024.0 / 1024));
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private Path fresh() throws IOException {
        Files.createDirectories(folder);
        return Files.createTempDirectory(folder, "run");
    }

    private static void delete(Path path) throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
