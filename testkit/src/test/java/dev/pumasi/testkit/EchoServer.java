package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Completions;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A complete server on the bare seam: it sends back what it receives until the other end has said that no more comes.
 * Every second connection is read by multishot receives, the others by single ones. While the output of a connection is
 * above {@link #OUTPUT_BYTES_MAX} it reads no more of it.
 */
final class EchoServer {

    private static final int OUTPUT_BYTES_MAX = 4_096;
    private static final int CHUNK_BYTES = 1_024;

    @FunctionalInterface
    private interface Continuation {
        void done(int result, int flags);
    }

    private final SimDriver driver;
    private final int listener;
    private final Completions completions = new Completions(8);
    private final Map<Long, Continuation> continuations = new HashMap<>();
    private long tokens = 1;
    private boolean accepting;
    int connections;
    int broken;
    int outOfBuffers;
    int outOfHandles;
    int endedMultishots;
    int shortSends;
    long bytesEchoed;
    int outputBytesMost;

    EchoServer(SimDriver driver, SocketAddress address, boolean shared) {
        this.driver = driver;
        listener = driver.listen(address, 16, shared);
        if (listener < 0) {
            throw new AssertionError("listen: " + listener);
        }
        accept();
    }

    void turn() {
        driver.poll(Driver.FOREVER, completions);
        for (int i = 0; i < completions.size(); i++) {
            int flags = completions.flags(i);
            long token = completions.token(i);
            Continuation continuation =
                    (flags & Completions.MORE) != 0 ? continuations.get(token) : continuations.remove(token);
            if (continuation == null) {
                throw new AssertionError("token " + token + " completes once too often");
            }
            continuation.done(completions.result(i), flags);
        }
        completions.clear();
    }

    private long token(Continuation continuation) {
        continuations.put(tokens, continuation);
        return tokens++;
    }

    private void accept() {
        accepting = true;
        driver.accept(listener, token((result, flags) -> {
            if (result >= 0) {
                connections++;
                new Connection(result, connections % 2 == 0).receive();
            } else if (result == -Errno.EMFILE) {
                outOfHandles++;
            } else {
                throw new AssertionError("accept: " + SimOperation.result(result));
            }
            if ((flags & Completions.MORE) == 0) {
                accepting = false;
                endedMultishots += result >= 0 ? 1 : 0;
                if (result >= 0) {
                    accept();
                }
            }
        }));
    }

    private final class Connection {

        final int handle;
        final boolean multishot;
        final ByteQueue output = new ByteQueue();
        final Buffer single = Buffer.allocate(CHUNK_BYTES);
        long receiving;
        long sending;
        boolean ended;
        boolean closed;

        Connection(int handle, boolean multishot) {
            this.handle = handle;
            this.multishot = multishot;
        }

        void receive() {
            if (closed || ended || receiving != 0 || output.size() > OUTPUT_BYTES_MAX) {
                return;
            }
            receiving = token(this::received);
            if (multishot) {
                driver.receive(handle, receiving);
            } else {
                driver.receive(handle, single, 0, single.capacity(), receiving);
            }
        }

        private void received(int result, int flags) {
            boolean more = (flags & Completions.MORE) != 0;
            if ((flags & Completions.BUFFER) != 0) {
                int id = Completions.bufferId(flags);
                take(driver.provided(id).bytes(0, result));
                driver.release(id);
            } else if (result > 0) {
                take(single.bytes(0, result));
            }
            if (!more) {
                receiving = 0;
                endedMultishots += multishot && result > 0 ? 1 : 0;
            } else if (output.size() > OUTPUT_BYTES_MAX) {
                driver.cancel(receiving);
            }
            if (closed) {
                return;
            }
            if (result == 0) {
                ended = true;
            } else if (result == -Errno.ENOBUFS) {
                outOfBuffers++;
            } else if (result < 0 && result != -Errno.ECANCELED) {
                broken++;
                close();
                return;
            }
            proceed();
        }

        private void take(byte[] bytes) {
            output.add(bytes, 0, bytes.length);
            outputBytesMost = Math.max(outputBytesMost, output.size());
        }

        private void proceed() {
            if (sending == 0 && !output.isEmpty()) {
                send(Buffer.of(output.take(Math.min(output.size(), CHUNK_BYTES))), 0);
            } else if (sending == 0 && ended) {
                close();
            }
            receive();
        }

        private void send(Buffer chunk, int from) {
            sending = token((result, flags) -> {
                sending = 0;
                if (closed) {
                    return;
                }
                if (result <= 0) {
                    broken++;
                    close();
                    return;
                }
                bytesEchoed += result;
                if (from + result < chunk.capacity()) {
                    shortSends++;
                    send(chunk, from + result);
                } else {
                    proceed();
                }
            });
            driver.send(handle, chunk, from, chunk.capacity() - from, sending);
        }

        private void close() {
            closed = true;
            if (receiving != 0) {
                driver.cancel(receiving);
            }
            if (sending != 0) {
                driver.cancel(sending);
            }
            driver.close(handle);
            if (!accepting) {
                accept();
            }
        }
    }

    /** Nothing but the accept is left. */
    boolean isIdle() {
        return continuations.size() == 1 && driver.openHandles() == 1 && driver.buffersHeld() == 0;
    }

    @Nullable
    SocketAddress address() {
        return driver.localAddress(listener);
    }
}
