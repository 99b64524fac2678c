package dev.pumasi.web;

import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A file that {@code access_log} names: one for all places that name it. It is opened when the whole configuration is known to be good. */
final class LogFile implements AutoCloseable {

    /** Each of the two buffers that every loop has, unless {@code buffer=} says another size. */
    static final int BUFFER_BYTES_DEFAULT = 128 * 1024;

    static final int BUFFER_BYTES_MAX = 16 * 1024 * 1024;

    private final Path path;
    private int bufferBytes = BUFFER_BYTES_DEFAULT;
    private Duration every = Duration.ofMillis(100);

    /** Written once, before the first request. */
    private volatile Optional<AccessLog> log = Optional.empty();

    LogFile(Path path) {
        this.path = path;
    }

    Path path() {
        return path;
    }

    /** The largest that any place asks for, and never less than a line may have. */
    void bufferBytes(long bytes) {
        bufferBytes = (int) Math.min(BUFFER_BYTES_MAX, Math.max(bufferBytes, bytes));
    }

    void every(Duration time) {
        every = time;
    }

    /** Blocks a moment. */
    void open() throws IOException {
        log = Optional.of(
                AccessLog.builder(path).bufferBytes(bufferBytes).every(every).build());
    }

    void add(Loop loop, byte[] line) {
        log.ifPresent(open -> open.add(loop, line));
    }

    void reopen() {
        log.ifPresent(AccessLog::reopen);
    }

    AccessLogStatus status() {
        return log.map(AccessLog::status).orElse(new AccessLogStatus(0, 0, 0));
    }

    @Override
    public void close() {
        log.ifPresent(AccessLog::close);
    }
}
