package dev.pumasi.http;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Gate;
import dev.pumasi.runtime.memory.Buffer;
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
        gate.pass(() -> sender.sendFile(file, position, length));
        gate.pass(sender::awaitDrained);
    }

    @Override
    public void flush() throws IOException {
        gate.pass(sender::flush);
    }
}
