package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.memory.Buffer;
import java.io.EOFException;
import java.io.IOException;

/** The output of a connection on a loop: who writes waits at the connection's gate, and each step is made on the loop. */
record ConnectionSink(MessageSender sender, Gate gate) implements BodySink {

    @Override
    public void append(byte[] bytes, int offset, int length) throws IOException {
        int done = 0;
        while (done < length) {
            int from = offset + done;
            int rest = length - done;
            done += gate.pass(() -> sender.append(bytes, from, rest));
        }
    }

    @Override
    public void send(Buffer bytes, int offset, int length) throws IOException {
        gate.pass(() -> sender.sendDirectly(bytes, offset, length));
        gate.pass(sender::awaitDrained);
    }

    @Override
    public void send(AsyncFile file, long position, long length) throws IOException {
        if (!sender.canSend(file)) {
            copy(file, position, length);
            return;
        }
        gate.pass(() -> sender.sendFile(file, position, length));
        gate.pass(sender::awaitDrained);
    }

    /** A file of another loop means nothing to this one's driver: handlers that run on the loop itself have such files. */
    private void copy(AsyncFile file, long position, long length) throws IOException {
        Buffer piece = Buffer.allocate((int) Math.min(LargeBuffers.BYTES, length));
        long done = 0;
        while (done < length) {
            int count = file.read(position + done, piece, 0, (int) Math.min(piece.capacity(), length - done));
            if (count <= 0) {
                throw new EOFException(file + " is " + (length - done) + " bytes shorter than it was");
            }
            send(piece, 0, count);
            done += count;
        }
    }

    @Override
    public void flush() throws IOException {
        gate.pass(sender::flush);
    }
}
