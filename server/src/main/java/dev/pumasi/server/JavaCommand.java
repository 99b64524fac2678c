package dev.pumasi.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line of a further JVM that runs this program: the same java, the same flags, the same jar or class path, and so
 * the same ahead-of-time cache; only with less memory, since there are several of it.
 *
 * <p>Flags are taken from this process's own command line, where the system shows it ({@code /proc/self/cmdline}); without
 * it, those are given that Pumasi needs. The files are looked at by the new JVM: a jar that was exchanged meanwhile is the one
 * that counts. Exchange it by renaming another onto it; a JVM that runs reads the file it has opened, and dies of
 * one that is overwritten.
 */
final class JavaCommand {

    /** What a JVM that runs workers has beside its heap: code, classes, stacks, the loops' buffers. Measured, and rounded up. */
    static final long BESIDE_HEAP_BYTES = 48L << 20;

    /** The largest heap of a worker, unless its flags say otherwise. */
    static final int HEAP_MIB_DEFAULT = 64;

    /**
     * Maps the ahead-of-time cache where it was made to lie, instead of at a random address: its pages need no changes then, and
     * processes share them. Saves 9 MiB each of a cache of 25.
     */
    private static final String UNMOVED = "-XX:ArchiveRelocationMode=0";

    /** Reflection without code that is made for each method: whoever calls one once, as this process does, only waits for that. */
    private static final String REFLECT = "-Djdk.reflect.useNativeAccessorOnly=true";

    private static final String UNLOCK = "-XX:+UnlockDiagnosticVMOptions";

    /** The flag of the cache, and what is in the names of those that were made for processes that serve one connection. */
    private static final String CACHE = "-XX:AOTCache=";

    private static final String CACHE_ENDING = ".aot";
    private static final String CONNECTION_CACHE_ENDING = "-connection.aot";

    /** The largest heap of a process that serves one connection. */
    static final int CONNECTION_HEAP_MIB = 32;

    /**
     * A worker's own flags, before the others, so that those win. A JVM that is out of memory is of no more use to anybody: it ends, and
     * the supervisor starts another. {@code -Xss} bounds what a thread that recurses without end can take.
     */
    private static final List<String> SMALL = List.of(
            "-Xms8m",
            "-Xmx" + HEAP_MIB_DEFAULT + "m",
            "-Xss512k",
            "-XX:ReservedCodeCacheSize=32m",
            "-XX:+ExitOnOutOfMemoryError",
            UNLOCK,
            UNMOVED);

    /**
     * Those of a process that serves one connection: it lives too short for the second compiler to pay, and has one thread.
     */
    private static final List<String> SMALLEST = List.of(
            "-Xms4m",
            "-Xmx" + CONNECTION_HEAP_MIB + "m",
            "-Xss256k",
            "-XX:ReservedCodeCacheSize=16m",
            "-XX:TieredStopAtLevel=1",
            "-XX:CICompilerCount=1",
            REFLECT,
            "-XX:+ExitOnOutOfMemoryError",
            UNLOCK,
            UNMOVED);

    private static final List<String> NEEDED = List.of(
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "-XX:-UsePerfData",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED");

    private JavaCommand() {}

    /**
     * A JVM that runs {@code mainClass}, or, if this one was started with {@code -jar}, the same jar with {@code subcommand} as its
     * first argument: only with the very command line of the jar does the ahead-of-time cache fit.
     */
    static List<String> of(String subcommand, String mainClass) {
        return of(SMALL, subcommand, mainClass);
    }

    /** As {@link #of(String, String)}, for a process that serves one connection. */
    static List<String> ofSmallest(String subcommand, String mainClass) {
        return of(SMALLEST, subcommand, mainClass).stream()
                .map(JavaCommand::withSmallestCache)
                .toList();
    }

    /** A cache that has only what such a process needs is faster to map, and smaller, if the launcher has made one. */
    private static String withSmallestCache(String word) {
        if (!word.startsWith(CACHE) || !word.endsWith(CACHE_ENDING)) {
            return word;
        }
        String own = word.substring(0, word.length() - CACHE_ENDING.length()) + CONNECTION_CACHE_ENDING;
        return Files.isReadable(Path.of(own.substring(CACHE.length()))) ? own : word;
    }

    private static List<String> of(List<String> size, String subcommand, String mainClass) {
        String[] own = ProcessHandle.current().info().arguments().orElse(new String[0]);
        int jar = subcommand.isEmpty() ? -1 : indexOfJar(own);
        List<String> command = java(size);
        if (jar >= 0) {
            command.addAll(List.of(own).subList(0, jar + 1));
            command.add(subcommand);
            return command;
        }
        command.addAll(NEEDED);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        return command;
    }

    private static List<String> java(List<String> size) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current()
                .info()
                .command()
                .orElse(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(size);
        return command;
    }

    /** Where the jar is named, or −1. */
    private static int indexOfJar(String[] own) {
        for (int i = 0; i + 1 < own.length; i++) {
            switch (own[i]) {
                case "-jar" -> {
                    return i + 1;
                }
                case "-cp", "-classpath", "--class-path" -> {
                    return -1;
                }
                default -> {}
            }
        }
        return -1;
    }

    /** The largest heap that the flags allow, in bytes. */
    static long heapBytes(List<String> command) {
        long bytes = (long) HEAP_MIB_DEFAULT << 20;
        for (String word : command) {
            if (word.startsWith("-Xmx") && word.length() > 5) {
                bytes = bytes(word.substring(4), bytes);
            }
        }
        return bytes;
    }

    private static long bytes(String size, long otherwise) {
        int shift = switch (Character.toLowerCase(size.charAt(size.length() - 1))) {
            case 'k' -> 10;
            case 'm' -> 20;
            case 'g' -> 30;
            default -> 0;
        };
        try {
            return Long.parseLong(shift == 0 ? size : size.substring(0, size.length() - 1)) << shift;
        } catch (NumberFormatException unreadable) {
            return otherwise; // the JVM will say so
        }
    }
}
