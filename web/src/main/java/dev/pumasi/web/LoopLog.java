package dev.pumasi.web;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One loop's part of an access log. Everything here is on the loop.
 *
 * <pre>
 *   lines ──► filling ──(timer, or half full; the last write is over)──► writing ──► appended to the file
 *               │
 *               └─ full while the disk is busy: counted, and said in the log as soon as there is room
 * </pre>
 *
 * <p>Two buffers of one size, exchanged before each write; so the memory is bounded, a line is copied once, and one write of the file
 * is under way at most. The file is opened for appending, so the lines of several loops do not mix.
 */
final class LoopLog {

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    /** For the line that says that lines are missing. */
    private static final int RESERVED_BYTES = 256;

    private final Loop loop;
    private final Path path;
    private final long everyNanos;
    private final Function<Long, String> missing;
    private final LongAdder lines;
    private final LongAdder lost;
    private final LongAdder writes;
    private final Timer timer = Timer.of(this::write);
    private Buffer filling;
    private Buffer writing;
    private int filled;
    private int fillingLines;
    private int toWrite;
    private int written;
    private int writingLines;
    private long missingHere;
    private boolean busy;
    private boolean reopens;
    private boolean failing;
    private @Nullable AsyncFile file;
    private @Nullable Runnable whenWritten;

    LoopLog(
            Loop loop,
            Path path,
            int bufferBytes,
            long everyNanos,
            Function<Long, String> missing,
            LongAdder lines,
            LongAdder lost,
            LongAdder writes) {
        this.loop = loop;
        this.path = path;
        this.everyNanos = everyNanos;
        this.missing = missing;
        this.lines = lines;
        this.lost = lost;
        this.writes = writes;
        filling = Buffer.allocate(bufferBytes);
        writing = Buffer.allocate(bufferBytes);
    }

    /** Takes a line with its end, or counts it as lost. Never waits. */
    void add(byte[] line) {
        if (filled + line.length > filling.capacity() - RESERVED_BYTES) {
            missingHere++;
            lost.increment();
        } else {
            filling.put(filled, line, 0, line.length);
            filled += line.length;
            fillingLines++;
        }
        if (busy) {
            return;
        }
        if (filled > filling.capacity() / 2) {
            loop.cancel(timer);
            write();
        } else if (!timer.isRunning()) {
            loop.start(timer, everyNanos);
        }
    }

    /** The file under the path may be another one by now. */
    void reopen() {
        reopens = true;
        if (!busy) {
            loop.cancel(timer);
            write();
        }
    }

    /** Writes what is there, and then runs {@code then}. */
    void flush(Runnable then) {
        whenWritten = then;
        if (!busy) {
            loop.cancel(timer);
            write();
        }
    }

    private void write() {
        if (missingHere > 0) {
            noteMissing();
        }
        if (reopens && file != null) {
            file.close();
            file = null;
        }
        reopens = false;
        if (filled == 0) {
            Runnable then = whenWritten;
            whenWritten = null;
            if (then != null) {
                then.run();
            }
            return;
        }
        busy = true;
        Buffer full = filling;
        filling = writing;
        writing = full;
        toWrite = filled;
        written = 0;
        writingLines = fillingLines;
        filled = 0;
        fillingLines = 0;
        if (file == null) {
            loop.files()
                    .startOpen(path, AsyncFile.Option.APPEND, AsyncFile.Option.CREATE)
                    .onDone(this::opened);
        } else {
            append(file);
        }
    }

    private void noteMissing() {
        byte[] line = (missing.apply(missingHere) + "\n").getBytes(StandardCharsets.US_ASCII);
        filling.put(filled, line, 0, line.length);
        filled += line.length;
        missingHere = 0;
    }

    private void opened(Operation.Outcome<AsyncFile> outcome) {
        switch (outcome) {
            case Operation.Success<AsyncFile>(AsyncFile opened) -> {
                file = opened;
                append(opened);
            }
            case Operation.Failed<AsyncFile>(Throwable failure) -> failed(failure);
        }
    }

    private void append(AsyncFile to) {
        writes.increment();
        to.startAppend(writing, written, toWrite - written).onDone(outcome -> {
            switch (outcome) {
                case Operation.Success<Integer>(Integer count) -> {
                    written += count;
                    if (written < toWrite) {
                        append(to);
                    } else {
                        lines.add(writingLines);
                        failing = false;
                        done();
                    }
                }
                case Operation.Failed<Integer>(Throwable failure) -> failed(failure);
            }
        });
    }

    /** What could not be written is not kept: more is coming. */
    private void failed(Throwable failure) {
        if (failure instanceof OperationException ended
                && (ended.failure() == Failure.CLOSED || ended.failure() == Failure.CANCELLED)) {
            return; // the loop stops: rest() has what is left
        }
        if (!failing) {
            failing = true;
            LOG.log(
                    System.Logger.Level.WARNING,
                    Printable.of("the access log cannot be written: " + failure.getMessage()));
        }
        lost.add(writingLines);
        missingHere += writingLines;
        reopens = true;
        done();
    }

    private void done() {
        busy = false;
        toWrite = 0;
        if (whenWritten != null || filled > filling.capacity() / 2 && !failing) {
            if (failing) {
                Runnable then = whenWritten;
                whenWritten = null;
                if (then != null) {
                    then.run();
                }
            } else {
                write();
            }
        } else if ((filled > 0 || missingHere > 0) && !timer.isRunning()) {
            loop.start(timer, everyNanos);
        }
    }

    /** What was taken and is not in the file. Once the loop is over: its thread has ended, and has left it so. */
    byte[] rest() {
        if (missingHere > 0) {
            noteMissing();
        }
        int unwritten = busy ? toWrite - written : 0;
        byte[] rest = new byte[unwritten + filled];
        if (unwritten > 0) {
            writing.get(written, rest, 0, unwritten);
            lines.add(writingLines);
        }
        filling.get(0, rest, unwritten, filled);
        lines.add(fillingLines);
        busy = false;
        filled = 0;
        fillingLines = 0;
        return rest;
    }

    /** Closes the file, after {@link #flush}. */
    void close() {
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
