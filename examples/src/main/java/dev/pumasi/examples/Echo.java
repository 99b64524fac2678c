package dev.pumasi.examples;

import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Receiver;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.BufferPool;
import dev.pumasi.runtime.memory.ByteQueue;

/**
 * Sends back what it receives, in callbacks. A peer that sends and does not read is made to wait: when the output is
 * full, receiving pauses until it has drained, and what was on its way lies in a queue until then.
 */
final class Echo implements Receiver {

    private final StreamSocket socket;
    private final ByteQueue waiting = new ByteQueue();
    private boolean ended;

    Echo(StreamSocket socket) {
        this.socket = socket;
    }

    @Override
    public void received(Buffer data, int length) {
        int taken = waiting.isEmpty() ? socket.output().append(data, 0, length) : 0;
        if (taken < length) {
            waiting.append(pool(), data, taken, length - taken);
            socket.pause();
            socket.output().whenDrained(this::drained);
        }
        socket.output().flush();
    }

    @Override
    public void ended() {
        ended = true;
        if (socket.output().isDrained()) {
            socket.close();
        } else {
            socket.output().whenDrained(this::drained);
        }
    }

    @Override
    public void failed(OperationException failure) {
        socket.close();
    }

    private void drained() {
        if (socket.output().hasFailed()) {
            socket.close();
            return;
        }
        if (!waiting.isEmpty()) {
            int taken = socket.output().append(waiting.buffer(), waiting.start(), waiting.size());
            waiting.consume(pool(), taken);
            socket.output().whenDrained(this::drained);
            socket.output().flush();
        } else if (ended) {
            socket.close();
        } else {
            socket.resume();
        }
    }

    private BufferPool pool() {
        return socket.loop().buffers();
    }
}
