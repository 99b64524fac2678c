package dev.pumasi.http;

import dev.pumasi.runtime.Gate;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The body of an answer, as a client reads it until the {@link ClientResponse} is closed. */
public abstract sealed class ResponseBody extends MessageBody {

    ResponseBody() {}

    /** Whether all of it has been received: reading then never waits, and may be done anywhere. */
    public abstract boolean isReceived();

    /** Nobody will read on. Any thread. */
    abstract void close();

    /** One that has come whole, with the connection it came by gone on to others. */
    static final class Held extends ResponseBody {

        private static final byte[] NO_BYTES = {};

        static final Held EMPTY = new Held(NO_BYTES, List.of());

        private final byte[] bytes;
        private final List<Field> trailers;
        private int read;

        Held(byte[] bytes, List<Field> trailers) {
            this.bytes = bytes;
            this.trailers = trailers;
        }

        @Override
        public int read(byte[] to, int offset, int length) {
            Objects.checkFromIndexSize(offset, length, to.length);
            if (length == 0 || read == bytes.length) {
                return length == 0 ? 0 : -1;
            }
            int count = Math.min(length, bytes.length - read);
            System.arraycopy(bytes, read, to, offset, count);
            read += count;
            return count;
        }

        @Override
        public byte[] bytes() {
            byte[] rest = read == 0 ? bytes : Arrays.copyOfRange(bytes, read, bytes.length);
            read = bytes.length;
            return rest;
        }

        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public long bytesMax() {
            return bytes.length;
        }

        @Override
        public List<Field> trailers() {
            return trailers;
        }

        @Override
        public boolean isReceived() {
            return true;
        }

        @Override
        void close() {}
    }

    /** One that is still arriving on its connection. */
    static final class Arriving extends ResponseBody {

        private final ClientConnection connection;
        private final Gate gate;
        private final long length;

        /** Written on the loop, before the reader is told of the end. */
        private volatile List<Field> trailers = List.of();

        private volatile boolean received;

        /** Of the loop. */
        private @Nullable ClientException failure;

        /** @param length −1 if it is not known */
        Arriving(ClientConnection connection, Gate gate, long length) {
            this.connection = connection;
            this.gate = gate;
            this.length = length;
        }

        @Override
        public int read(byte[] to, int offset, int count) throws IOException {
            Objects.checkFromIndexSize(offset, count, to.length);
            if (count == 0) {
                return 0;
            }
            if (received) {
                return -1;
            }
            try {
                return gate.pass(() -> connection.takeBody(this, to, offset, count));
            } catch (IOException failure) {
                ClientException beneath = ClientException.in(failure); // asked from elsewhere, it comes wrapped
                throw beneath == null || beneath == failure ? failure : beneath.here();
            }
        }

        /** All of it has been read, and the connection is somebody else's. On the loop. */
        void ended(List<Field> after) {
            trailers = after;
            received = true;
        }

        /** Its rest will not come. On the loop. */
        void failed(ClientException why) {
            failure = why;
        }

        @Nullable
        ClientException failure() {
            return failure;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public long bytesMax() {
            return connection.bodyBytesMax();
        }

        @Override
        public List<Field> trailers() {
            return trailers;
        }

        @Override
        public boolean isReceived() {
            return received;
        }

        @Override
        void close() {
            if (!received) {
                connection.loop().run(() -> connection.closeBody(this));
            }
        }
    }
}
