package dev.pumasi.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/** What Linux says of processes in {@code /proc}; see proc(5). Elsewhere everything is 0. */
final class Proc {

    private static final Path ROOT = Path.of("/proc");

    private static final int TEXT_BYTES_MAX = 64;

    private Proc() {}

    /** The memory of this process that lies in RAM. */
    static long residentBytes() throws IOException {
        return 1024 * figure(ROOT.resolve("self/status"), "VmRSS:").orElse(0);
    }

    /** The memory of a process, with what it shares with others divided by their number. */
    static long proportionalBytes(long process) throws IOException {
        return 1024 * figure(ROOT.resolve(process + "/smaps_rollup"), "Pss:").orElse(0);
    }

    /** How often the kernel has put one of this process's threads, or of that other one's, aside for something else. */
    static long contextSwitches(long process) throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(ROOT.resolve(process + "/task"))) {
            for (Path thread : threads) {
                sum += figure(thread.resolve("status"), "voluntary_ctxt_switches:")
                        .orElse(0);
                sum += figure(thread.resolve("status"), "nonvoluntary_ctxt_switches:")
                        .orElse(0);
            }
        } catch (NoSuchFileException elsewhere) {
            return 0;
        }
        return sum;
    }

    /** How many more descriptors this process may open. */
    static int descriptorsLeft() throws IOException {
        int open = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(ROOT.resolve("self/fd"))) {
            for (Path _ : descriptors) {
                open++;
            }
        } catch (NoSuchFileException elsewhere) {
            return 256;
        }
        long most = figure(ROOT.resolve("self/limits"), "Max open files").orElse(256);
        return (int) Math.min(Integer.MAX_VALUE, most - open);
    }

    /** What the machine, or whoever has started this process, has set as a limit; in words. */
    static Map<String, String> limits() throws IOException {
        Map<String, String> limits = new LinkedHashMap<>();
        limits.put("processes of this user", word(ROOT.resolve("self/limits"), "Max processes"));
        limits.put("descriptors of this process", word(ROOT.resolve("self/limits"), "Max open files"));
        limits.put("process and thread ids (kernel.pid_max)", text("sys/kernel/pid_max"));
        limits.put("threads of all (kernel.threads-max)", text("sys/kernel/threads-max"));
        limits.put("mappings of a process, two for a thread (vm.max_map_count)", text("sys/vm/max_map_count"));
        limits.put("heap of this JVM", Runtime.getRuntime().maxMemory() / 1048576 + " MiB");
        return limits;
    }

    private static String text(String name) throws IOException {
        Path file = ROOT.resolve(name);
        if (!Files.isReadable(file)) {
            return "unknown";
        }
        try (InputStream in = Files.newInputStream(file)) {
            // In one read: these files give nothing from any place but their beginning (proc_sys(5)).
            byte[] bytes = new byte[TEXT_BYTES_MAX];
            int length = in.read(bytes);
            return new String(bytes, 0, Math.max(0, length), StandardCharsets.US_ASCII).strip();
        }
    }

    private static OptionalLong figure(Path file, String name) throws IOException {
        String word = word(file, name);
        return word.matches("[0-9]+") ? OptionalLong.of(Long.parseLong(word)) : OptionalLong.empty();
    }

    /** The first word after {@code name}. */
    private static String word(Path file, String name) throws IOException {
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith(name)) {
                    return line.substring(name.length()).strip().split("\\s+")[0];
                }
            }
        } catch (NoSuchFileException elsewhere) {
            return "unknown"; // a thread that has ended meanwhile, or another system
        } catch (IOException gone) {
            if (String.valueOf(gone.getMessage()).contains("No such process")) {
                return "unknown";
            }
            throw gone;
        }
        return "unknown";
    }
}
