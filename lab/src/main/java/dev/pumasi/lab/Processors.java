package dev.pumasi.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which processors a server has, and which the load generator: one each, so that neither takes the other's. Where there is only one,
 * or no {@code taskset}, all share what there is, and the report says so.
 *
 * @param server of whoever is measured
 * @param generator of whoever asks; the same where there is no second one
 * @param all that this process may use
 */
record Processors(List<Integer> server, List<Integer> generator, List<Integer> all) {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String LABEL = "Cpus_allowed_list:";

    static Processors here() {
        List<Integer> all = allowed();
        if (all.size() < 2 || !isInstalled("taskset")) {
            return new Processors(List.of(), List.of(), all);
        }
        return new Processors(List.of(all.getFirst()), List.of(all.getLast()), all);
    }

    boolean areApart() {
        return !server.isEmpty();
    }

    /** The words before a command that runs where servers do. */
    List<String> serverPrefix() {
        return areApart() ? List.of("taskset", "-c", list(server)) : List.of();
    }

    /** The words before a command that may run anywhere, though this process may be kept to one processor. */
    List<String> anywherePrefix() {
        return areApart() ? List.of("taskset", "-c", list(all)) : List.of();
    }

    /** Keeps this process, all its threads and those to come, to the generator's processor; or lets it go everywhere again. */
    void keepGenerator(boolean apart) throws InterruptedException {
        if (!areApart()) {
            return;
        }
        try {
            new ProcessBuilder(
                            "taskset",
                            "-a",
                            "-p",
                            "-c",
                            list(apart ? generator : all),
                            Long.toString(ProcessHandle.current().pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException gone) {
            throw new IllegalStateException("taskset was there a moment ago", gone);
        }
    }

    private static String list(List<Integer> processors) {
        return String.join(",", processors.stream().map(String::valueOf).toList());
    }

    private static List<Integer> allowed() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(LABEL))
                    .findFirst()
                    .map(line -> numbers(line.substring(LABEL.length()).strip()))
                    .orElse(List.of());
        } catch (IOException | RuntimeException notLinux) {
            return List.of();
        }
    }

    /** Of {@code 0-3,8}. */
    static List<Integer> numbers(String list) {
        List<Integer> numbers = new ArrayList<>();
        for (String part : list.split(",", -1)) {
            String[] ends = part.split("-", 2);
            int last = Integer.parseInt(ends[ends.length - 1]);
            for (int number = Integer.parseInt(ends[0]); number <= last; number++) {
                numbers.add(number);
            }
        }
        return List.copyOf(numbers);
    }

    static boolean isInstalled(String program) {
        String path = System.getenv("PATH");
        return path != null
                && Stream.of(path.split(":", -1))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(program)));
    }
}
