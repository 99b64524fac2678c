package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A green thread per connection (S18): the code reads like blocking code, and one loop carries them all. The hazard of
 * all green threads: one that calls something that blocks in the kernel stops every other on its loop. The cure (S06,
 * S21): a thread of the offload pool makes that call, and the green thread awaits it, which parks it and nothing else.
 *
 * <p>Shown by a neighbour that ticks every few milliseconds on a connection of its own: how often does it tick while
 * the call takes place, and how long is the longest gap?
 */
final class GreenThreadPerConnection {

    private static final int TICK_MILLIS = 10;

    /** On a machine that stands still, the pool's thread blocks for longer, until the neighbour has ticked so often. */
    private static final int TICKS_MIN = 3;

    private static final int BLOCKS_MAX = 50;

    /** What the neighbour noticed of one call. */
    record Noticed(String call, int ticksMeanwhile, long longestGapNanos) {}

    /** Both calls, the threads that the handlers ran on, and how often a green thread was woken by another thread. */
    record Facts(List<Noticed> calls, int carriers, long hops) {}

    private final Story story;
    private final int blockMillis;
    private final Offload offload = Offload.open();
    private final Queue<Thread> connections = new ConcurrentLinkedQueue<>();

    // Confined to the loop: all green threads that touch these run on its one thread, so no lock is needed.
    private final List<Noticed> calls = new ArrayList<>();
    private final Set<String> carriers = new HashSet<>();
    /** Written by the loop's thread alone; volatile, because the pool's thread looks at it. */
    private volatile int ticks;

    private long lastTickNanos;
    private long longestGapNanos;

    private GreenThreadPerConnection(Story story, int blockMillis) {
        this.story = story;
        this.blockMillis = blockMillis;
    }

    static void main(String[] args) throws Exception {
        Facts facts = run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 300);
        System.out.println("green threads: " + Loop.greenThreads());
        System.out.println(
                "threads that carried them: " + facts.carriers + "; wake-ups from other threads: " + facts.hops);
    }

    static Facts run(Story story, String driver, int blockMillis) throws Exception {
        BlockingCall.millis(0); // linked now, not inside the measurement
        GreenThreadPerConnection example = new GreenThreadPerConnection(story, blockMillis);
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (example.offload;
                LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            try (Listener listener = Listener.open(
                    loop, anyPort, socket -> example.connections.add(loop.spawn(() -> example.serve(socket))))) {
                int port = ((InetSocketAddress) listener.address()).getPort();
                try (Socket neighbour = ask(port, "tick")) {
                    neighbour.getInputStream().read(); // it ticks
                    for (String call : List.of("block", "offload")) {
                        try (Socket caller = ask(port, call)) {
                            caller.getInputStream().readAllBytes();
                        }
                    }
                }
            }
            for (Thread connection : example.connections) {
                connection.join();
            }
            return new Facts(
                    example.calls, example.carriers.size(), loop.status().hops());
        }
    }

    private static Socket ask(int port, String what) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    /** One connection, from beginning to end, on a green thread of its own. */
    private void serve(StreamSocket socket) {
        try (socket) {
            byte[] request = new byte[100];
            int length = socket.read(request, 0, request.length);
            switch (new String(request, 0, Math.max(length, 0), StandardCharsets.UTF_8).strip()) {
                case "tick" -> tick(socket);
                case "block" -> noticed(socket, "the green thread blocks", this::block);
                case "offload" ->
                    noticed(
                            socket,
                            "a thread of the pool blocks, the green thread is parked",
                            () -> offload.submit(socket.loop(), this::blockElsewhere)
                                    .await());
                default -> story.tell("what?");
            }
        } catch (Exception theClientHasLeft) {
            story.tell("ends: " + theClientHasLeft.getMessage());
        }
    }

    /** Something that blocks in the kernel. */
    private int block() {
        BlockingCall.millis(blockMillis);
        return blockMillis;
    }

    /** The same beside the loop, which goes on meanwhile. */
    private int blockElsewhere() {
        int before = ticks;
        int blocks = 0;
        do {
            block();
        } while (ticks - before < TICKS_MIN && ++blocks < BLOCKS_MAX);
        return blocks;
    }

    /** The neighbour: a tick now and then, until its client leaves. */
    private void tick(StreamSocket socket) throws IOException {
        byte[] tick = {'.'};
        lastTickNanos = System.nanoTime();
        while (true) {
            socket.loop().sleep(Duration.ofMillis(TICK_MILLIS)).await();
            long now = System.nanoTime();
            longestGapNanos = Math.max(longestGapNanos, now - lastTickNanos);
            lastTickNanos = now;
            ticks = ticks + 1; // nobody else writes it
            socket.write(tick, 0, 1);
            socket.flush();
        }
    }

    private void noticed(StreamSocket socket, String what, Callable<?> call) throws Exception {
        carriers.add(Story.who());
        int before = ticks;
        longestGapNanos = 0;
        story.tell(what + " …");
        call.call();
        int meanwhile = ticks - before;
        socket.loop().sleep(Duration.ofMillis(3 * TICK_MILLIS)).await(); // the tick that ends the gap
        calls.add(new Noticed(what, meanwhile, longestGapNanos));
        story.tell(String.format(
                Locale.ROOT,
                "… for %d ms: its neighbour ticked %d times meanwhile; longest gap %.1f ms",
                blockMillis,
                meanwhile,
                Story.millis(longestGapNanos)));
    }
}
