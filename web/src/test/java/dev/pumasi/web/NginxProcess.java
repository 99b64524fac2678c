package dev.pumasi.web;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real nginx with a configuration, where it is installed: what it answers is right by definition. */
final class NginxProcess implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/nginx");

    private static final Duration START_MAX = Duration.ofSeconds(60);

    /** What a test's nginx needs beside what is tested. */
    private static final String BEFORE = """
            user root;
            daemon off;
            worker_processes 1;
            pid %1$s/nginx.pid;
            error_log %1$s/error.log;
            events { worker_connections 256; }
            """;

    private static final String WITHIN = """
            access_log off;
            absolute_redirect off;
            client_body_temp_path %1$s/t1;
            proxy_temp_path %1$s/t2;
            fastcgi_temp_path %1$s/t3;
            uwsgi_temp_path %1$s/t4;
            scgi_temp_path %1$s/t5;
            """;

    private final Process process;

    private NginxProcess(Process process) {
        this.process = process;
    }

    static boolean isInstalled() {
        return Files.isExecutable(PROGRAM);
    }

    /** @param http what stands in the block of that name */
    static NginxProcess start(Path folder, String http, int port) throws IOException, InterruptedException {
        Path prefix = Files.createTempDirectory(folder, "nginx");
        copyIncluded(prefix);
        Path file = Files.writeString(
                prefix.resolve("nginx.conf"),
                BEFORE.formatted(prefix) + "http {\n" + WITHIN.formatted(prefix) + http + "\n}\n");
        Process process = new ProcessBuilder(PROGRAM.toString(), "-p", prefix.toString(), "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(prefix.resolve("output").toFile())
                .start();
        NginxProcess started = new NginxProcess(process);
        long deadline = System.nanoTime() + START_MAX.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return started;
            } catch (IOException notYet) {
                if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                    String why = Files.readString(prefix.resolve("output"));
                    started.close();
                    throw new IOException("nginx does not start: " + why, notYet);
                }
                process.waitFor(20, TimeUnit.MILLISECONDS);
            }
        }
    }

    /** The files of its package that a configuration includes: they are looked for beside that. */
    private static void copyIncluded(Path prefix) throws IOException {
        Files.createDirectory(prefix.resolve("snippets"));
        for (String name :
                List.of("mime.types", "fastcgi_params", "fastcgi.conf", "proxy_params", "snippets/fastcgi-php.conf")) {
            Path from = Path.of("/etc/nginx", name);
            if (Files.exists(from)) {
                Files.copy(from, prefix.resolve(name));
            }
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException hurry) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
