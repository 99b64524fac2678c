package dev.pumasi.services;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.HttpClient;
import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Command;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.driver.Redirect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The three processes. Used by one green thread at a time. */
final class Town implements AutoCloseable {

    private static final Duration START_PATIENCE = Duration.ofSeconds(60);

    private final Loop loop;
    private final Way way;
    private final Path folder;
    private final Duration patience;
    private final Map<String, ChildProcess> processes = new HashMap<>();
    private final Map<String, Integer> ports = new HashMap<>();

    private Town(Loop loop, Way way, Path folder, Duration patience) {
        this.loop = loop;
        this.way = way;
        this.folder = folder;
        this.patience = patience;
    }

    /**
     * Starts them, whom the others need first.
     *
     * @param patience how long each waits for another one, when they call each other
     */
    static Town open(Loop loop, Way way, Path folder, Duration patience) throws IOException {
        Town town = new Town(loop, way, folder, patience);
        try {
            List<String> order = switch (way) {
                case CALLS -> List.of("mail", "stock", "orders");
                case QUEUE -> List.of("orders", "stock", "mail");
            };
            for (String role : order) {
                town.start(role);
            }
            return town;
        } catch (IOException | RuntimeException failed) {
            town.close();
            throw failed;
        }
    }

    String url(String role) {
        return "http://127.0.0.1:" + ports.get(role);
    }

    /** Whom that one asks. */
    private String other(String role) {
        return switch (way) {
            case CALLS ->
                switch (role) {
                    case "orders" -> url("stock");
                    case "stock" -> url("mail");
                    default -> "nobody";
                };
            case QUEUE -> role.equals("orders") ? "nobody" : url("orders") + Orders.QUEUE_PATH;
        };
    }

    /** Starts it, on the port that it had, and waits until it is ready. */
    void start(String role) throws IOException {
        String java = ProcessHandle.current().info().command().orElse("java");
        ChildProcess process = Command.of(
                        java,
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx96m",
                        "-Djava.util.logging.SimpleFormatter.format=" + role + ": %5$s%n",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Service.class.getName(),
                        role,
                        way.name().toLowerCase(Locale.ROOT),
                        folder.toString(),
                        Integer.toString(ports.getOrDefault(role, 0)),
                        other(role),
                        Long.toString(patience.toMillis()))
                .input(Redirect.Plain.PIPE)
                .error(new Redirect.File(folder.resolve(role + ".log"), true))
                .start(loop)
                .await();
        processes.put(role, process);
        process.output().setTimeout(START_PATIENCE);
        byte[] buffer = new byte[256];
        String said = "";
        while (said.indexOf('\n') < 0) {
            int read = process.output().read(buffer, 0, buffer.length);
            if (read < 0) {
                throw new IOException(role + " did not start; what it said is in " + folder.resolve(role + ".log"));
            }
            said += new String(buffer, 0, read, StandardCharsets.US_ASCII);
        }
        if (!said.startsWith(Service.READY)) {
            throw new IOException(role + " said '" + said.strip() + "'");
        }
        ports.put(role, Integer.parseInt(said.substring(Service.READY.length()).strip()));
    }

    /** {@code kill -9}, and waits until it is dead. */
    void kill(String role) throws IOException {
        ChildProcess process = processes.remove(role);
        if (process != null) {
            process.kill(UnixSignal.KILL);
            process.exit().await();
            process.close();
        }
    }

    /** From now on each letter takes so long. */
    void slowMail(HttpClient client, Duration letter) throws IOException {
        try (ClientResponse answer =
                client.send(ClientRequest.of("POST", url("mail") + "/slow/" + letter.toMillis()))) {
            if (!answer.isSuccessful()) {
                throw new IOException("mail does not obey: " + answer.status());
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (String role : List.copyOf(processes.keySet())) {
            kill(role);
        }
    }
}
