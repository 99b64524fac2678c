package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM, for what cannot be shown in this one. */
final class Child {

    private Child() {}

    /** Runs {@code main} after the shell has run {@code before}. What it says on its error stream goes to ours. */
    static Process start(String before, Class<?> main, List<String> flags, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", before + " && exec \"$@\"", "sh"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(flags);
        command.addAll(
                List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
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
