package dev.pumasi.benchmarks.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures random reads of a cold file, side by side: direct, 4 KiB each, 32 at a time, each contender a process of its own
 * and all in turn, round by round. The figures are reads per second and processor time per read, of the whole process with
 * all its threads (fio's own account for fio). A figure is the median of its rounds, with the smallest and the largest.
 *
 * <p>What it will not do: pin anything to a core, or measure the page cache; direct reads pass it by.
 */
@Command(
        name = "measure-files",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures 4 KiB random reads of a cold file: reads per second, processor time per read.")
public final class MeasureFiles implements Callable<Integer> {

    private static final String FIO = "fio";
    private static final String FIO_REGISTERED = "fio-registered";
    private static final int CHUNK_BYTES = 1 << 20;

    private record Round(double readsPerSecond, double microsPerRead) {}

    private final Path home = Path.of(System.getProperty("pumasi.benchmarks", "benchmarks"));
    private final Map<String, List<Round>> results = new LinkedHashMap<>();

    @Option(
            names = "--ways",
            split = ",",
            defaultValue = FIO + "," + FIO_REGISTERED
                    + ",driver-io_uring,green-io_uring,driver-epoll,AsynchronousFileChannel,virtual-threads",
            description = "Who reads (default: ${DEFAULT-VALUE}). driver-NAME is a Pumasi driver without anything above"
                    + " it, green-NAME the same read in direct style on green threads of one loop.")
    private List<String> ways = List.of();

    @Option(names = "--depth", defaultValue = "32", description = "Reads at a time (default: ${DEFAULT-VALUE}).")
    private int depth;

    @Option(names = "--rounds", defaultValue = "5", description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "3", description = "Length of a round (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--warmup",
            defaultValue = "2",
            description = "Uncounted seconds before it (default: ${DEFAULT-VALUE}).")
    private int warmup;

    @Option(names = "--mib", defaultValue = "1024", description = "Length of the file (default: ${DEFAULT-VALUE}).")
    private int fileMib;

    private MeasureFiles() {}

    /** Runs the command; the exit status is 0, 1 after a failure, 2 for a wrong command line. */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new MeasureFiles());
        command.setExecutionExceptionHandler((failure, line, result) -> {
            line.getErr().println("measure-files: " + failure.getMessage());
            return 1;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path file = home.resolve("target/random-reads.bin");
        try {
            fill(file);
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                for (String way : ways) {
                    Round measured = way.startsWith(FIO) ? fio(way, file) : java(way, file);
                    results.computeIfAbsent(way, _ -> new ArrayList<>()).add(measured);
                }
            }
        } finally {
            Files.deleteIfExists(file);
        }
        print();
        return 0;
    }

    /** Written, not only lengthened: a hole is read without the disk. */
    private void fill(Path file) throws IOException {
        System.err.println("writing " + fileMib + " MiB to " + file);
        byte[] bytes = new byte[CHUNK_BYTES];
        ThreadLocalRandom.current().nextBytes(bytes);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            for (int i = 0; i < fileMib; i++) {
                channel.write(ByteBuffer.wrap(bytes));
            }
            channel.force(true);
        }
    }

    private Round java(String way, Path file) throws IOException, InterruptedException {
        String[] said = output(
                        home.resolve("java-server").toString(),
                        RandomReads.class.getName(),
                        way,
                        file.toString(),
                        Integer.toString(depth),
                        Integer.toString(warmup),
                        Integer.toString(seconds))
                .strip()
                .split(" ", -1);
        double reads = Double.parseDouble(said[0]);
        return new Round(reads / (Double.parseDouble(said[1]) / 1e9), Double.parseDouble(said[2]) / 1e3 / reads);
    }

    /** Terse output: fields separated by semicolons ({@code fio(1)}, "TERSE OUTPUT", version 3). */
    private Round fio(String way, Path file) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                FIO,
                "--name=reads",
                "--filename=" + file,
                "--ioengine=io_uring",
                "--rw=randread",
                "--bs=" + RandomReads.BLOCK_BYTES,
                "--direct=1",
                "--iodepth=" + depth,
                "--size=" + fileMib + "m",
                "--norandommap",
                "--randrepeat=0",
                "--time_based",
                "--ramp_time=1",
                "--runtime=" + seconds,
                "--output-format=terse",
                "--terse-version=3"));
        if (way.equals(FIO_REGISTERED)) {
            command.addAll(List.of("--fixedbufs", "--registerfiles"));
        }
        String[] fields = output(command.toArray(String[]::new)).strip().split(";", -1);
        double kibibytes = Double.parseDouble(fields[5]);
        double readsPerSecond = Double.parseDouble(fields[7]);
        double millis = Double.parseDouble(fields[8]);
        double share = percent(fields[87]) + percent(fields[88]);
        double reads = kibibytes * 1024 / RandomReads.BLOCK_BYTES;
        return new Round(readsPerSecond, share * millis * 1000 / reads);
    }

    private static double percent(String text) {
        return Double.parseDouble(text.replace("%", "")) / 100;
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command[0] + " ended with " + process.exitValue()
                    + (command[0].equals(FIO) ? " (apt-get install fio)" : ""));
        }
        return said;
    }

    private void print() {
        System.out.printf("%-26s %12s %21s %9s %16s%n", "way", "reads/s", "", "CPU µs per read", "reads/s ÷ fio");
        double fio = results.containsKey(FIO) ? median(results.get(FIO), true) : Double.NaN;
        results.forEach((way, measured) -> System.out.printf(
                Locale.ROOT,
                "%-26s %12.0f (%8.0f–%8.0f) %9.2f (%.2f–%.2f) %9.2f%n",
                way,
                median(measured, true),
                Collections.min(values(measured, true)),
                Collections.max(values(measured, true)),
                median(measured, false),
                Collections.min(values(measured, false)),
                Collections.max(values(measured, false)),
                median(measured, true) / fio));
    }

    private static List<Double> values(List<Round> rounds, boolean rate) {
        return rounds.stream()
                .map(round -> rate ? round.readsPerSecond : round.microsPerRead)
                .sorted()
                .toList();
    }

    private static double median(List<Round> rounds, boolean rate) {
        List<Double> sorted = values(rounds, rate);
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
