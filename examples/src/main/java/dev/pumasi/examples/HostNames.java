package dev.pumasi.examples;

import dev.pumasi.runtime.Connector;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopSocketFactory;
import dev.pumasi.runtime.NameSource;
import dev.pumasi.runtime.Names;
import dev.pumasi.runtime.NamesSettings;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Names and other people's sockets (N1): a green thread connects by name, many ask for one name that takes its time, and
 * blocking code of {@code java.net} runs on the loop. Nothing here blocks the loop, and nobody hops.
 */
final class HostNames {

    static final int THREADS = 1_000;

    /** What came of each step, how often the source of names was asked, and the loop's hops. */
    record Facts(Map<String, String> answers, long asked, long hops) {}

    private final Story story;
    private final SlowServer server;
    private final LoopGroup loops;
    private final Map<String, String> answers = new ConcurrentHashMap<>();

    private HostNames(Story story, SlowServer server, LoopGroup loops) {
        this.story = story;
        this.server = server;
        this.loops = loops;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 100);
    }

    static Facts run(Story story, String driver, int millis) throws Exception {
        // A source of names with two of its own, and slow; the JDK's resolver is NameSource.JDK.
        ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();
        NameSource source = name -> {
            CountDownLatch answer = new CountDownLatch(1);
            var unused = later.schedule(answer::countDown, millis, TimeUnit.MILLISECONDS);
            try {
                answer.await();
            } catch (InterruptedException stop) {
                throw new UnknownHostException(name);
            }
            return switch (name) {
                case "soup.example" -> List.of(InetAddress.ofLiteral("127.0.0.1"));
                case "spam.example" -> List.of(InetAddress.ofLiteral("127.0.0.2"), InetAddress.ofLiteral("127.0.0.1"));
                default -> throw new UnknownHostException(name);
            };
        };
        try (later;
                SlowServer server = SlowServer.start(driver);
                LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(driver).factory());
                Names names = Names.open(NamesSettings.DEFAULT, source)) {
            return new HostNames(story, server, loops).show(names);
        }
    }

    private Facts show(Names names) throws Exception {
        Connector connector = new Connector(names);
        story.tell(THREADS + " green threads ask for soup.example, which takes its time");
        onGreenThreads(
                THREADS, () -> names.resolve(loops.next(), "soup.example").await());
        story.tell("all have it; the source was asked " + names.status().asked() + " time");

        onGreenThreads(1, () -> {
            for (String host : List.of("localhost", "127.0.0.1", "soup.example", "spam.example")) {
                tell(host, download(connector, host));
            }
            for (String host : List.of("nobody.invalid", "rice.example", "no name")) {
                tell(host, download(connector, host));
            }
            tell("java.net.Socket", downloadWithJavaNet());
        });
        long hops = loops.next().status().hops();
        story.tell("hops: " + hops);
        return new Facts(new TreeMap<>(answers), names.status().asked(), hops);
    }

    private void tell(String what, String answer) {
        story.tell(what + ": " + answer);
        answers.put(what, answer);
    }

    private String download(Connector connector, String host) throws IOException {
        try (StreamSocket socket =
                connector.connect(loops.next(), host, server.port()).await()) {
            socket.write(SlowServer.request(1, host).getBytes());
            socket.flush();
            return new String(socket.inputStream().readAllBytes()).strip();
        } catch (OperationException failure) {
            return failure.failure() + ", " + failure.failure().remedy();
        }
    }

    /** As any library writes it that was given a SocketFactory. */
    private String downloadWithJavaNet() throws IOException {
        try (Socket socket = new LoopSocketFactory().createSocket("localhost", server.port())) {
            socket.getOutputStream().write(SlowServer.request(1, "java.net").getBytes());
            return new String(socket.getInputStream().readAllBytes()).strip();
        }
    }

    private interface Body {
        void run() throws IOException;
    }

    private void onGreenThreads(int count, Body body) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            loops.next().spawn(() -> {
                try {
                    body.run();
                } catch (IOException failure) {
                    story.tell(failure.toString());
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
    }
}
