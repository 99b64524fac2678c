package dev.pumasi.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A stream socket's direct style as streams of {@code java.io}, for libraries that want those. */
final class SocketStreams {

    private SocketStreams() {}

    static final class Input extends InputStream {

        private final StreamSocket socket;
        private final DirectStyle direct;

        Input(StreamSocket socket, DirectStyle direct) {
            this.socket = socket;
            this.direct = direct;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            return length == 0 ? 0 : socket.read(to, offset, length);
        }

        /** How many bytes have arrived. On a green thread that finds none, the loop turns once before it says so. */
        @Override
        public int available() throws IOException {
            return availableOf(socket, direct);
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    static final class Output extends OutputStream {

        private final StreamSocket socket;

        Output(StreamSocket socket) {
            this.socket = socket;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            socket.write(from, offset, length);
        }

        @Override
        public void flush() throws IOException {
            socket.flush();
        }

        @Override
        public void close() throws IOException {
            try {
                socket.writeOut();
            } finally {
                socket.close();
            }
        }
    }

    /**
     * Who asks again and again without ever waiting would keep its loop from receiving anything: hence the turn in between.
     */
    static int availableOf(StreamSocket socket, DirectStyle direct) throws IOException {
        if (!socket.loop().isCurrent()) {
            return socket.onLoop("ask what a socket has received", direct::available);
        }
        int count = direct.available();
        if (count == 0 && Thread.currentThread().isVirtual()) {
            Thread.yield();
            count = direct.available();
        }
        return count;
    }
}
