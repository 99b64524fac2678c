package dev.pumasi.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server that is measured: {@code pumasi serve}, a process of its own, on a port that was free. */
final class ServerProcess implements AutoCloseable {

    private static final long START_SECONDS = 60;

    /** Enough for a thousand threads, and the same for all, so that nobody collects more often than another. */
    private static final Map<String, String> ENVIRONMENT = Map.of("PUMASI_JAVA_OPTS", "-Xms32m -Xmx512m");

    private static final Pattern SERVING = Pattern.compile("Serving .* on http://\\S+:(\\d+)/ \\((.*)\\)");

    private final String name;
    private final Child child;
    private final int port;
    private final String line;

    private ServerProcess(String name, Child child, int port, String line) {
        this.name = name;
        this.child = child;
        this.port = port;
        this.line = line;
    }

    /**
     * Starts it and waits until it serves.
     *
     * @param command everything before {@code serve}
     * @param words what to serve, and how
     * @throws LabException if it refuses, with what it said
     */
    static ServerProcess start(String name, List<String> command, List<String> words)
            throws LabException, InterruptedException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of("serve", "--host", "127.0.0.1", "--port", "0"));
        all.addAll(words);
        Child child = Child.start(name, all, ENVIRONMENT);
        try {
            Optional<String> line = child.line(START_SECONDS);
            while (line.isPresent()) {
                Matcher serving = SERVING.matcher(line.get());
                if (serving.matches()) {
                    return new ServerProcess(name, child, Integer.parseInt(serving.group(1)), line.get());
                }
                line = child.line(START_SECONDS);
            }
            throw child.ended();
        } catch (LabException | InterruptedException | RuntimeException failed) {
            child.close();
            throw failed;
        }
    }

    String name() {
        return name;
    }

    /** What it said when it served: the driver and the number of loops are in there. */
    String line() {
        return line;
    }

    boolean isAlive() {
        return child.isAlive();
    }

    /** Whether it has ended, and then with what words. */
    LabException ended() {
        return child.ended();
    }

    long pid() {
        return child.handle().pid();
    }

    LoadTarget target(String path) throws LabException {
        try {
            return LoadTarget.of("http://127.0.0.1:" + port + path, false);
        } catch (LoadException wrong) {
            throw new LabException(String.valueOf(wrong.getMessage()), wrong);
        }
    }

    int port() {
        return port;
    }

    /** What it and its workers have used up to now. */
    ProcessUsage usage() throws LabException {
        try {
            return ProcessUsage.of(child.handle());
        } catch (IOException gone) {
            throw child.ended();
        }
    }

    @Override
    public void close() {
        child.close();
    }

    /** All at the same time: each has connections to end, and workers to wait for. */
    static void closeAll(List<ServerProcess> servers) {
        List<Thread> closing = servers.stream()
                .map(server -> Thread.ofPlatform()
                        .name("pumasi-lab-ends-" + server.name)
                        .start(server::close))
                .toList();
        boolean interrupted = false;
        for (Thread each : closing) {
            while (each.isAlive()) {
                try {
                    each.join();
                } catch (InterruptedException hurried) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
