package dev.pumasi.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Connections that say nothing. Closed, they are reset, so that none of their ports has to rest for a minute. */
final class IdleConnections implements AutoCloseable {

    private final List<SocketChannel> channels = new ArrayList<>();

    /**
     * Opens as many as that to a port of this machine. Blocks.
     *
     * @throws LabException if the system refuses one; none is left then
     */
    static IdleConnections open(int port, int count) throws LabException {
        IdleConnections idle = new IdleConnections();
        try {
            for (int i = 0; i < count; i++) {
                SocketChannel channel =
                        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                idle.channels.add(channel);
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            return idle;
        } catch (IOException refused) {
            int open = idle.channels.size();
            idle.close();
            throw new LabException(
                    "of " + count + " idle connections only " + open + " could be opened: " + refused.getMessage(),
                    refused);
        }
    }

    @Override
    public void close() {
        for (SocketChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException gone) {
                // the other end was faster
            }
        }
    }
}
