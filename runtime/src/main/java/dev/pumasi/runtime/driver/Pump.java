package dev.pumasi.runtime.driver;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Carries bytes between a process of the JDK's, whose streams block, and a pipe whose other end a selector can watch.
 * Ends, and closes both, when either side does; a full pipe makes it wait, and thereby whoever writes.
 */
final class Pump implements Runnable {

    private static final int CHUNK_BYTES = 16_384;

    /** One step: false at the end. */
    private interface Step {
        boolean run() throws IOException;
    }

    private final Step step;
    private final Closeable from;
    private final Closeable to;

    private Pump(Step step, Closeable from, Closeable to) {
        this.step = step;
        this.from = from;
        this.to = to;
    }

    /** What the process says. */
    static Pump output(InputStream from, WritableByteChannel to) {
        byte[] chunk = new byte[CHUNK_BYTES];
        return new Pump(
                () -> {
                    int count = from.read(chunk);
                    if (count > 0) {
                        ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, count);
                        while (bytes.hasRemaining()) {
                            to.write(bytes);
                        }
                    }
                    return count >= 0;
                },
                from,
                to);
    }

    /** What the process is told. */
    static Pump input(ReadableByteChannel from, OutputStream to) {
        byte[] chunk = new byte[CHUNK_BYTES];
        ByteBuffer bytes = ByteBuffer.wrap(chunk);
        return new Pump(
                () -> {
                    int count = from.read(bytes.clear());
                    if (count > 0) {
                        to.write(chunk, 0, count);
                        to.flush();
                    }
                    return count >= 0;
                },
                from,
                to);
    }

    @Override
    public void run() {
        try {
            while (step.run()) {
                // The work is done in the condition.
            }
        } catch (IOException oneSideHasLeft) {
            // The other one is told by closing.
        }
        close(to);
        close(from);
    }

    private static void close(Closeable end) {
        try {
            end.close();
        } catch (IOException brokenAlready) {
            // Nothing more to be done for it.
        }
    }
}
