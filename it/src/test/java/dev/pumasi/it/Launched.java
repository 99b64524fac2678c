package dev.pumasi.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server started with {@code ./pumasi}, as a process of its own, on a free port of the loopback interface. */
final class Launched implements AutoCloseable {

    private static final Pattern SERVING =
            Pattern.compile("Serving .* on (http://\\S+/) \\((?:model [a-z-]+(?:; driver (.+); \\d+ loops?)?; )?.*\\)");

    private final Process process;
    private final BufferedReader out;
    private final URI uri;
    private final String driver;

    private Launched(Process process, BufferedReader out, Matcher serving) {
        this.process = process;
        this.out = out;
        this.uri = URI.create(serving.group(1));
        this.driver = String.valueOf(serving.group(2)); // "null" for a model without loops
    }

    /** Starts {@code ./pumasi serve} with {@code arguments} and waits until it says that it serves. */
    static Launched serve(String... arguments) throws IOException, InterruptedException {
        return start(List.of("serve"), arguments);
    }

    /** The same with {@code ./pumasi queue serve}. */
    static Launched queue(String... arguments) throws IOException, InterruptedException {
        return start(List.of("queue", "serve"), arguments);
    }

    private static Launched start(List<String> what, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(what);
        command.addAll(List.of("--host", "127.0.0.1", "--port", "0"));
        command.addAll(List.of(arguments));
        Process process = pumasi(command.toArray(String[]::new));
        BufferedReader out = process.inputReader();
        String line = String.valueOf(out.readLine());
        Matcher serving = SERVING.matcher(line);
        if (!serving.matches()) {
            process.destroy();
            process.waitFor();
            out.close();
            throw new AssertionError("expected the line that says where it serves, not: " + line);
        }
        return new Launched(process, out, serving);
    }

    /** Starts the launcher; what it says on standard error goes to the log of the tests. */
    static Process pumasi(String... arguments) throws IOException {
        return pumasi(Map.of(), arguments);
    }

    /** As {@link #pumasi(String...)}, with more in its environment. */
    static Process pumasi(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command =
                // As a terminal starts it: a shell's & and nohup would leave signals ignored, and that is inherited.
                new ArrayList<>(List.of(
                        "env",
                        "--default-signal",
                        Checkout.ROOT.resolve("pumasi").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Checkout.ROOT.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** The next line that it prints. */
    String line() throws IOException {
        return String.valueOf(out.readLine());
    }

    URI uri() {
        return uri;
    }

    String driver() {
        return driver;
    }

    Process process() {
        return process;
    }

    /** Sends {@code signal} and returns the exit status. */
    int end(String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor();
        return process.waitFor();
    }

    /** Leaves no process behind, whatever the test did. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        out.close();
    }
}
