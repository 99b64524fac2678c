package dev.pumasi.lab;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where something was measured: figures mean little without it.
 *
 * @param processor its name, as the kernel tells it
 * @param processors how many this process may use
 * @param system kernel and architecture
 * @param jdk version and vendor
 * @param flags what the JVM was started with
 */
public record Environment(String processor, int processors, String system, String jdk, List<String> flags) {

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    /** This process on this machine. */
    public static Environment here() {
        return new Environment(
                processorName(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vm.version") + " " + System.getProperty("java.vendor"),
                List.copyOf(ManagementFactory.getRuntimeMXBean().getInputArguments()));
    }

    private static String processorName() {
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException | RuntimeException notLinux) {
            return "unknown";
        }
    }
}
