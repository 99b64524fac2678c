package dev.pumasi.server;

import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Output;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** One end of the connection between a supervisor and a worker: lines in both directions. Belongs to the loop's thread. */
final class ControlChannel implements Receiver {

    private final StreamSocket socket;
    private final Consumer<ControlLine> heard;
    private final Runnable ended;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private ControlChannel(StreamSocket socket, Consumer<ControlLine> heard, Runnable ended) {
        this.socket = socket;
        this.heard = heard;
        this.ended = ended;
    }

    /** @param ended called once, when the other end is gone */
    static ControlChannel open(StreamSocket socket, Consumer<ControlLine> heard, Runnable ended) {
        ControlChannel channel = new ControlChannel(socket, heard, ended);
        socket.onReceive(channel);
        return channel;
    }

    /** Hands a line over; if the other end is gone, nobody hears it. */
    void say(ControlLine said) {
        byte[] bytes = said.encoded();
        Output output = socket.output();
        output.append(bytes, 0, bytes.length);
        output.flush();
    }

    @Override
    public void received(Buffer data, int length) {
        for (int i = 0; i < length && !socket.isClosed(); i++) {
            byte next = data.get(i);
            if (next == '\n') {
                String text = line.toString(StandardCharsets.UTF_8);
                line.reset();
                heard.accept(ControlLine.parse(text));
            } else if (line.size() < ControlLine.BYTES_MAX) {
                line.write(next);
            }
        }
    }

    @Override
    public void ended() {
        socket.close();
        ended.run();
    }

    @Override
    public void failed(OperationException failure) {
        socket.close();
        ended.run();
    }

    void close() {
        socket.close();
    }
}
