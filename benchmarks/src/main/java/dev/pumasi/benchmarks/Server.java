package dev.pumasi.benchmarks;

import dev.pumasi.lab.ProcessUsage;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** One of the servers under {@code benchmarks/servers}, running as a process pinned to one core. */
final class Server implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(30);
    private static final Duration STOP_MAX = Duration.ofSeconds(5);

    /** The exit status of a start script that lacks a program (sysexits: EX_UNAVAILABLE). */
    private static final int UNAVAILABLE = 69;

    private final String name;
    private final int port;
    private final Process process;

    private Server(String name, int port, Process process) {
        this.name = name;
        this.port = port;
        this.process = process;
    }

    /** Why a server takes no part. */
    static final class UnavailableException extends Exception {
        private static final long serialVersionUID = 1L;

        UnavailableException(String message) {
            super(message);
        }
    }

    /** The names of all servers that there are, in the order of the alphabet. */
    static List<String> names(Path home) throws IOException {
        try (Stream<Path> folders = Files.list(home.resolve("servers"))) {
            return folders.filter(folder -> Files.isExecutable(folder.resolve("start")))
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    /** Starts a server and waits until it gives the right answer. */
    static Server start(String name, int port, int core, Path home)
            throws IOException, InterruptedException, UnavailableException {
        final var script = home.resolve("servers").resolve(name).resolve("start");
        return start(
                name, port, core, home, List.of(script.toString(), Integer.toString(port)), Map.of(), Answer::check);
    }

    /** Says what is wrong with a server's answers, if anything is. */
    @FunctionalInterface
    interface Check {
        Optional<String> fault(InetSocketAddress address) throws IOException;
    }

    /** As the other, of a command that becomes a server on that port. */
    static Server start(
            String name,
            int port,
            int core,
            Path home,
            List<String> command,
            Map<String, String> environment,
            Check check)
            throws IOException, InterruptedException, UnavailableException {
        final var log = Files.createDirectories(home.resolve("target/results")).resolve(name + ".log");
        // taskset becomes the script, the script becomes the server: one process id for all three.
        final var words = new ArrayList<>(List.of("taskset", "-c", Integer.toString(core)));
        words.addAll(command);
        final var builder = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        final var process = builder.start();
        final var server = new Server(name, port, process);
        try {
            server.awaitAnswer(log, check);
            return server;
        } catch (IOException | InterruptedException | UnavailableException failure) {
            server.close();
            throw failure;
        }
    }

    private void awaitAnswer(Path log, Check check) throws IOException, InterruptedException, UnavailableException {
        final var deadlineNanos = System.nanoTime() + START_MAX.toNanos();
        while (true) {
            if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                final var said = Files.readString(log).strip();
                throw new UnavailableException(
                        process.exitValue() == UNAVAILABLE
                                ? said
                                : "ended with status " + process.exitValue() + (said.isEmpty() ? "" : ": " + said));
            }
            try {
                final var fault = check.fault(address());
                if (fault.isEmpty()) {
                    return;
                }
                throw new UnavailableException("its answer is wrong: " + fault.get());
            } catch (ConnectException notYet) {
                if (System.nanoTime() > deadlineNanos) {
                    throw new UnavailableException("did not answer within " + START_MAX.toSeconds() + " s; see " + log);
                }
            } catch (IOException fault) {
                throw new UnavailableException("its answer is wrong: " + fault.getMessage());
            }
        }
    }

    String name() {
        return name;
    }

    int port() {
        return port;
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    ProcessUsage usage() throws IOException {
        return ProcessUsage.of(process.toHandle());
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
