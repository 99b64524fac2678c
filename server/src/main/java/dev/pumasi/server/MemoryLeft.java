package dev.pumasi.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much memory processes could still have: what the machine has ({@code MemAvailable} in {@code /proc/meminfo}), or what is
 * left to the control group, whichever is less. A look, and no reservation: it finds out who asks for a
 * hundred workers on a small machine, and nothing subtler.
 */
final class MemoryLeft {

    private static final Path MACHINE = Path.of("/proc/meminfo");
    private static final Path GROUP = Path.of("/sys/fs/cgroup");

    private MemoryLeft() {}

    /** In bytes; {@link Long#MAX_VALUE} where nobody says. */
    static long bytes() {
        return Math.min(ofMachine(), ofGroup());
    }

    private static long ofMachine() {
        try {
            for (String line : Files.readAllLines(MACHINE)) {
                if (line.startsWith("MemAvailable:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
                }
            }
        } catch (IOException | NumberFormatException unknown) {
            // no Linux, or one that shows nothing
        }
        return Long.MAX_VALUE;
    }

    private static long ofGroup() {
        try {
            String most = Files.readString(GROUP.resolve("memory.max")).strip();
            String used = Files.readString(GROUP.resolve("memory.current")).strip();
            return most.equals("max") ? Long.MAX_VALUE : Math.max(0, Long.parseLong(most) - Long.parseLong(used));
        } catch (IOException | NumberFormatException unlimited) {
            return Long.MAX_VALUE;
        }
    }

    /** For people. */
    static String text(long bytes) {
        return bytes >= 10L << 30 ? (bytes >> 30) + " GiB" : (bytes >> 20) + " MiB";
    }
}
