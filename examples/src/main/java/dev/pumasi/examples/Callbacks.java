package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Callbacks (S24), and which is which:
 *
 * <ul>
 *   <li>a <b>synchronous</b> callback is called before the call to which it was given returns, on the caller's stack:
 *       {@code List.forEach}, {@code Comparator}, {@link Loop#run} when the caller is on the loop;
 *   <li>an <b>asynchronous</b> callback is called after that call has returned, once, by the loop: {@link
 *       Operation#onDone}, even if the operation is done already; {@link Loop#execute};
 *   <li>an <b>event handler</b> is an asynchronous callback that stays registered and is called for every event: {@link
 *       Receiver}, {@link dev.pumasi.runtime.Acceptor}, {@code http.Handler}.
 * </ul>
 */
final class Callbacks {

    private final Story story;

    /** What happened, in order. Several threads write. */
    private final List<String> order = Collections.synchronizedList(new ArrayList<>());

    private Callbacks(Story story) {
        this.story = story;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static List<String> run(Story story, String driver) throws Exception {
        Callbacks example = new Callbacks(story);
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            example.synchronous();
            example.onTheLoop(loop);
            example.eventHandlers(loop);
        }
        return example.order;
    }

    private void synchronous() {
        happens("forEach is called");
        List.of("soup", "rice").forEach(dish -> happens("  synchronous callback: " + dish));
        happens("forEach has returned");
    }

    /** Seen from the loop itself, where "later" cannot be blamed on another thread. */
    private void onTheLoop(Loop loop) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(3);
        loop.execute(() -> {
            happens("run is called on the loop");
            loop.run(() -> happens("  synchronous callback: run, on the loop"));
            happens("run has returned");

            Operation<Duration> nap = loop.sleep(Duration.ofMillis(20));
            happens("onDone is called");
            nap.onDone(slept -> {
                happens("  asynchronous callback: the nap is over");
                happens("onDone is called on what is done already");
                nap.onDone(again -> {
                    happens("  asynchronous callback: later all the same");
                    over.countDown();
                });
                happens("onDone has returned again");
                over.countDown();
            });
            happens("onDone has returned");
            over.countDown();
        });
        over.await();
    }

    /** Registered once, called for each event: three connections, and what arrives on them. */
    private void eventHandlers(Loop loop) throws IOException, InterruptedException {
        CountDownLatch over = new CountDownLatch(3);
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Listener listener = Listener.open(loop, anyPort, socket -> {
            happens("  event handler: a connection");
            socket.onReceive(new Receiver() {
                @Override
                public void received(Buffer data, int length) {
                    happens("  event handler: received " + data.utf8(0, length));
                }

                @Override
                public void ended() {
                    happens("  event handler: the end of a stream");
                    socket.close();
                    over.countDown();
                }

                @Override
                public void failed(OperationException failure) {
                    socket.close();
                    over.countDown();
                }
            });
        })) {
            happens("event handlers are registered");
            for (String dish : List.of("soup", "rice", "spam")) {
                try (StreamSocket client =
                        StreamSocket.connect(loop, listener.address()).await()) {
                    Buffer bytes = Buffer.of(dish);
                    client.send(bytes, 0, bytes.capacity()).await();
                }
            }
            over.await();
        }
    }

    private void happens(String what) {
        order.add(what);
        story.tell(what);
    }
}
