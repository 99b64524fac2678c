package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Outcome;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Two roads to asynchrony (S02): five slow downloads overlap, because each has a thread that blocks for it; or
 * because one thread starts all of them and never blocks for any. That thread is {@code main} itself, which drives a
 * loop by hand.
 */
final class OneThread {

    static final int DOWNLOADS = 5;

    /** All downloads of one road, and how many requests the server saw at the same time. */
    record Road(String name, List<Download> downloads, int mostAtOnce) {

        Set<Thread> threads() {
            return downloads.stream()
                    .flatMap(download -> download.threads.stream())
                    .collect(Collectors.toSet());
        }
    }

    private OneThread() {}

    static void main(String[] args) throws Exception {
        if (JsonLines.isAsked(args)) {
            Story nobody = new Story(new PrintStream(OutputStream.nullOutputStream()));
            run(nobody, Drivers.AUTO, 1); // what is shown should not be class loading
            print(run(nobody, Drivers.AUTO, 200));
            return;
        }
        Story story = new Story(System.out);
        String driver = args.length > 0 ? args[0] : Drivers.AUTO;
        run(story, driver, 200);
    }

    private static void print(List<Road> roads) {
        for (Road road : roads) {
            long first = road.downloads.stream()
                    .mapToLong(download -> download.beganNanos)
                    .min()
                    .orElseThrow();
            for (Download download : road.downloads) {
                JsonLines.print(
                        "download",
                        "road",
                        road.name,
                        "name",
                        download.name,
                        "threads",
                        road.threads().size(),
                        "from",
                        (download.beganNanos - first) / 1e6,
                        "to",
                        (download.endedNanos - first) / 1e6);
            }
        }
    }

    static List<Road> run(Story story, String driver, int millis) throws Exception {
        List<Road> roads = new ArrayList<>();
        try (SlowServer server = SlowServer.start(driver).awaitAtOnce(DOWNLOADS)) {
            roads.add(new Road(
                    "road 1: five threads, each blocks", fiveThreads(server.port(), millis), server.mostAtOnce()));
        }
        try (SlowServer server = SlowServer.start(driver).awaitAtOnce(DOWNLOADS)) {
            roads.add(new Road(
                    "road 2: one thread, nothing blocks", oneLoop(server, driver, millis), server.mostAtOnce()));
        }
        for (Road road : roads) {
            Download.draw(story, road.name, road.downloads, road.mostAtOnce);
        }
        return roads;
    }

    /** Blocking sockets, as everybody writes them: a thread for each. */
    private static List<Download> fiveThreads(int port, int millis) throws InterruptedException {
        List<Download> downloads = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < DOWNLOADS; i++) {
            int number = i;
            threads.add(Thread.ofPlatform().name("thread-" + (i + 1)).start(() -> {
                Download download = new Download(number);
                synchronized (downloads) {
                    downloads.add(download);
                }
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    socket.getOutputStream()
                            .write(SlowServer.request(millis, download.name).getBytes());
                    download.end(new String(socket.getInputStream().readAllBytes()).strip());
                } catch (IOException failure) {
                    download.end(failure.toString());
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        downloads.sort((one, other) -> one.name.compareTo(other.name));
        return downloads;
    }

    /** The same with operations: this thread starts them all, and turns the loop until the last is done. */
    private static List<Download> oneLoop(SlowServer server, String driver, int millis) {
        Loop loop = Loop.open("loop", Drivers.choose(driver).factory());
        try {
            List<Overlapped> downloads = new ArrayList<>();
            for (int i = 0; i < DOWNLOADS; i++) {
                Overlapped download = new Overlapped(new Download(i), millis);
                StreamSocket.connect(loop, server.address()).onDone(download::connected);
                downloads.add(download);
            }
            while (downloads.stream().anyMatch(download -> download.of.endedNanos == 0)) {
                loop.turn(Driver.FOREVER);
            }
            return downloads.stream().map(download -> download.of).toList();
        } finally {
            loop.close();
        }
    }

    /** A download as a chain of callbacks: connected, sent, received, received, …, the end. */
    private static final class Overlapped {

        private final Download of;
        private final Buffer request;
        private final Buffer answer = Buffer.allocate(256);
        private final StringBuilder text = new StringBuilder();
        private @Nullable StreamSocket socket;

        Overlapped(Download of, int millis) {
            this.of = of;
            request = Buffer.of(SlowServer.request(millis, of.name));
        }

        void connected(Outcome<StreamSocket> outcome) {
            switch (outcome) {
                case Success<StreamSocket>(StreamSocket connected) -> {
                    socket = connected;
                    connected.send(request, 0, request.capacity()).onDone(sent -> receive(connected));
                }
                case Failed<StreamSocket>(Throwable failure) -> end(failure.toString());
            }
        }

        private void receive(StreamSocket connected) {
            of.threads.add(Thread.currentThread());
            connected.receive(answer, 0, answer.capacity()).onDone(outcome -> {
                switch (outcome) {
                    case Success<Integer>(Integer length)
                    when length > 0 -> {
                        text.append(answer.utf8(0, length));
                        receive(connected);
                    }
                    case Success<Integer> theEnd -> end(text.toString().strip());
                    case Failed<Integer>(Throwable failure) -> end(failure.toString());
                }
            });
        }

        private void end(String what) {
            of.end(what);
            if (socket != null) {
                socket.close();
            }
        }
    }
}
