package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A process of its own, without the flag that lets green threads run on loops. {@link GreenThreadTest} reads along. */
final class FallBackProbe {

    private FallBackProbe() {}

    public static void main(String[] arguments) throws Exception {
        say(Loop.greenThreads());
        say("on loop " + (Loop.greenThreadsRunOnLoop() ? 1 : 0));
        try (LoopGroup group =
                LoopGroup.start("probe", 1, Drivers.choose(arguments[0]).factory())) {
            Loop loop = group.next();
            Listener listener = Listener.open(
                    loop, new InetSocketAddress("127.0.0.1", 0), socket -> loop.spawn(() -> echo(socket)));
            int echoed = 0;
            try (Socket client =
                    new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) listener.address()).getPort())) {
                for (int i = 0; i < 100; i++) {
                    client.getOutputStream().write(i);
                    echoed += client.getInputStream().read() == i ? 1 : 0;
                }
            }
            say("echoed " + echoed);
            say("hops " + loop.status().hops());
            say("failures " + loop.status().failures());
            CompletableFuture<Duration> slept = new CompletableFuture<>();
            loop.spawn(() -> OnEachDriver.complete(slept, loop.sleep(Duration.ofMillis(1))::await));
            say("slept " + slept.join().toMillis());
            CompletableFuture<Integer> joined = new CompletableFuture<>();
            loop.spawn(() -> OnEachDriver.complete(joined, () -> scopes(loop)));
            say("joined " + joined.join());
            loop.spawn(() -> OnEachDriver.complete(new CompletableFuture<>(), loop.sleep(Duration.ofDays(1))::await));
        }
        say("stopped 1");
    }

    /** One that joins two, and inside it one whose deadline passes: its loop is that of the one around it. */
    private static int scopes(Loop loop) throws IOException {
        try (Scope scope = Scope.builder().on(loop).open()) {
            Operation<Integer> one = scope.fork(() -> 1);
            Operation<Integer> two = scope.fork(() -> 2);
            scope.join();
            try (Scope inner = Scope.open(Duration.ofMillis(1))) {
                inner.fork(() -> loop.sleep(Duration.ofDays(1)).await());
                inner.join();
            } catch (OperationException brokenOff) {
                boolean clean = !Thread.currentThread().isInterrupted();
                return brokenOff.failure() == Failure.TIMED_OUT && clean ? one.value() + two.value() : 0;
            }
            return -1;
        }
    }

    private static void echo(StreamSocket socket) throws IOException {
        byte[] bytes = new byte[16];
        try (socket) {
            for (int count = socket.read(bytes, 0, 16); count >= 0; count = socket.read(bytes, 0, 16)) {
                socket.write(bytes, 0, count);
                socket.flush();
            }
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
