package dev.pumasi.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a running process hands out its {@link ThreadDump}: a {@link ProcessSocket}. Whoever connects is sent the dump as text,
 * and the end of the stream; nothing is read from him. No port is opened and no tool of a JDK is needed.
 *
 * <p>A daemon thread of its own answers, one after another, blocking: a dump is wanted most when loops do not turn.
 */
public final class ThreadDumpSocket implements AutoCloseable {

    /** More than any dump: what a reader accepts from a process it does not know. */
    private static final int ANSWER_BYTES_MAX = 1 << 28;

    private static final String PURPOSE = "sock";

    private final List<Loop> loops;
    private final ProcessSocket server;

    private ThreadDumpSocket(List<Loop> loops, ProcessSocket server) {
        this.loops = List.copyOf(loops);
        this.server = server;
    }

    /**
     * Opens the socket of this process. A process has one: opening a second takes its place.
     *
     * @throws IOException as {@link ProcessSocket#open}
     */
    public static ThreadDumpSocket open(List<Loop> loops) throws IOException {
        ThreadDumpSocket socket = new ThreadDumpSocket(loops, ProcessSocket.open(PURPOSE));
        socket.server.converse("pumasi-thread-dumps", socket::answer);
        return socket;
    }

    /**
     * The dump of another process, or of this one, as text. Blocks for as long as the other takes.
     *
     * @throws NoSuchFileException if that process has no such socket
     * @throws IOException if it cannot be asked
     */
    public static String read(ProcessHandle process) throws IOException {
        try (SocketChannel channel = ProcessSocket.connect(process, PURPOSE)) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (channel.read(buffer) >= 0) {
                text.write(buffer.array(), 0, buffer.position());
                buffer.clear();
                if (text.size() > ANSWER_BYTES_MAX) {
                    throw new IOException("process " + process.pid() + " says more than a dump holds");
                }
            }
            return text.toString(StandardCharsets.UTF_8);
        }
    }

    /** Where it is. */
    public Path path() {
        return server.path();
    }

    /** Takes the socket away. */
    @Override
    public void close() throws IOException {
        server.close();
    }

    private void answer(SocketChannel asker) {
        ByteBuffer text = StandardCharsets.UTF_8.encode(ThreadDump.of(loops).toString());
        try {
            while (text.hasRemaining()) {
                asker.write(text);
            }
        } catch (IOException askerHasLeft) {
            // which is his affair
        }
    }
}
