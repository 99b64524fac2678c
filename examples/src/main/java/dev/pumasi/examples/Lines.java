package dev.pumasi.examples;

import dev.pumasi.runtime.StreamSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads a socket line by line, in direct style. */
final class Lines {

    private final StreamSocket socket;
    private final byte[] bytes = new byte[Chat.LINE_BYTES_MAX];
    private int at;
    private int length;

    Lines(StreamSocket socket) {
        this.socket = socket;
    }

    /** The next line without its end, or null at the end of the stream; what follows the last line end is dropped. */
    @Nullable
    String next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            if (at == length) {
                at = 0;
                length = Math.max(0, socket.read(bytes, 0, bytes.length));
                if (length == 0) {
                    return null;
                }
            }
            byte next = bytes[at++];
            if (next == '\n') {
                return line.toString(StandardCharsets.UTF_8).stripTrailing();
            }
            if (line.size() == Chat.LINE_BYTES_MAX) {
                throw new IOException("a line has " + Chat.LINE_BYTES_MAX + " bytes at most");
            }
            line.write(next);
        }
    }
}
