package dev.pumasi.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** How many more files a process may open. A JVM has raised its limit as far as it may; the rest is the system's word. */
final class Descriptors {

    /** For what a load opens besides connections: results, classes, the loops' own. */
    private static final int RESERVED = 32;

    private static final Path SELF = Path.of("/proc/self");
    private static final String LABEL = "Max open files";

    private Descriptors() {}

    /** How many connections this process may open; empty where that is not told. */
    static OptionalLong left() {
        return left(SELF);
    }

    /** The same of another process of this user. */
    static OptionalLong left(long pid) {
        return left(Path.of("/proc", Long.toString(pid)));
    }

    private static OptionalLong left(Path process) {
        try (Stream<String> limits = Files.lines(process.resolve("limits"));
                Stream<Path> open = Files.list(process.resolve("fd"))) {
            String line =
                    limits.filter(each -> each.startsWith(LABEL)).findFirst().orElse("");
            String soft = line.substring(Math.min(LABEL.length(), line.length()))
                    .strip()
                    .split("\\s+", 2)[0];
            return soft.isEmpty() || soft.equals("unlimited")
                    ? OptionalLong.empty()
                    : OptionalLong.of(Math.max(0, Long.parseLong(soft) - open.count() - RESERVED));
        } catch (IOException | RuntimeException notLinux) {
            return OptionalLong.empty();
        }
    }

    /** How many a process may have that raises its limit as far as it may; a JVM does so by itself. Empty where that is not told. */
    static OptionalLong hardLimit() {
        try (Stream<String> limits = Files.lines(SELF.resolve("limits"))) {
            String[] words = limits.filter(each -> each.startsWith(LABEL))
                    .map(line -> line.substring(LABEL.length()).strip().split("\\s+", 3))
                    .findFirst()
                    .orElse(new String[0]);
            return words.length < 2 || words[1].equals("unlimited")
                    ? OptionalLong.empty()
                    : OptionalLong.of(Long.parseLong(words[1]));
        } catch (IOException | RuntimeException notLinux) {
            return OptionalLong.empty();
        }
    }

    /** @throws LoadException if they cannot be opened, with how many can */
    static void require(int connections) throws LoadException {
        OptionalLong left = left();
        if (left.isPresent() && connections > left.getAsLong()) {
            throw new LoadException(
                    connections + " connections need as many file descriptors, and this process may open "
                            + left.getAsLong() + " more: take --connections " + left.getAsLong()
                            + " or fewer, or raise the limit (ulimit -n " + (connections + 1024)
                            + ", as root if it is refused).");
        }
    }
}
