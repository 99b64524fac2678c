package dev.pumasi.server;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Stall;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a worker tells of itself when it is asked, as lines: one for each loop, one for each of the last stalls, and one for the process,
 * which ends it. Numbers with blanks between; what may have blanks itself is last.
 *
 * @param heapBytes in use
 * @param heapBytesMax at most
 */
record Sighting(long heapBytes, long heapBytesMax, HttpStatus http, List<LoopFigures> loops, List<Stall> stalls) {

    static final Sighting NOTHING =
            new Sighting(0, 0, new HttpStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of()), List.of(), List.of());

    /** How many loops of a worker are told of. */
    private static final int LOOPS_MAX = 64;

    private static final int STALLS_MAX = 3;

    /** For a line end within a report. */
    private static final char LINE_END = '\u001e';

    /** Of this process. Reads figures that loops publish, and two small files of the kernel's for each loop; does not wait. */
    static Sighting of(Post post) {
        List<HttpStatus> each = post.statusByLoop();
        List<LoopFigures> loops = new ArrayList<>();
        List<Stall> stalls = new ArrayList<>();
        List<Loop> on = post.loops();
        for (int i = 0; i < Math.min(each.size(), LOOPS_MAX); i++) {
            HttpStatus http = each.get(i);
            loops.add(new LoopFigures(on.get(i).status(), on.get(i).processorTime(), http.open(), http.requests()));
            stalls.addAll(on.get(i).lastStalls());
        }
        stalls.sort(Comparator.comparing(Stall::found).reversed());
        Runtime runtime = Runtime.getRuntime();
        return new Sighting(
                runtime.totalMemory() - runtime.freeMemory(),
                runtime.maxMemory(),
                post.server().status(),
                loops,
                List.copyOf(stalls.subList(0, Math.min(stalls.size(), STALLS_MAX))));
    }

    List<ControlLine> lines() {
        List<ControlLine> lines = new ArrayList<>();
        for (LoopFigures one : loops) {
            LoopStatus status = one.status();
            lines.add(new ControlLine(
                    ControlLine.SEEN_LOOP,
                    join(
                            status.turns(),
                            status.completions(),
                            status.tasks(),
                            status.greenThreads(),
                            status.greenThreadsAlive(),
                            status.hops(),
                            status.wakes(),
                            status.stalls(),
                            status.failures(),
                            status.interests(),
                            status.timers(),
                            status.foreignTasks(),
                            status.runnable(),
                            one.processorTime().map(Duration::toNanos).orElse(-1L),
                            one.open(),
                            one.requests(),
                            status.driver(),
                            status.name())));
        }
        for (Stall stall : stalls) {
            lines.add(new ControlLine(
                    ControlLine.SEEN_STALL,
                    join(
                            stall.found().toEpochMilli(),
                            stall.lasted().toMillis(),
                            stall.over(),
                            stall.loop(),
                            stall.report().replace('\n', LINE_END))));
        }
        lines.add(new ControlLine(
                ControlLine.SEEN,
                join(
                        heapBytes,
                        heapBytesMax,
                        http.connections(),
                        http.open(),
                        http.refused(),
                        http.requests(),
                        http.handlerFailures(),
                        http.lateAnswers(),
                        http.idleTimeouts(),
                        http.writeTimeouts(),
                        http.broken())));
        return lines;
    }

    /** Of a {@link ControlLine#SEEN_LOOP}. */
    static LoopFigures loop(String line) {
        String[] word = line.split(" ", 18);
        return new LoopFigures(
                new LoopStatus(
                        word[17],
                        word[16],
                        Long.parseLong(word[0]),
                        Long.parseLong(word[1]),
                        Long.parseLong(word[2]),
                        Long.parseLong(word[3]),
                        Integer.parseInt(word[4]),
                        Long.parseLong(word[5]),
                        Long.parseLong(word[6]),
                        Long.parseLong(word[7]),
                        Long.parseLong(word[8]),
                        Integer.parseInt(word[9]),
                        Integer.parseInt(word[10]),
                        Integer.parseInt(word[11]),
                        Integer.parseInt(word[12])),
                Optional.of(Long.parseLong(word[13]))
                        .filter(nanos -> nanos >= 0)
                        .map(Duration::ofNanos),
                Integer.parseInt(word[14]),
                Long.parseLong(word[15]));
    }

    /** Of a {@link ControlLine#SEEN_STALL}. */
    static Stall stall(String line) {
        String[] word = line.split(" ", 5);
        return new Stall(
                word[3],
                Instant.ofEpochMilli(Long.parseLong(word[0])),
                Duration.ofMillis(Long.parseLong(word[1])),
                Boolean.parseBoolean(word[2]),
                word[4].replace(LINE_END, '\n'));
    }

    /** Of a {@link ControlLine#SEEN}, with what came before it. */
    static Sighting of(String line, List<LoopFigures> loops, List<Stall> stalls) {
        String[] word = line.split(" ");
        return new Sighting(
                Long.parseLong(word[0]),
                Long.parseLong(word[1]),
                new HttpStatus(
                        Long.parseLong(word[2]),
                        Integer.parseInt(word[3]),
                        Long.parseLong(word[4]),
                        Long.parseLong(word[5]),
                        Long.parseLong(word[6]),
                        Long.parseLong(word[7]),
                        Long.parseLong(word[8]),
                        Long.parseLong(word[9]),
                        Long.parseLong(word[10]),
                        Map.of()),
                List.copyOf(loops),
                List.copyOf(stalls));
    }

    private static String join(Object... words) {
        StringBuilder line = new StringBuilder();
        for (Object word : words) {
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        return line.toString();
    }
}
