package dev.pumasi.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a simulation, one line for each event: virtual time in nanoseconds, who, what. Bytes that move are
 * named by their count and a check sum, so two runs with equal traces moved equal bytes at equal times.
 *
 * <p>The first {@code linesMax} lines are kept; all of them, kept or not, go into the count, the running hash and, if
 * there is one, the stream. Confined to the simulation's thread.
 */
public final class Trace {

    /** How many lines are kept unless the simulation says otherwise: some 30 MB. */
    public static final int LINES_MAX = 200_000;

    private static final int CONTEXT_LINES = 5;

    private final int linesMax;
    private final @Nullable Appendable stream;
    private final List<String> lines = new ArrayList<>();
    private final String[] latest = new String[CONTEXT_LINES * 4];
    private long count;
    private long hash;

    Trace(int linesMax, @Nullable Appendable stream) {
        this.linesMax = linesMax;
        this.stream = stream;
    }

    void add(long elapsedNanos, String who, String what) {
        String line = elapsedNanos + " " + who + ": " + what;
        for (int i = 0; i < line.length(); i++) {
            hash = Dice.mix(hash * 31 + line.charAt(i));
        }
        hash = Dice.mix(hash + 1);
        latest[(int) (count % latest.length)] = line;
        count++;
        if (lines.size() < linesMax) {
            lines.add(line);
        }
        if (stream != null) {
            try {
                stream.append(line).append('\n');
            } catch (IOException failed) {
                throw new UncheckedIOException("the trace's stream takes no more", failed);
            }
        }
    }

    /** The number of all events. */
    public long count() {
        return count;
    }

    /** Of all events in their order; equal for equal traces. */
    public long hash() {
        return hash;
    }

    /** The lines that were kept, from the first on. */
    public List<String> lines() {
        return Collections.unmodifiableList(lines);
    }

    /** The last events, oldest first: what led to a failure. */
    public List<String> latest() {
        List<String> found = new ArrayList<>();
        for (long i = Math.max(0, count - latest.length); i < count; i++) {
            found.add(latest[(int) (i % latest.length)]);
        }
        return found;
    }

    /** Where two traces part: the first event that differs, with what went before; empty if they are the same. */
    public Optional<String> difference(Trace other) {
        if (count == other.count && hash == other.hash) {
            return Optional.empty();
        }
        int shared = Math.min(lines.size(), other.lines.size());
        int at = 0;
        while (at < shared && lines.get(at).equals(other.lines.get(at))) {
            at++;
        }
        StringBuilder text = new StringBuilder();
        if (at == linesMax || at == other.linesMax) {
            return Optional.of(text.append("the traces differ after the ")
                    .append(at)
                    .append(" events that were kept")
                    .toString());
        }
        text.append("the traces differ at event ").append(at + 1).append(":\n");
        for (int i = Math.max(0, at - CONTEXT_LINES); i < at; i++) {
            text.append("    ").append(lines.get(i)).append('\n');
        }
        text.append("  - ").append(at < lines.size() ? lines.get(at) : "(ends)").append('\n');
        text.append("  + ").append(at < other.lines.size() ? other.lines.get(at) : "(ends)");
        return Optional.of(text.toString());
    }

    @Override
    public String toString() {
        return "Trace[" + count + " events, hash 0x" + Long.toHexString(hash) + "]";
    }
}
