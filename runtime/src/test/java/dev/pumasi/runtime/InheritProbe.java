package dev.pumasi.runtime;

import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A process of its own: accepts one connection from the listening socket it finds as standard input, and greets. */
final class InheritProbe {

    private InheritProbe() {}

    public static void main(String[] arguments) throws Exception {
        try (ServerSocketChannel listener = (ServerSocketChannel) System.inheritedChannel();
                SocketChannel connection = listener.accept()) {
            connection.write(ByteBuffer.wrap(
                    ("hello from process " + ProcessHandle.current().pid() + "\n").getBytes()));
        }
    }
}
