package dev.pumasi.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Connections that each got one answer and then stay open and silent. */
final class IdleConnections implements AutoCloseable {
    /** A pair of addresses has 28,232 ephemeral ports by default; these are far fewer each. */
    private static final int CONNECTIONS_PER_ADDRESS = 2500;

    private static final int FIRST_HOST = 2;
    private static final String END = "Hello, World!";

    private final List<SocketChannel> open = new ArrayList<>();

    static IdleConnections open(int port, int count) throws IOException {
        final var connections = new IdleConnections();
        try {
            final var buffer = ByteBuffer.allocate(4096);
            for (int i = 0; i < count; i++) {
                final var host = "127.0.0." + (FIRST_HOST + i / CONNECTIONS_PER_ADDRESS);
                final var channel = SocketChannel.open(new InetSocketAddress(host, port));
                connections.open.add(channel);
                ask(channel, buffer);
            }
            return connections;
        } catch (IOException failure) {
            connections.close();
            throw new IOException(
                    "after " + connections.open.size() + " connections: " + failure.getMessage(), failure);
        }
    }

    private static void ask(SocketChannel channel, ByteBuffer buffer) throws IOException {
        final var request = ByteBuffer.wrap(Answer.REQUEST);
        while (request.hasRemaining()) {
            channel.write(request);
        }
        buffer.clear();
        while (!new String(buffer.array(), 0, buffer.position(), ISO_8859_1).endsWith(END)) {
            if (!buffer.hasRemaining() || channel.read(buffer) < 0) {
                throw new IOException("no whole answer");
            }
        }
    }

    @Override
    public void close() {
        for (final var channel : open) {
            try {
                channel.close();
            } catch (IOException ignored) {
                // Its peer is about to be stopped; there is nothing left to lose.
            }
        }
    }
}
