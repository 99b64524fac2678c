package dev.pumasi.cli;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Exit;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.driver.Redirect;
import dev.pumasi.server.ApplicationChoice;
import dev.pumasi.server.Rehearsal;
import dev.pumasi.server.WorkerSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code pumasi rehearse}: the run from which the JVM learns what a start needs.
 *
 * <p>The launcher runs it once after a build, with {@code -XX:AOTCacheOutput}. It goes the way of {@code pumasi serve
 * DIR}, command line included, on a free port of the loopback interface: it asks for what browsers and load
 * generators ask for, then stops the server with the signal an operator would use. What happens here is loaded,
 * linked and profiled at the next start; what does not happen here is only slower at its first use.
 *
 * <p>{@code pumasi rehearse --connection -- JAVA FLAGS -jar JAR} does the same for a process that serves one connection: it starts
 * one as {@link dev.pumasi.server.Forker} does, with those flags, and asks it for a page and a file.
 */
@Command(name = "rehearse", hidden = true, description = "Serve a few requests to itself and stop.")
final class RehearseCommand implements Callable<Integer> {

    private static final int ROUNDS = 200;
    private static final int RESPONSE_BYTES_MAX = 1 << 20;
    private static final int SOCKET_TIMEOUT_MILLIS = 5_000;
    private static final long STOP_TIMEOUT_SECONDS = 20;
    private static final Pattern PORT = Pattern.compile("http://[^ ]*:(\\d+)/");

    /** How long a process for a connection may take to serve, and then to write its cache. */
    private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(60);

    @Option(
            names = "--connection",
            description = "Rehearse a process for a connection instead: one that this command line starts.")
    private boolean connection;

    @Parameters(paramLabel = "COMMAND", description = "With --connection: java, its flags, the jar.")
    private List<String> command = List.of();

    RehearseCommand() {}

    @Override
    public Integer call() throws Exception {
        Path folder = Files.createTempDirectory("pumasi-rehearsal");
        Path page = Files.writeString(folder.resolve("index.html"), "<!doctype html><title>Rehearsal</title>");
        Map<String, String> settings = Map.of(FilesApplication.FOLDER, folder.toString());
        try {
            if (connection) {
                rehearseConnection(new ApplicationChoice(RehearsedApplication.class.getName(), List.of(), settings));
            } else {
                rehearse(folder);
                Rehearsal.run(new ApplicationChoice(FilesApplication.class.getName(), List.of(), settings));
            }
        } finally {
            Files.delete(page);
            Files.delete(folder);
        }
        return 0;
    }

    /** The very way of {@code serve --model forking}: a process that has a connection as its standard input. */
    private void rehearseConnection(ApplicationChoice application) throws Exception {
        List<String> words = new ArrayList<>(command);
        words.add(CrewOptions.CONNECTION);
        words.addAll(WorkerSettings.of(application).arguments());
        try (LoopGroup loops = LoopGroup.start("pumasi-rehearsal", 1, "epoll")) {
            BlockingQueue<Operation<ChildProcess>> started = new ArrayBlockingQueue<>(1);
            Loop loop = loops.next();
            Listener listener =
                    Listener.open(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), socket -> {
                        started.add(dev.pumasi.runtime.Command.of(words)
                                .pass(socket, 0)
                                .output(Redirect.Plain.INHERIT)
                                .timeLimit(CONNECTION_TIMEOUT)
                                .start(loop));
                        socket.close(); // the process has its own copy
                    });
            askOnce(((InetSocketAddress) listener.address()).getPort());
            Exit exit = started.take().await().exit().await();
            if (!exit.isSuccess()) {
                throw new CannotRun("the process for a connection ended badly: " + exit);
            }
        }
    }

    private static void rehearse(Path folder) throws Exception {
        try (PipedWriter told = new PipedWriter();
                BufferedReader heard = new BufferedReader(new PipedReader(told))) {
            FutureTask<Integer> serving = new FutureTask<>(() -> Pumasi.commandLine()
                    .setOut(new PrintWriter(told, true))
                    .execute("serve", folder.toString(), "--host", "127.0.0.1", "--port", "0"));
            Thread server = Thread.ofPlatform().name("pumasi-rehearsal").start(serving);
            // A server that cannot start ends its thread, and with it the pipe: readLine then fails instead of waiting.
            Matcher port = PORT.matcher(String.valueOf(heard.readLine()));
            if (!port.find()) {
                throw new CannotRun("the server did not say where it serves");
            }
            for (int round = 0; round < ROUNDS; round++) {
                ask(Integer.parseInt(port.group(1)));
            }
            StopSignals.raise();
            stopped(serving);
            server.join();
        }
    }

    private static void stopped(FutureTask<Integer> serving)
            throws CannotRun, InterruptedException, ExecutionException {
        try {
            int status = serving.get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (status != 0) {
                throw new CannotRun("the server ended with status " + status);
            }
        } catch (TimeoutException late) {
            throw new CannotRun("the server did not stop within " + STOP_TIMEOUT_SECONDS + " s", late);
        }
    }

    /** The page, a file, and the end: what is asked here is fast to answer for a process that has just been started. */
    private static void askOnce(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) CONNECTION_TIMEOUT.toMillis());
            String fields = "Host: localhost\r\nUser-Agent: pumasi\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n";
            String requests = "GET / HTTP/1.1\r\n" + fields + "\r\nGET /index.html HTTP/1.1\r\n" + fields
                    + "Connection: close\r\n\r\n";
            socket.getOutputStream().write(requests.getBytes(StandardCharsets.US_ASCII));
            String answers =
                    new String(socket.getInputStream().readNBytes(RESPONSE_BYTES_MAX), StandardCharsets.US_ASCII);
            if (answers.split("HTTP/1.1 200", -1).length != 3) {
                throw new IOException("the process for a connection did not answer as it should: " + answers);
            }
        }
    }

    /** One connection: a page, one that is not there, and the page again, unchanged. */
    private static void ask(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(SOCKET_TIMEOUT_MILLIS);
            String fields = "Host: localhost\r\nUser-Agent: pumasi\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n";
            String since = "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\nConnection: close\r\n";
            String requests = "GET / HTTP/1.1\r\n" + fields + "\r\n"
                    + "GET /missing HTTP/1.1\r\n" + fields + "\r\n"
                    + "GET /index.html HTTP/1.1\r\n" + fields + since + "\r\n";
            socket.getOutputStream().write(requests.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            if (in.readNBytes(RESPONSE_BYTES_MAX).length == 0) {
                throw new IOException("the server closed the connection without an answer");
            }
        }
    }
}
