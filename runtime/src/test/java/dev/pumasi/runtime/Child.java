package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Another JVM, for what cannot be shown in this one. */
final class Child {

    private Child() {}

    /** Runs {@code main} after the shell has run {@code before}. What it says on its error stream goes to ours. */
    static Process start(String before, Class<?> main, List<String> flags, List<String> arguments) throws IOException {
        return start(before, main, flags, arguments, List.of());
    }

    /** As {@link #start(String, Class, List, List)}, with these folders before the class path. */
    static Process start(String before, Class<?> main, List<String> flags, List<String> arguments, List<Path> folders)
            throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", before + " && exec \"$@\"", "sh"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(flags);
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of(
                "-cp",
                Stream.concat(folders.stream().map(Path::toString), Stream.of(classPath))
                        .collect(Collectors.joining(File.pathSeparator))));
        command.add(main.getName());
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** The number on the next line, which must begin so. */
    static int expect(BufferedReader lines, String what) throws IOException {
        String line = lines.readLine();
        assertTrue(
                line != null && line.matches(what + " \\d+"), () -> "expected: " + what + ", the other says: " + line);
        return Integer.parseInt(line.substring(what.length() + 1));
    }
}
