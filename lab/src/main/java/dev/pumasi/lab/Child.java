package dev.pumasi.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A process that the lab has started, and what it says: its lines are taken one by one, and the last ones kept for the message if it ends
 * when it should not. Closed, neither it nor what it has started is left.
 */
final class Child implements AutoCloseable {

    /** More that nobody takes is thrown away: a server that logs must not be held up by its log. */
    private static final int LINES_WAITING_MAX = 100_000;

    private static final int LINES_KEPT = 5;
    private static final long STOP_SECONDS = 3;

    private final String name;
    private final Process process;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>(LINES_WAITING_MAX);

    /** Guarded by itself. */
    private final Deque<String> last = new ArrayDeque<>();

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
        Thread.ofPlatform().daemon().name("pumasi-lab-hears-" + name).start(this::hear);
    }

    /** @throws LabException if it cannot be started */
    static Child start(String name, List<String> command, Map<String, String> environment) throws LabException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            return new Child(name, builder.start());
        } catch (IOException refused) {
            throw new LabException(name + " cannot be started: " + refused.getMessage(), refused);
        }
    }

    private void hear() {
        try (BufferedReader out = process.inputReader()) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                synchronized (last) {
                    last.addLast(line);
                    if (last.size() > LINES_KEPT) {
                        last.removeFirst();
                    }
                }
                boolean _ = lines.offer(Optional.of(line));
            }
        } catch (IOException cut) {
            // it was destroyed
        }
        while (!lines.offer(Optional.empty())) {
            lines.poll(); // the end must be seen
        }
    }

    /** The next line; empty at the end of all it has said, or when {@code seconds} have gone. Blocks. */
    Optional<String> line(long seconds) throws InterruptedException {
        Optional<String> line = lines.poll(seconds, TimeUnit.SECONDS);
        return line == null ? Optional.empty() : line;
    }

    /** Says something to it. */
    void say(String line) throws LabException {
        try {
            process.getOutputStream().write((line + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException gone) {
            throw ended();
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** That it has ended when it should not, with its last words. */
    LabException ended() {
        String words;
        synchronized (last) {
            words = last.stream()
                    .filter(line -> !line.isBlank())
                    .map(String::strip)
                    .collect(Collectors.joining(" / "));
        }
        return new LabException(name
                + (process.isAlive() ? " said nothing more" : " ended with status " + process.exitValue())
                + (words.isEmpty() ? "" : ": " + words));
    }

    @Override
    public void close() {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        process.destroy();
        boolean interrupted = false;
        try {
            boolean _ = process.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException hurried) {
            interrupted = true;
        }
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
