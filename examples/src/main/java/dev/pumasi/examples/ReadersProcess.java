package dev.pumasi.examples;

import dev.pumasi.runtime.ChildProcess;
import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process full of green threads, each of which is parked in the read of a connection of its own. It says what each costs, and
 * holds them until its standard input ends.
 *
 * <p><b>Cold and compiled.</b> What a parked thread keeps is its stack, and the frames of the JVM's interpreter are three times as large as
 * those of its compilers. So they are held, counted and let go of several times, with fresh connections each time: the first
 * time is what a program has that has just started, the last ones are what a server has that has run for a second; of those, the
 * median counts.
 *
 * <p>The connections are there before; what is measured is what it takes to read in direct style.
 */
final class ReadersProcess {

    /** After two or three nothing changes any more. */
    private static final int ROUNDS = 9;

    private static final int ROUNDS_COUNTED = 5;

    /** How many connections wait to be accepted at most. */
    private static final int CONNECTIONS_AT_ONCE = 200;

    private static final int LINE_BYTES_MAX = 100;

    /**
     * What such a process says.
     *
     * @param count how many it holds
     * @param coldBytes what each took the first time
     * @param warmBytes what each takes now
     * @param hops how many wake-ups came from foreign threads
     */
    record Told(int count, long coldBytes, long warmBytes, long hops) {}

    private final Loop loop;
    private final int count;

    private ReadersProcess(Loop loop, int count) {
        this.loop = loop;
        this.count = count;
    }

    /**
     * The command line of one that holds so many, with the flags that {@code ./pumasi} gives to a server. A thread takes its share of the
     * heap in pieces, which count as used from the start: small ones, or they would show as some 200 bytes of each reader.
     */
    static List<String> command(String driver, int count) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-XX:-UsePerfData",
                "-XX:TLABSize=32k",
                "-XX:-ResizeTLAB",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ReadersProcess.class.getName(),
                driver,
                Integer.toString(count));
    }

    /** Waits for what it says; it holds them from then on. */
    static Told told(ChildProcess child) throws IOException {
        byte[] line = new byte[LINE_BYTES_MAX];
        int length = 0;
        while (length == 0 || line[length - 1] != '\n') {
            int more = child.output().read(line, length, line.length - length);
            if (more <= 0) {
                throw new IOException("the process of the readers has ended, or says too much");
            }
            length += more;
        }
        long[] figures = Arrays.stream(new String(line, 0, length, StandardCharsets.US_ASCII)
                        .strip()
                        .split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
        return new Told((int) figures[0], figures[1], figures[2], figures[3]);
    }

    public static void main(String[] args) throws Exception {
        try (LoopGroup loops =
                LoopGroup.start("readers", 1, Drivers.choose(args[0]).factory())) {
            Loop loop = loops.next();
            new ReadersProcess(loop, Integer.parseInt(args[1])).run();
        }
    }

    private void run() throws Exception {
        List<Long> bytes = new ArrayList<>();
        for (int round = 1; round <= ROUNDS; round++) {
            round(bytes, round == ROUNDS);
        }
    }

    private void round(List<Long> bytes, boolean last) throws Exception {
        Path folder = Files.createTempDirectory("pumasi-readers");
        List<StreamSocket> clients = new ArrayList<>();
        List<StreamSocket> sockets = new ArrayList<>();
        List<Thread> threads = new ArrayList<>(count);
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
        AtomicInteger accepted = new AtomicInteger();
        try (Listener listener = Listener.open(loop, address, socket -> {
            sockets.add(socket); // on the loop; read here when all have been accepted
            accepted.incrementAndGet();
        })) {
            for (int i = 0; i < count; i++) {
                clients.add(StreamSocket.connect(loop, listener.address()).await());
                if (i % CONNECTIONS_AT_ONCE == 0) {
                    TaskMemory.await(accepted, clients.size());
                }
            }
            TaskMemory.await(accepted, count);
            long before = TaskMemory.heapBytes();
            AtomicInteger reading = new AtomicInteger();
            for (StreamSocket socket : sockets) {
                threads.add(loop.spawn(() -> {
                    try (socket) {
                        byte[] data = new byte[1];
                        reading.incrementAndGet();
                        socket.read(data, 0, 1);
                    }
                }));
            }
            TaskMemory.await(reading, count);
            TaskMemory.awaitParked(threads);
            bytes.add((TaskMemory.heapBytes() - before) / count);
            if (last) {
                tell(bytes);
            }
        } finally {
            for (StreamSocket client : clients) {
                client.close();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            Files.deleteIfExists(address.getPath()); // the loop is about to do it, too
            Files.delete(folder);
        }
    }

    private void tell(List<Long> bytes) throws IOException {
        long warm = bytes.subList(ROUNDS - ROUNDS_COUNTED, ROUNDS).stream()
                .sorted()
                .toList()
                .get(ROUNDS_COUNTED / 2);
        System.out.println(count + " " + bytes.getFirst() + " " + warm + " "
                + loop.status().hops());
        while (System.in.read() >= 0) {
            // Whoever has started this holds the other end.
        }
    }
}
