package dev.pumasi.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process for each connection costs: the time from the beginning of a connection to the first byte of its answer, which
 * is that of starting a JVM, and the memory that JVM then has. {@code benchmarks/forked [ROUNDS [FOLDER]]}:
 * the welcome page, or the index of a folder.
 */
final class ForkedStart {

    private static final int ROUNDS_DEFAULT = 30;
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final long LOOK_NANOS = 5_000_000;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final Pattern SERVING = Pattern.compile("Serving .* on http://[^ ]*:(\\d+)/ .*");

    private ForkedStart() {}

    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : ROUNDS_DEFAULT;
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("pumasi.launcher"),
                "serve",
                "--model",
                "forking",
                "--host",
                "127.0.0.1",
                "--port",
                "0"));
        if (arguments.length > 1) {
            command.add(arguments[1]);
        }
        Process server = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = server.inputReader()) {
            Matcher serving = SERVING.matcher(String.valueOf(out.readLine()));
            if (!serving.matches()) {
                throw new IOException("the server does not serve");
            }
            measure(server.toHandle(), Integer.parseInt(serving.group(1)), rounds);
        } finally {
            server.destroy();
            server.waitFor();
        }
    }

    private static void measure(ProcessHandle server, int port, int rounds) throws IOException {
        double[] millis = new double[rounds];
        long[] resident = new long[rounds];
        long[] own = new long[rounds];
        for (int round = 0; round < rounds; round++) {
            awaitNone(server);
            long begin = System.nanoTime();
            try (Socket socket = new Socket("127.0.0.1", port)) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                if (socket.getInputStream().read() != 'H') {
                    throw new IOException("no answer");
                }
                millis[round] = (System.nanoTime() - begin) / NANOS_PER_MILLI;
                long pid = server.children().mapToLong(ProcessHandle::pid).max().orElseThrow();
                resident[round] = kib(pid, "VmRSS");
                own[round] = kib(pid, "RssAnon");
            }
        }
        Arrays.sort(millis);
        Arrays.sort(resident);
        Arrays.sort(own);
        System.out.printf(
                Locale.ROOT,
                "connection to first byte: median %.0f ms (%.0f to %.0f); resident: median %.1f MiB (largest %.1f), of which not shared with files %.1f MiB; %d connections%n",
                millis[rounds / 2],
                millis[0],
                millis[rounds - 1],
                resident[rounds / 2] / 1024.0,
                resident[rounds - 1] / 1024.0,
                own[rounds / 2] / 1024.0,
                rounds);
    }

    /** The process of the connection before takes a while to end, and would compete with the next. */
    private static void awaitNone(ProcessHandle server) throws IOException {
        long deadlineNanos = System.nanoTime() + TIMEOUT_MILLIS * 1_000_000L;
        while (server.children().findAny().isPresent()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new IOException("the process of a connection does not end");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static long kib(long pid, String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith(field + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("no " + field + " of process " + pid);
    }
}
