package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An event loop with I/O multiplexing (S19): the same callback server under {@code io_uring}, {@code epoll}, {@code
 * poll}, {@code select} and {@code java.nio}. The program does not change; only what the loop asks the kernel does.
 * Name the drivers to try, or none for all of them.
 *
 * <p>The load is a handful of blocking sockets, each of which sends one request and waits for its echo: enough to
 * compare, not to measure (benchmarks/ does that).
 */
final class Multiplexers {

    private static final int CONNECTIONS = 16;
    private static final int REQUEST_BYTES = 64;

    /** What one driver did. A turn of the loop is one wait in the kernel, a completion one thing that it reported. */
    record Result(String driver, long requests, double seconds, long turns, long completions, long cpuNanos) {}

    private Multiplexers() {}

    static void main(String[] args) throws Exception {
        Story story = new Story(System.out);
        List<String> drivers = args.length > 0 ? List.of(args) : Drivers.names();
        story.print("driver       requests     per second   turns each   completions each   CPU each, loop's thread");
        for (String driver : drivers) {
            Optional<String> refusal = Drivers.refusal(driver);
            if (refusal.isPresent()) {
                story.print(String.format("%-9s    does not work here: %s", driver, refusal.get()));
            } else {
                run(driver, 1_000); // the first requests of a JVM are interpreted: they do not count
                print(story, run(driver, 5_000));
            }
        }
    }

    static Result run(String driver, int requestsPerConnection) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            try (Listener listener = Listener.open(loop, anyPort, socket -> socket.onReceive(new Echo(socket)))) {
                LoopStatus before = loop.status();
                long cpuBefore = cpuNanos(loop);
                long began = System.nanoTime();
                long echoed = load((InetSocketAddress) listener.address(), requestsPerConnection);
                double seconds = (System.nanoTime() - began) / 1e9;
                long cpuNanos = cpuNanos(loop) - cpuBefore;
                LoopStatus after = loop.status();
                return new Result(
                        loop.driverName(),
                        echoed,
                        seconds,
                        after.turns() - before.turns(),
                        after.completions() - before.completions(),
                        cpuNanos);
            }
        }
    }

    /** The loop's thread knows what it has used. */
    private static long cpuNanos(Loop loop) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        loop.execute(() -> answer.complete(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()));
        return answer.join();
    }

    /** Returns how many requests came back as they were sent. */
    private static long load(InetSocketAddress server, int requestsPerConnection) throws InterruptedException {
        AtomicLong echoed = new AtomicLong();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            byte seed = (byte) i;
            clients.add(Thread.ofPlatform().start(() -> echoed.addAndGet(client(server, requestsPerConnection, seed))));
        }
        for (Thread client : clients) {
            client.join();
        }
        return echoed.get();
    }

    private static long client(InetSocketAddress server, int requests, byte seed) {
        byte[] request = new byte[REQUEST_BYTES];
        long echoed = 0;
        try (Socket socket = new Socket(server.getAddress(), server.getPort())) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            for (int i = 0; i < requests; i++) {
                Arrays.fill(request, (byte) (seed + i));
                out.write(request);
                if (Arrays.equals(in.readNBytes(REQUEST_BYTES), request)) {
                    echoed++;
                }
            }
        } catch (IOException broken) {
            return echoed; // the sum tells
        }
        return echoed;
    }

    private static void print(Story story, Result result) {
        story.print(String.format(
                Locale.ROOT,
                "%-9s    %8d     %10.0f   %10.2f   %16.2f   %.1f µs",
                result.driver,
                result.requests,
                result.requests / result.seconds,
                (double) result.turns / result.requests,
                (double) result.completions / result.requests,
                result.cpuNanos / 1e3 / result.requests));
    }
}
