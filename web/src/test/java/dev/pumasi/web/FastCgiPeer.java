package dev.pumasi.web;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** An application that speaks FastCGI, written from the specification and nothing of ours; each test says what it answers. */
final class FastCgiPeer implements Closeable {

    /** @param out for whole records: {@link #record} */
    interface Script {
        void answer(Map<String, String> variables, byte[] body, OutputStream out) throws IOException;
    }

    final AtomicInteger accepted = new AtomicInteger();
    private final ServerSocket listener;
    private final Script script;
    private final boolean keeps;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /** @param keeps false for one that closes each connection after its answer, whatever it was asked */
    FastCgiPeer(boolean keeps, Script script) throws IOException {
        this.keeps = keeps;
        this.script = script;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    Socket socket = listener.accept();
                    accepted.incrementAndGet();
                    sockets.add(socket);
                    Thread.ofPlatform().daemon().start(() -> serve(socket));
                }
            } catch (IOException closed) {
                // that is how it ends
            }
        });
    }

    SocketAddress address() {
        return listener.getLocalSocketAddress();
    }

    private void serve(Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            boolean more = true;
            while (more) {
                more = one(in, socket.getOutputStream());
            }
        } catch (IOException gone) {
            // the other end has closed it
        }
    }

    private boolean one(DataInputStream in, OutputStream out) throws IOException {
        ByteArrayOutputStream params = new ByteArrayOutputStream();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean keep = false;
        while (true) {
            int version = in.read();
            if (version < 0) {
                return false;
            }
            int type = in.read();
            int id = in.readUnsignedShort();
            int length = in.readUnsignedShort();
            int padding = in.read();
            in.read();
            byte[] content = in.readNBytes(length);
            in.readNBytes(padding);
            if (version != 1 || id != 1 || content.length < length) {
                throw new EOFException("a broken record");
            }
            switch (type) {
                case 1 -> keep = (content[2] & 1) != 0;
                case 4 -> params.writeBytes(content);
                case 5 -> {
                    if (length == 0) {
                        script.answer(pairs(params.toByteArray()), body.toByteArray(), out);
                        out.flush();
                        return keep && keeps;
                    }
                    body.writeBytes(content);
                }
                default -> throw new IOException("a record of type " + type);
            }
        }
    }

    private static Map<String, String> pairs(byte[] bytes) {
        Map<String, String> pairs = new HashMap<>();
        int[] at = {0};
        while (at[0] < bytes.length) {
            int name = length(bytes, at);
            int value = length(bytes, at);
            pairs.put(
                    new String(bytes, at[0], name, StandardCharsets.UTF_8),
                    new String(bytes, at[0] + name, value, StandardCharsets.UTF_8));
            at[0] += name + value;
        }
        return pairs;
    }

    private static int length(byte[] bytes, int[] at) {
        int first = bytes[at[0]++] & 0xff;
        if (first < 128) {
            return first;
        }
        int length = (first & 0x7f) << 24
                | (bytes[at[0]] & 0xff) << 16
                | (bytes[at[0] + 1] & 0xff) << 8
                | bytes[at[0] + 2] & 0xff;
        at[0] += 3;
        return length;
    }

    static byte[] record(int type, byte[] content, int padding) {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.writeBytes(
                new byte[] {1, (byte) type, 0, 1, (byte) (content.length >> 8), (byte) content.length, (byte) padding, 0
                });
        record.writeBytes(content);
        record.writeBytes(new byte[padding]);
        return record.toByteArray();
    }

    static byte[] output(String text) {
        return record(6, text.getBytes(StandardCharsets.UTF_8), text.length() % 8);
    }

    static byte[] end(int protocolStatus) {
        return record(3, new byte[] {0, 0, 0, 0, (byte) protocolStatus, 0, 0, 0}, 0);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
