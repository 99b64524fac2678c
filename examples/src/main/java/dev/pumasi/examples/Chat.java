package dev.pumasi.examples;

import dev.pumasi.runtime.Listener;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A chat server, in direct style: each client has a green thread that reads its lines and one that writes to it, and
 * between them a mailbox. All of them run on one loop, so the room is a plain map without a lock; waiting for a
 * mailbox parks.
 *
 * <p>A client that does not read fills its mailbox ({@value #MAILBOX_LINES_MAX} lines) and is shown the door; nobody
 * waits for it. Try it: {@code examples/run chat 4000}, then {@code nc localhost 4000} in two terminals.
 */
final class Chat implements AutoCloseable {

    static final int MAILBOX_LINES_MAX = 1000;
    static final int LINE_BYTES_MAX = 1024;
    static final int CLIENTS_MAX = 10_000;

    /** How long one who has left may take to read the rest. */
    private static final long LEAVING_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Put into a mailbox, it ends the thread that writes. Compared by identity. */
    private static final byte[] THE_END = {};

    /** One client. Its socket is closed by the thread that writes, which is the last to end. */
    private record Client(String name, StreamSocket socket, BlockingQueue<byte[]> mailbox) {}

    private final Story story;
    private final LoopGroup loops;
    private final Loop loop;
    private final Listener listener;

    /** Who is in the room. Confined to the loop. */
    private final Map<String, Client> room = new LinkedHashMap<>();

    Chat(Story story, String driver, int port) throws IOException {
        this.story = story;
        loops = LoopGroup.start("chat", 1, Drivers.choose(driver).factory());
        loop = loops.next();
        try {
            listener = Listener.open(
                    loop,
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                    socket -> loop.spawn(() -> serve(socket)));
        } catch (IOException | RuntimeException refused) {
            loops.close();
            throw refused;
        }
    }

    static void main(String[] args) throws Exception {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 4000;
        try (Chat chat = new Chat(new Story(System.out), args.length > 1 ? args[1] : Drivers.AUTO, port)) {
            System.out.println(
                    "chat on port " + chat.port() + ": try `nc localhost " + chat.port() + "`; Ctrl-C ends it");
            Thread.currentThread().join();
        }
    }

    int port() {
        return ((InetSocketAddress) listener.address()).getPort();
    }

    /** The green thread that reads: from the first line, which is the name, to the end of the stream. */
    private void serve(StreamSocket socket) {
        Lines lines = new Lines(socket);
        Client client = null;
        try {
            String name = lines.next();
            if (name == null || name.isBlank() || room.containsKey(name) || room.size() >= CLIENTS_MAX) {
                refuse(socket);
                return;
            }
            client = new Client(name, socket, new ArrayBlockingQueue<>(MAILBOX_LINES_MAX));
            room.put(name, client);
            deliverInBackground(client);
            say(name + " is here; " + room.size() + " in the room");
            for (String line = lines.next(); line != null; line = lines.next()) {
                say(name + ": " + line);
                Thread.yield(); // many short lines at once: let the others write, before their mailboxes are full
            }
        } catch (IOException gone) {
            story.tell(String.valueOf(gone.getMessage()));
        } finally {
            if (client == null) {
                socket.close();
            } else {
                leave(client);
            }
        }
    }

    private static void refuse(StreamSocket socket) throws IOException {
        byte[] sorry = "this name is taken, or none, or the room is full\n".getBytes(StandardCharsets.UTF_8);
        socket.write(sorry, 0, sorry.length);
        socket.flush();
    }

    /** The green thread that writes. */
    private void deliverInBackground(Client client) {
        loop.spawn(() -> {
            try (StreamSocket socket = client.socket) {
                for (byte[] line = client.mailbox.take(); line != THE_END; line = client.mailbox.take()) {
                    socket.write(line, 0, line.length);
                    if (client.mailbox.isEmpty()) {
                        socket.flush(); // several lines leave together
                    }
                }
            } catch (IOException | InterruptedException gone) {
                leave(client);
            }
        });
    }

    /** Into every mailbox; never waits. */
    private void say(String what) {
        story.tell(what);
        byte[] line = (what + "\n").getBytes(StandardCharsets.UTF_8);
        for (Client client : room.values().toArray(Client[]::new)) {
            if (!client.mailbox.offer(line)) {
                story.tell(client.name + " does not read");
                leave(client);
            }
        }
    }

    private void leave(Client client) {
        if (room.remove(client.name, client)) {
            if (!client.mailbox.offer(THE_END)) {
                client.mailbox.clear();
                client.mailbox.add(THE_END);
            }
            loop.start(Timer.of(client.socket::close), LEAVING_NANOS);
            say(client.name + " has left; " + room.size() + " in the room");
        }
    }

    @Override
    public void close() {
        listener.close();
        loop.execute(() -> room.values().forEach(client -> client.socket.close()));
        loops.close();
    }
}
