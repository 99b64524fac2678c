package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process of its own: says "ready" on the connection it inherits as descriptor 3, accepts from the listening socket 4 and
 * tells each client its number; when 3 ends, it finishes.
 */
final class SharingProbe {

    private SharingProbe() {}

    public static void main(String[] arguments) throws Exception {
        byte[] greeting = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        try (LoopGroup loops =
                LoopGroup.start("probe", 1, Drivers.choose(arguments[0]).factory())) {
            Loop loop = loops.next();
            StreamSocket parent = StreamSocket.inherit(loop, 3);
            AtomicInteger clients = new AtomicInteger();
            Listener listener = Listener.inherit(loop, 4, false, client -> {
                clients.incrementAndGet();
                client.output().append(greeting, 0, greeting.length);
                client.output().whenDrained(() -> {
                    client.close();
                    loop.execute(clients::decrementAndGet);
                });
                client.output().flush();
            });
            loop.execute(listener::resume);
            parent.write("ready\n".getBytes(StandardCharsets.US_ASCII));
            parent.flush();
            byte[] one = new byte[1];
            while (parent.read(one, 0, 1) > 0) {
                // only its end counts
            }
            CountDownLatch finished = new CountDownLatch(1);
            listener.finish(finished::countDown);
            finished.await();
            while (clients.get() > 0) {
                Thread.onSpinWait(); // their answers are on their way
            }
        }
    }
}
