package dev.pumasi.admin;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process holds, as the kernel and the JVM say. */
final class ProcessFigures {

    /** Of x86-64 and most aarch64; a kernel with larger pages says so nowhere that needs no call. */
    private static final long PAGE_BYTES = 4096;

    private static final long STARTED_MILLIS =
            ManagementFactory.getRuntimeMXBean().getStartTime();

    private ProcessFigures() {}

    static long uptimeMillis() {
        return Math.max(0, System.currentTimeMillis() - STARTED_MILLIS);
    }

    static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    /** Bytes that a process has in memory; negative where that is not to be known. */
    static long residentBytes(long pid) {
        try {
            String[] words = Files.readString(Path.of("/proc", Long.toString(pid), "statm"), StandardCharsets.US_ASCII)
                    .split(" ");
            return Long.parseLong(words[1]) * PAGE_BYTES;
        } catch (IOException | RuntimeException notLinuxOrGone) {
            return -1;
        }
    }
}
