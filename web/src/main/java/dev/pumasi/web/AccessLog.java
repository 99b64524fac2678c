package dev.pumasi.web;

import dev.pumasi.http.AsyncHandler;
import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.SignalListener;
import dev.pumasi.runtime.SignalRefusedException;
import dev.pumasi.runtime.UnixSignal;
import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * A line for each answered request, in a file, without anybody waiting for the disk.
 *
 * <pre>{@code
 * try (AccessLog log = AccessLog.builder(Path.of("access.log")).build();
 *         HttpServer server = HttpServer.builder(log.around(router)).start()) {
 *     server.awaitStop();
 * }
 * }</pre>
 *
 * <p><b>Where the work is done.</b> The line is made where the answer was, and put into a buffer of the connection's loop ({@link LoopLog}). Every
 * {@linkplain Builder#every 100 ms}, or when it is half full, the loop starts one write of all that is there, through its driver. No lock, no thread of its own, no wait.
 *
 * <p><b>Nothing is lost silently.</b> When a disk is so slow, or fails, that a buffer is full, further lines are counted; as soon as there is room again
 * the log says how many are missing there, and {@link #status} says so at any time. {@link #close} writes what is left, also of
 * loops that have stopped before: close the server first, and the log behind it, as {@code try} does. A crash loses what came in the last 100 ms, and what the kernel had not
 * written: the file is not synced.
 *
 * <p><b>Order.</b> The lines of one loop are in the order of the answers; those of several loops are mixed, a few at a time.
 *
 * <p><b>Rotation.</b> Rename the file, then {@link #reopen}, or send the {@linkplain Builder#reopenOn signal}: what comes from then on is in a new file of the old name.
 *
 * <p><b>What it does not see</b>: requests that the codec refused (they are counted, {@code HttpStatus}), and whether a client has taken its answer.
 */
public final class AccessLog implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    private static final long CLOSE_PATIENCE_MILLIS = 5_000;

    private static final int LINE_CHARS = 256;

    private final Path path;
    private final AccessFormat format;
    private final int bufferBytes;
    private final long everyNanos;
    private final LongAdder lines = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LongAdder writes = new LongAdder();

    /** Replaced, not changed: two loops that begin at once do not wait for each other. */
    private final AtomicReference<Map<Loop, LoopLog>> parts = new AtomicReference<>(Map.of());

    private SignalListener[] signals = {};

    private AccessLog(Builder of) {
        path = of.path.toAbsolutePath();
        format = of.format;
        bufferBytes = of.bufferBytes;
        everyNanos = of.every.toNanos();
    }

    /** Into this file, behind what is there; it is made if it is not there, its folder is not. */
    public static Builder builder(Path file) {
        return new Builder(file);
    }

    /** Figures so far. Any thread. */
    public AccessLogStatus status() {
        return new AccessLogStatus(lines.sum(), lost.sum(), writes.sum());
    }

    /** The same endpoint, with a line for each of its answers. */
    public Handler around(Handler handler) {
        return new Logged(this, handler);
    }

    /** What comes from now on goes into the file that then has the name. Any thread; does not wait. */
    public void reopen() {
        parts.get().forEach((loop, part) -> loop.run(part::reopen));
    }

    /** Takes a line for an answer. Any thread; never waits. */
    public void add(AccessEntry entry) {
        if (entry.request().isWarmUp()) {
            return; // nobody has asked
        }
        Loop loop = entry.request().loop();
        StringBuilder text = new StringBuilder(LINE_CHARS);
        format.append(entry, text);
        add(loop, text.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Takes a line that was made elsewhere, with its end. Any thread; never waits. */
    void add(Loop loop, byte[] line) {
        LoopLog part = part(loop);
        loop.run(() -> part.add(line));
    }

    private LoopLog part(Loop loop) {
        LoopLog known = parts.get().get(loop);
        if (known != null) {
            return known;
        }
        LoopLog made = new LoopLog(
                loop,
                path,
                bufferBytes,
                everyNanos,
                count -> format.ofLost(count, loop.wallMillis()),
                lines,
                lost,
                writes);
        return parts.updateAndGet(before -> {
                    Map<Loop, LoopLog> after = new HashMap<>(before);
                    after.putIfAbsent(loop, made);
                    return Map.copyOf(after);
                })
                .getOrDefault(loop, made);
    }

    /** Writes what is left and closes the file. Blocks for as long as that takes, five seconds at most; not on a loop. */
    @Override
    public void close() {
        for (SignalListener signal : signals) {
            signal.close();
        }
        Map<Loop, LoopLog> all = parts.getAndSet(Map.of());
        all.forEach((loop, part) -> {
            CountDownLatch written = new CountDownLatch(1);
            // On a loop that is over, an operation has failed at once, and tasks are dropped.
            boolean isOver = loop.sleep(Duration.ZERO).isDone();
            if (!isOver) {
                loop.execute(() -> part.flush(() -> {
                    part.close();
                    written.countDown();
                }));
            }
            if (isOver || !await(written)) {
                writeRest(part.rest());
            }
        });
    }

    private static boolean await(CountDownLatch written) {
        try {
            return written.await(CLOSE_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void writeRest(byte[] rest) {
        if (rest.length == 0) {
            return;
        }
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            ByteBuffer bytes = ByteBuffer.wrap(rest);
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (IOException failure) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    Printable.of("the last lines of the access log could not be written: " + failure));
        }
    }

    // ------------------------------------------------------------------------------------------- around a handler

    private record Logged(AccessLog log, Handler handler) implements Handler {

        @Override
        public Response handle(Request request) throws Exception {
            long beganNanos = System.nanoTime();
            Response response;
            try {
                response = handler.handle(request);
            } catch (Exception failure) {
                log.add(log.entry(request, Response.of(500), 0, false, beganNanos));
                throw failure;
            }
            return log.answered(request, response, beganNanos);
        }

        @Override
        public boolean isNonBlocking() {
            return handler.isNonBlocking();
        }

        @Override
        public Endpoint select(Request request) {
            Endpoint selected = handler.select(request);
            return switch (selected) {
                case Handler found -> found == handler ? this : new Logged(log, found);
                case AsyncHandler found -> new LoggedAsync(log, found);
            };
        }
    }

    private record LoggedAsync(AccessLog log, AsyncHandler handler) implements AsyncHandler {

        @Override
        public void handle(Request request, Responder responder) throws Exception {
            long beganNanos = System.nanoTime();
            handler.handle(request, new Responder() {
                @Override
                public void respond(Response response) {
                    responder.respond(log.answered(request, response, beganNanos));
                }

                @Override
                public void fail(Throwable failure) {
                    log.add(log.entry(request, Response.of(500), 0, false, beganNanos));
                    responder.fail(failure);
                }
            });
        }
    }

    private AccessEntry entry(Request request, Response response, long bytes, boolean complete, long beganNanos) {
        Loop loop = request.loop();
        long wallMillis = loop.isCurrent() ? loop.wallMillis() : System.currentTimeMillis();
        return new AccessEntry(request, response, bytes, complete, wallMillis, System.nanoTime() - beganNanos);
    }

    /** An answer of bytes is as good as sent; a stream is when its writer has ended. */
    private Response answered(Request request, Response response, long beganNanos) {
        if (!response.isStream()) {
            long bytes = request.method().equals("HEAD") ? 0 : response.lengthBytes();
            add(entry(request, response, bytes, true, beganNanos));
            return response;
        }
        return response.mapWriter(writer -> new BodyWriter() {
            @Override
            public void writeTo(BodyOutput out) throws Exception {
                Counted counted = new Counted(out);
                boolean complete = false;
                try {
                    writer.writeTo(counted);
                    complete = true;
                } finally {
                    add(entry(request, response, counted.bytes, complete, beganNanos));
                }
            }

            @Override
            public void discard() {
                add(entry(request, response, 0, true, beganNanos));
                writer.discard();
            }
        });
    }

    /** Counts what goes through. */
    static final class Counted extends BodyOutput {

        private final BodyOutput out;
        private long bytes;

        Counted(BodyOutput out) {
            this.out = out;
        }

        long bytes() {
            return bytes;
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            out.write(from, offset, length);
            bytes += length;
        }

        @Override
        public void write(Buffer from, int offset, int length) throws IOException {
            out.write(from, offset, length);
            bytes += length;
        }

        @Override
        public void write(AsyncFile file, long position, long length) throws IOException {
            out.write(file, position, length);
            bytes += length;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }

    // ------------------------------------------------------------------------------------------- how it is made

    /** Settings, each with a default. Not thread-safe. */
    public static final class Builder {

        private final Path path;
        private AccessFormat format = AccessFormat.COMBINED;
        private int bufferBytes = 256 * 1024;
        private Duration every = Duration.ofMillis(100);
        private Map<UnixSignal, Loop> signals = Map.of();

        private Builder(Path path) {
            this.path = Objects.requireNonNull(path, "file");
        }

        /** Default: {@link AccessFormat#COMBINED}. */
        public Builder format(AccessFormat of) {
            format = Objects.requireNonNull(of, "format");
            return this;
        }

        /** Each of the two buffers that every loop has. Default: 256 KiB. */
        public Builder bufferBytes(int bytes) {
            if (bytes < 1024) {
                throw new IllegalArgumentException("at least 1024 bytes, not " + bytes);
            }
            bufferBytes = bytes;
            return this;
        }

        /** How often it is written. Default: every 100 ms. */
        public Builder every(Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("a time above zero, not " + time);
            }
            every = time;
            return this;
        }

        /** Opens the file anew when the signal comes; nginx takes {@link UnixSignal#USR1}. It is heard on {@code loop}. */
        public Builder reopenOn(UnixSignal signal, Loop loop) {
            signals = Map.of(signal, loop);
            return this;
        }

        /**
         * The log. Blocks a moment.
         *
         * @throws IOException if the file cannot be written to
         * @throws SignalRefusedException if the signal cannot be listened to
         */
        public AccessLog build() throws IOException {
            FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
            if (!Files.isRegularFile(path) && !Files.isWritable(path)) {
                throw new IOException("not a file to write to: " + path);
            }
            AccessLog log = new AccessLog(this);
            SignalListener[] listeners = new SignalListener[signals.size()];
            int count = 0;
            for (Map.Entry<UnixSignal, Loop> signal : signals.entrySet()) {
                listeners[count++] = SignalListener.open(signal.getValue(), signal.getKey(), _ -> log.reopen());
            }
            log.signals = listeners;
            return log;
        }
    }
}
