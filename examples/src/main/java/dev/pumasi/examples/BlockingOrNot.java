package dev.pumasi.examples;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.UdpSocket;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Meaning 1 of asynchronous I/O (S04): a call that blocks and one that does not, on the same kinds of socket. The
 * answer comes after a while; the non-blocking call returns at once and says "not yet", the blocking one returns with
 * the answer.
 */
final class BlockingOrNot {

    /** One call: on what, whether it blocks, what it returned, and after how long. */
    record Call(String socket, boolean blocking, String returned, long nanos) {}

    static final String NOT_YET = "not yet";

    private BlockingOrNot() {}

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 100);
    }

    static List<Call> run(Story story, String driver, int millis) throws Exception {
        List<Call> calls = new ArrayList<>();
        try (LoopGroup loops = LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            try (SlowServer server = SlowServer.start(driver)) {
                stream("TCP", server.address(), loops, millis, calls);
            }
            Path folder = Files.createTempDirectory("pumasi");
            SocketAddress path = UnixDomainSocketAddress.of(folder.resolve("socket"));
            try (SlowServer server = SlowServer.start(driver, path)) {
                stream("Unix domain", server.address(), loops, millis, calls);
            } finally {
                Files.deleteIfExists(folder.resolve("socket"));
                Files.delete(folder);
            }
            datagram(loops, millis, calls);
        }
        story.print("socket       call                     returned after     with");
        for (Call call : calls) {
            story.print(String.format(
                    Locale.ROOT,
                    "%-11s  %-23s  %11.3f ms     %s",
                    call.socket,
                    call.blocking ? "blocking" : "non-blocking",
                    Story.millis(call.nanos),
                    call.returned));
        }
        return calls;
    }

    private static void stream(String kind, SocketAddress server, LoopGroup loops, int millis, List<Call> calls)
            throws IOException {
        byte[] request = SlowServer.request(millis, "soup").getBytes();

        try (StreamSocket socket = StreamSocket.connect(loops.next(), server).await()) {
            Buffer answer = Buffer.allocate(100);
            long began = System.nanoTime();
            Operation<Integer> receive = socket.receive(answer, 0, answer.capacity()); // returns at once
            Optional<Operation.Outcome<Integer>> asked = receive.poll(); // and so does this
            calls.add(new Call(kind, false, asked.isEmpty() ? NOT_YET : "something", System.nanoTime() - began));
            socket.write(
                    request, 0, request.length); // only now is it asked, so that the answer was certainly not there
            socket.flush();
            receive.await(); // the operation goes on by itself; the buffer is the kernel's until it is done
        }

        try (StreamSocket socket = StreamSocket.connect(loops.next(), server).await()) {
            long began = System.nanoTime();
            socket.write(request, 0, request.length);
            socket.flush();
            byte[] answer = new byte[100];
            int length = socket.read(answer, 0, answer.length); // blocks this thread; a green thread would be parked
            calls.add(new Call(kind, true, new String(answer, 0, length).strip(), System.nanoTime() - began));
        }
    }

    private static void datagram(LoopGroup loops, int millis, List<Call> calls) throws IOException {
        SocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (UdpSocket one = UdpSocket.open(loops.next(), anyPort);
                UdpSocket other = UdpSocket.open(loops.next(), anyPort)) {
            Buffer greeting = Buffer.of("rice");
            Buffer arrived = Buffer.allocate(100);

            long began = System.nanoTime();
            Operation<UdpSocket.Datagram> receive = one.receive(arrived, 0, arrived.capacity());
            boolean done = receive.poll().isPresent();
            calls.add(new Call("UDP", false, done ? "something" : NOT_YET, System.nanoTime() - began));

            loops.next().sleep(Duration.ofMillis(millis)).onDone(over -> other.send(greeting, 0, 4, one.address()));
            int length = receive.await().length(); // the same operation, now blocking
            calls.add(new Call("UDP", true, arrived.utf8(0, length), System.nanoTime() - began));
        }
    }
}
