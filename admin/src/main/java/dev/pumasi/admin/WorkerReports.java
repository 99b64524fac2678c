package dev.pumasi.admin;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.ProcessSocket;
import dev.pumasi.runtime.StreamSocket;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What each worker process tells of itself while somebody looks ({@link WorkerReport}): a connection to each, and on the page's own loop a
 * green thread for each question.
 *
 * <p>A worker that does not answer within {@value #PATIENCE_MILLIS} ms holds up nobody: what it said last counts, with its age, and it is
 * asked again when it has answered. One that says more than {@value #REPORT_BYTES_MAX} bytes, or hangs up, is connected to anew.
 *
 * <p>Asked and closed by one thread at a time.
 */
final class WorkerReports implements AutoCloseable {

    /** For how long a frame waits for its workers. */
    static final int PATIENCE_MILLIS = 200;

    /** A loop is told in about two kilobytes, a green thread in less than one. */
    static final int REPORT_BYTES_MAX = 1 << 22;

    private static final int CHUNK_BYTES = 1 << 16;
    private static final System.Logger LOG = System.getLogger("dev.pumasi.admin");

    /** What a worker said, and when. */
    record Report(String json, long nanos) {}

    private final Loop loop;
    private final Map<Long, Line> lines = new HashMap<>();

    WorkerReports(Loop loop) {
        this.loop = loop;
    }

    /** Asks all of them at once, and returns what each has said to this question: now, if it was quick enough, or last. */
    Map<Long, Report> ask(List<Long> workers, String wish) throws InterruptedException {
        lines.entrySet().removeIf(entry -> {
            boolean gone = !workers.contains(entry.getKey());
            if (gone) {
                entry.getValue().close();
            }
            return gone;
        });
        CountDownLatch answered = new CountDownLatch(workers.size());
        for (long worker : new HashSet<>(workers)) {
            line(worker).ifPresentOrElse(line -> line.ask(wish, answered), answered::countDown);
        }
        boolean _ = answered.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        String kind = kind(wish);
        Map<Long, Report> reports = new HashMap<>();
        lines.forEach((worker, line) -> {
            Report said = line.said.get(kind);
            if (said != null) {
                reports.put(worker, said);
            }
        });
        return reports;
    }

    /** Without what may differ from one question to the next. */
    private static String kind(String wish) {
        int space = wish.indexOf(' ');
        return space < 0 ? wish : wish.substring(0, space);
    }

    private Optional<Line> line(long worker) {
        Line known = lines.get(worker);
        if (known == null) {
            try {
                ProcessHandle process = ProcessHandle.of(worker).orElseThrow(() -> new NoSuchFileException("its end"));
                known = new Line(worker, ProcessSocket.address(process, WorkerReport.PURPOSE));
                lines.put(worker, known);
            } catch (NoSuchFileException notYetOrNoMore) {
                return Optional.empty();
            }
        }
        return Optional.of(known);
    }

    /** Hangs up: the workers record no more. */
    @Override
    public void close() {
        lines.values().forEach(Line::close);
        lines.clear();
    }

    /** The connection to one worker. */
    private final class Line {

        private final long worker;
        private final UnixDomainSocketAddress address;
        private final AtomicBoolean asking = new AtomicBoolean();

        /** By the kind of the question. Written by the green thread that asks, read by whoever makes a frame. */
        private final Map<String, Report> said = new ConcurrentHashMap<>();

        // Of the green thread that asks; there is one at a time.
        private @Nullable InputStream in;

        /** Written by the green thread that asks, closed by whoever closes all. */
        private volatile @Nullable StreamSocket socket;

        private volatile boolean closed;

        Line(long worker, UnixDomainSocketAddress address) {
            this.worker = worker;
            this.address = address;
        }

        void ask(String wish, CountDownLatch answered) {
            if (!asking.compareAndSet(false, true)) {
                answered.countDown(); // it is late with the question before, and may take its time
                return;
            }
            loop.spawn(() -> {
                try {
                    said.put(kind(wish), new Report(exchange(wish), System.nanoTime()));
                } catch (IOException failed) {
                    LOG.log(System.Logger.Level.DEBUG, "worker {0} does not report: {1}", worker, failed.getMessage());
                    hangUp();
                } finally {
                    asking.set(false);
                    answered.countDown();
                }
            });
        }

        private String exchange(String wish) throws IOException {
            StreamSocket open = socket;
            if (open == null) {
                open = StreamSocket.connect(loop, address).await();
                socket = open;
                in = open.inputStream();
                if (closed) { // and whoever did has not seen this socket
                    throw new EOFException("nobody looks any more");
                }
            }
            open.write((wish + "\n").getBytes(StandardCharsets.US_ASCII));
            open.flush();
            return answer(in == null ? open.inputStream() : in);
        }

        /** A line; nothing is ahead of what was asked, so nothing lies behind its end. */
        private String answer(InputStream from) throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream(CHUNK_BYTES);
            byte[] chunk = new byte[CHUNK_BYTES];
            while (line.size() < REPORT_BYTES_MAX) {
                int count = from.read(chunk);
                if (count < 0) {
                    throw new EOFException("it has hung up");
                }
                if (count > 0 && chunk[count - 1] == '\n') {
                    line.write(chunk, 0, count - 1);
                    return line.toString(StandardCharsets.UTF_8);
                }
                line.write(chunk, 0, count);
            }
            throw new IOException("it says more than " + REPORT_BYTES_MAX + " bytes");
        }

        private void hangUp() {
            StreamSocket open = socket;
            socket = null;
            in = null;
            if (open != null) {
                open.close();
            }
        }

        void close() {
            closed = true;
            loop.run(() -> {
                StreamSocket open = socket;
                if (open != null) {
                    open.close();
                }
            });
        }
    }
}
