package dev.pumasi.web;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.driver.Drivers;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A server behind a proxy, as a process of its own that can be killed. */
final class UpstreamProcess implements AutoCloseable {

    private final Process process;

    private UpstreamProcess(Process process) {
        this.process = process;
    }

    /** Starts it on that port, and returns when it serves. */
    static UpstreamProcess start(int port) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        UpstreamProcess.class.getName(),
                        Integer.toString(port))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (process.getInputStream().read() != '!') {
            process.destroyForcibly().waitFor();
            throw new AssertionError("the server on port " + port + " did not start");
        }
        return new UpstreamProcess(process);
    }

    /** As {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("it does not end: " + process);
        }
    }

    @Override
    public void close() throws Exception {
        kill();
        process.getInputStream().close();
        process.getOutputStream().close();
        process.getErrorStream().close();
    }

    public static void main(String[] arguments) throws Exception {
        String text = "soup ".repeat(5_000);
        HttpServer.builder(request -> Response.text(text))
                .driver(Drivers.AUTO)
                .loops(1)
                .port(Integer.parseInt(arguments[0]))
                .start();
        System.out.print('!');
        System.out.flush();
        // It ends with the one that has started it, however that ends.
        while (System.in.read() >= 0) {
            Thread.onSpinWait();
        }
        Runtime.getRuntime().halt(0);
    }
}
