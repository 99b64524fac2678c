package dev.pumasi.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code ./pumasi serve site.conf}, as a process of its own, and what an answer of it looks like. */
final class LaunchedSite implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    private final Process process;
    private final BufferedReader out;

    private LaunchedSite(Process process, BufferedReader out) {
        this.process = process;
        this.out = out;
    }

    /** Writes {@code text} into a file in {@code folder}, serves it, and returns when it serves. */
    static LaunchedSite serve(Path folder, String text, String... options) throws IOException, InterruptedException {
        return serveWithin("", folder, text, options);
    }

    /** As {@link #serve}, by a JVM with these flags. */
    static LaunchedSite serveWithin(String flags, Path folder, String text, String... options)
            throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("site.conf"), text);
        List<String> command = new ArrayList<>(List.of("serve", file.toString()));
        command.addAll(List.of(options));
        Process process = Launched.pumasi(Map.of("PUMASI_JAVA_OPTS", flags), command.toArray(String[]::new));
        BufferedReader out = process.inputReader();
        StringBuilder said = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith("Serving ")) {
                return new LaunchedSite(process, out);
            }
            said.append(line).append('\n');
        }
        process.waitFor();
        out.close();
        throw new AssertionError("it does not serve: " + said);
    }

    /** Ports that nobody listens on. */
    static int[] freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            int[] ports = new int[count];
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                sockets.add(socket);
                ports[i] = socket.getLocalPort();
            }
            return ports;
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }

    /** Status line, fields and body of the answer to a request on a connection of its own; bytes as characters. */
    static String ask(int port, String method, String path, byte[] body, String... fields) throws IOException {
        StringBuilder head =
                new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        if (body.length > 0 || method.equals("POST") || method.equals("PUT")) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        head.append("\r\n");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    Process process() {
        return process;
    }

    /** Ends it as an operator does; the exit status. */
    int stop() throws InterruptedException {
        process.destroy();
        return process.waitFor();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        out.close();
    }
}
