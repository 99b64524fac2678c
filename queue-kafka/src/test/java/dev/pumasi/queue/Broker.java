package dev.pumasi.queue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A real Kafka broker, from Kafka's own artifacts: broker and controller in one (KRaft), on free ports of the loopback
 * interface, in a folder of its own. It can be stopped, and started again with what it has.
 *
 * <p>{@link #forAll} is one for all tests of this JVM, in a process of its own: then what a test leaves behind in this one is seen. It
 * ends with its standard input, so it does not outlive us.
 */
final class Broker implements AutoCloseable {

    private static final int START_SECONDS = 60;

    private final Path folder;
    private final int port = freePort();
    private final int controllerPort = freePort();
    private KafkaRaftServer server;

    /** Makes its folder ready. */
    Broker(Path folder) throws Exception {
        this.folder = folder;
        Files.createDirectories(folder);
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
                .setNodeId(1)
                .setClusterId(Uuid.randomUuid().toString())
                .setDirectories(List.of(folder.toString()))
                .setMetadataLogDirectory(folder.toString())
                .setControllerListenerName("CONTROLLER")
                .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                .setIgnoreFormatted(true)
                .run();
    }

    String servers() {
        return "127.0.0.1:" + port;
    }

    Broker start() {
        server = new KafkaRaftServer(KafkaConfig.fromProps(properties(), false), Time.SYSTEM);
        server.startup();
        return this;
    }

    void stop() {
        server.shutdown();
        server.awaitShutdown();
    }

    @Override
    public void close() {
        stop();
    }

    private Properties properties() {
        Properties all = new Properties();
        all.put("process.roles", "broker,controller");
        all.put("node.id", "1");
        all.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        all.put("controller.listener.names", "CONTROLLER");
        all.put("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        all.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        all.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        all.put("log.dirs", folder.toString());
        all.put("auto.create.topics.enable", "false");
        all.put("offsets.topic.num.partitions", "1");
        all.put("offsets.topic.replication.factor", "1");
        all.put("share.coordinator.state.topic.num.partitions", "1");
        all.put("share.coordinator.state.topic.replication.factor", "1");
        all.put("transaction.state.log.num.partitions", "1");
        all.put("transaction.state.log.replication.factor", "1");
        all.put("transaction.state.log.min.isr", "1");
        all.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        // A member that dies is missed soon, and a group of one begins at once.
        all.put("group.consumer.min.session.timeout.ms", "1000");
        all.put("group.consumer.session.timeout.ms", "3000");
        all.put("group.consumer.min.heartbeat.interval.ms", "100");
        all.put("group.consumer.heartbeat.interval.ms", "100");
        all.put("group.initial.rebalance.delay.ms", "0");
        return all;
    }

    private static int freePort() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        } catch (IOException none) {
            throw new IllegalStateException("no port is free", none);
        }
    }

    // ------------------------------------------------------------------------------------------- in a process of its
    // own

    private static String shared;

    /** Where the one for all tests is. */
    static synchronized String forAll() throws Exception {
        if (shared == null) {
            Path folder = Files.createTempDirectory("pumasi-broker");
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx256m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Broker.class.getName(),
                            folder.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, folder)));
            BufferedReader said = process.inputReader();
            shared = said.readLine();
            if (shared == null) {
                throw new IllegalStateException("the broker ended by itself: " + process.waitFor());
            }
        }
        return shared;
    }

    private static void end(Process process, Path folder) {
        process.destroyForcibly();
        try (Stream<Path> all = Files.walk(folder)) {
            process.waitFor(START_SECONDS, TimeUnit.SECONDS);
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException | InterruptedException left) {
            System.err.println("left behind: " + folder);
        }
    }

    /** {@code FOLDER}: says where it is, and runs until its standard input ends. */
    public static void main(String[] arguments) throws Exception {
        Broker broker = new Broker(Path.of(arguments[0])).start();
        System.out.println(broker.servers());
        while (System.in.read() >= 0) {
            // nobody has anything to say to it
        }
        Runtime.getRuntime().halt(0);
    }
}
