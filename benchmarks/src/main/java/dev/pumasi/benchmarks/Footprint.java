package dev.pumasi.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The memory a server really holds: for a JVM the live heap after a full collection, plus what is resident outside the
 * heap; for everything else what is resident.
 *
 * <p>A JVM's resident heap says how much it has ever touched, not what it needs, and would drown some hundred bytes per
 * connection in megabytes of garbage.
 *
 * @param heapBytes live objects; 0 where there is no JVM, or none whose collector tells where its heap lies
 * @param nativeBytes resident outside the heap
 */
record Footprint(long heapBytes, long nativeBytes) {
    private static final Pattern GENERATION =
            Pattern.compile("(?:DefNew|Tenured|PSYoungGen|ParOldGen|garbage-first heap) .* used (\\d+)K.*"
                    + "\\[0x([0-9a-f]+), (?:0x[0-9a-f]+, )?0x([0-9a-f]+)\\)");
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) .*");

    static Footprint of(Server server) throws IOException, InterruptedException {
        final var executable = Path.of("/proc/" + server.pid() + "/exe").toRealPath();
        if (!executable.endsWith("java")) {
            return new Footprint(0, server.usage().residentBytes());
        }
        final var command = executable.resolveSibling("jcmd").toString();
        // The first collection may leave what only a second one finds dead (references, finished threads).
        ask(command, server.pid(), "GC.run");
        ask(command, server.pid(), "GC.run");
        final var generations = GENERATION.matcher(ask(command, server.pid(), "GC.heap_info"));
        long used = 0;
        long low = Long.MAX_VALUE;
        long high = 0;
        while (generations.find()) {
            used += Long.parseLong(generations.group(1)) * 1024;
            low = Math.min(low, Long.parseUnsignedLong(generations.group(2), 16));
            high = Math.max(high, Long.parseUnsignedLong(generations.group(3), 16));
        }
        return new Footprint(used, residentOutside(server.pid(), low, high));
    }

    private static long residentOutside(long pid, long low, long high) throws IOException {
        long resident = 0;
        boolean counted = false;
        for (final var line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps"), UTF_8)) {
            final var mapping = MAPPING.matcher(line);
            if (mapping.matches()) {
                final var start = Long.parseUnsignedLong(mapping.group(1), 16);
                counted = start < low || start >= high;
            } else if (counted && line.startsWith("Rss:")) {
                resident += Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return resident;
    }

    private static String ask(String jcmd, long pid, String question) throws IOException, InterruptedException {
        final var process = new ProcessBuilder(jcmd, Long.toString(pid), question)
                .redirectErrorStream(true)
                .start();
        final var answer = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("jcmd " + question + ": " + answer.strip());
        }
        return answer;
    }
}
