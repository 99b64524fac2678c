package dev.pumasi.runtime;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Where a running process lets itself be recorded: a {@link ProcessSocket}. Whoever connects sends one line, for how many
 * milliseconds, and is sent what happens from then on:
 *
 * <pre>
 *   asker:    5000
 *   process:  e ⇥ loop ⇥ nanoseconds ⇥ kind ⇥ label ⇥ number        for each event
 *             end ⇥ how many were lost                              or: refused ⇥ why
 * </pre>
 *
 * <p>A daemon thread of its own answers, one after another; it takes what the loops have noted out of their rings every {@value
 * #TAKE_MILLIS} ms, and does not wait for an asker who reads slowly: his socket's buffer is his.
 */
public final class RecordingSocket implements AutoCloseable {

    /** No recording is longer. */
    public static final Duration RECORDING_MAX = Duration.ofMinutes(10);

    /** No recording has more events; it ends then. */
    public static final int EVENTS_MAX = 2_000_000;

    private static final int TAKE_MILLIS = 10;

    /** For each loop: what it notes in the time between two looks, many times over. */
    private static final int RING_EVENTS = 1 << 17;

    private static final int FIELDS = 6;
    private static final String PURPOSE = "trace";

    /**
     * What came of it.
     *
     * @param events loop by loop in the order in which they were noted, mixed among loops
     * @param lost how many more there were, which nobody has seen
     */
    public record Recorded(List<RecordedEvent> events, long lost) {}

    private final List<Loop> loops;
    private final ProcessSocket server;

    private RecordingSocket(List<Loop> loops, ProcessSocket server) {
        this.loops = List.copyOf(loops);
        this.server = server;
    }

    /**
     * Opens the socket of this process. A process has one: opening a second takes its place.
     *
     * @throws IOException as {@link ProcessSocket#open}
     */
    public static RecordingSocket open(List<Loop> loops) throws IOException {
        RecordingSocket socket = new RecordingSocket(loops, ProcessSocket.open(PURPOSE));
        socket.server.converse("pumasi-recordings", socket::answer);
        return socket;
    }

    /**
     * Records another process, or this one, and returns what it did. Blocks for that long.
     *
     * @param time up to {@link #RECORDING_MAX}
     * @throws NoSuchFileException if that process has no such socket
     * @throws IOException if it refuses, or ends meanwhile
     */
    public static Recorded record(ProcessHandle process, Duration time) throws IOException {
        if (!time.isPositive() || time.compareTo(RECORDING_MAX) > 0) {
            throw new IllegalArgumentException("above 0 and up to " + RECORDING_MAX.toSeconds() + " s, not " + time);
        }
        try (SocketChannel channel = ProcessSocket.connect(process, PURPOSE);
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8))) {
            channel.write(StandardCharsets.UTF_8.encode(time.toMillis() + "\n"));
            List<RecordedEvent> events = new ArrayList<>();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] fields = line.split("\t", FIELDS);
                switch (fields[0]) {
                    case "e" -> events.add(event(fields));
                    case "end" -> {
                        return new Recorded(List.copyOf(events), Long.parseLong(fields[1]));
                    }
                    default -> throw new IOException(fields.length > 1 ? fields[1] : "it says: " + line);
                }
                if (events.size() > EVENTS_MAX) {
                    throw new IOException("it says more than a recording holds");
                }
            }
        } catch (RuntimeException malformed) {
            throw new IOException("what it says is no recording", malformed);
        }
        throw new IOException("it ended before the recording did");
    }

    private static RecordedEvent event(String[] fields) {
        return new RecordedEvent(
                fields[1],
                Long.parseLong(fields[2]),
                RecordedKind.valueOf(fields[3]),
                fields[4],
                Long.parseLong(fields[5]));
    }

    /** Where it is. */
    public Path path() {
        return server.path();
    }

    /** Takes the socket away. A recording that runs ends when its asker has gone, or in its time. */
    @Override
    public void close() throws IOException {
        server.close();
    }

    private void answer(SocketChannel asker) {
        try (BufferedReader in = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(asker), StandardCharsets.UTF_8));
                BufferedWriter out = new BufferedWriter(
                        new OutputStreamWriter(Channels.newOutputStream(asker), StandardCharsets.UTF_8))) {
            long millis = Long.parseLong(String.valueOf(in.readLine()).strip());
            if (loops.isEmpty()) { // told after he has asked: his question would meet a closed socket
                out.write("refused\tit runs no event loops, and there is nothing else to record\n");
                return;
            }
            try (Recording recording = Recording.start(loops, RING_EVENTS)) {
                record(recording, out, Math.clamp(millis, 1, RECORDING_MAX.toMillis()));
            } catch (IllegalStateException inUse) {
                out.write("refused\t" + inUse.getMessage() + "\n");
            }
        } catch (IOException | NumberFormatException askerHasLeftOrBabbles) {
            // which is his affair
        }
    }

    private static void record(Recording recording, BufferedWriter out, long millis) throws IOException {
        long untilNanos = System.nanoTime() + Duration.ofMillis(millis).toNanos();
        long left = EVENTS_MAX;
        long cut = 0;
        boolean over = false;
        while (!over) {
            long restNanos = untilNanos - System.nanoTime();
            LockSupport.parkNanos(Math.min(
                    Math.max(restNanos, 1), Duration.ofMillis(TAKE_MILLIS).toNanos()));
            over = untilNanos - System.nanoTime() <= 0 || left == 0;
            for (RecordedEvent event : recording.take()) {
                if (left == 0) {
                    cut++;
                } else {
                    left--;
                    write(event, out);
                }
            }
            out.flush();
        }
        out.write("end\t" + (recording.lost() + cut) + "\n");
    }

    private static void write(RecordedEvent event, BufferedWriter out) throws IOException {
        out.write("e\t" + event.loop().replace('\t', ' ') + "\t" + event.nanos() + "\t" + event.kind() + "\t"
                + event.label().replace('\t', ' ') + "\t" + event.number() + "\n");
    }
}
