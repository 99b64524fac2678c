package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.UdpSocket;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Event sources and event handlers (S28). Six sources of one loop: a listener, a connection's input, a timer, a
 * datagram, an operation that completes, a message from another thread. Each has its handler, and one thread runs
 * them all, one after another; so {@code events} needs no lock.
 */
final class EventSources {

    static final long PATIENCE_SECONDS = 60;
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** An event: where it came from, what it was, and the thread that handled it. */
    record Event(String source, String what, Thread handledBy) {}

    private final Story story;
    private final Loop loop;
    private final List<Event> events = new ArrayList<>();
    private final CountDownLatch expected = new CountDownLatch(6);

    private EventSources(Story story, Loop loop) {
        this.story = story;
        this.loop = loop;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static List<Event> run(Story story, String driver) throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            EventSources example = new EventSources(story, loops.next());
            try (Listener _ = example.register()) {
                if (!example.expected.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    story.print("not all events came");
                }
            }
            return Collections.unmodifiableList(example.events);
        }
    }

    private Listener register() throws IOException {
        // Source: a listener. Handler: an Acceptor.
        Listener listener = Listener.open(loop, ANY_PORT, socket -> {
            handle("listener", "a connection from " + port(socket));
            socket.onReceive(new Input(socket)); // source: the connection's input. Handler: a Receiver.
        });

        // Source: the loop's clock. Handler: the timer's action.
        Timer timer = Timer.of(() -> handle("timer", "50 ms are over"));
        loop.execute(() -> loop.start(timer, TimeUnit.MILLISECONDS.toNanos(50)));

        // Source: a datagram socket. Handler: the callback of a receive.
        UdpSocket datagrams = UdpSocket.open(loop, ANY_PORT);
        Buffer arrived = Buffer.allocate(100);
        datagrams.receive(arrived, 0, arrived.capacity()).onDone(outcome -> {
            handle("datagram", "received " + arrived.utf8(0, 4));
            datagrams.close();
        });
        Buffer greeting = Buffer.of("rice");
        var unused = datagrams.send(greeting, 0, greeting.capacity(), datagrams.address());

        // Source: an operation. Handler: its callback, which runs on the loop even if the operation is done already. (A
        // stage's would then run on the thread that registers it.)
        StreamSocket.connect(loop, listener.address()).onDone(outcome -> {
            if (outcome instanceof Operation.Success<? extends StreamSocket>(StreamSocket client)) {
                handle("operation", "connected");
                Buffer hello = Buffer.of("soup");
                client.send(hello, 0, hello.capacity()).onDone(sent -> client.close());
            }
        });

        // Source: another thread. Handler: the task it sends.
        Thread.ofPlatform().name("other-thread").start(() -> {
            story.tell("sends a message to the loop");
            loop.execute(() -> handle("message", "from other-thread"));
        });
        return listener;
    }

    private void handle(String source, String what) {
        story.tell(source + ": " + what);
        events.add(new Event(source, what, Thread.currentThread()));
        expected.countDown();
    }

    private static String port(StreamSocket socket) {
        try {
            return "port " + ((InetSocketAddress) socket.remoteAddress()).getPort();
        } catch (IOException gone) {
            return "somebody who has left";
        }
    }

    private final class Input implements Receiver {
        private final StreamSocket socket;

        Input(StreamSocket socket) {
            this.socket = socket;
        }

        @Override
        public void received(Buffer data, int length) {
            handle("socket", "received " + data.utf8(0, length));
        }

        @Override
        public void ended() {
            socket.close();
        }

        @Override
        public void failed(OperationException failure) {
            socket.close();
        }
    }
}
