package dev.pumasi.server;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.http.Violation;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Stall;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a worker tells of itself when it is asked, as lines: one for each loop, each of the last stalls and each part, and one for the
 * process, which ends it. Numbers with blanks between; what may have blanks itself is last.
 *
 * @param heapBytes in use
 * @param heapBytesMax at most
 */
record Sighting(
        long heapBytes,
        long heapBytesMax,
        HttpStatus http,
        List<LoopFigures> loops,
        List<Stall> stalls,
        List<Figures.Row> parts,
        int partsLeftOut) {

    static final Sighting NOTHING = new Sighting(0, 0, HttpStatus.NOTHING, List.of(), List.of(), List.of(), 0);

    /** How many loops of a worker are told of. */
    private static final int LOOPS_MAX = 64;

    private static final int STALLS_MAX = 3;

    /** How many parts of a worker are told of. */
    static final int PARTS_MAX = 500;

    /** For a line end within a report. */
    private static final char LINE_END = '\u001e';

    /** Between the name of a part and what there is to note of it. */
    private static final char NOTE = '\u001f';

    /** Before the value of a figure that only grows, and of one that does not. */
    private static final char COUNT = '+';

    private static final char LEVEL = '=';

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
        List<Figures.Row> all = Figures.all();
        List<Figures.Row> parts =
                all.stream().filter(Sighting::fits).limit(PARTS_MAX).toList();
        Runtime runtime = Runtime.getRuntime();
        return new Sighting(
                runtime.totalMemory() - runtime.freeMemory(),
                runtime.maxMemory(),
                post.servers().stream().map(Server::status).reduce(HttpStatus.NOTHING, HttpStatus::plus),
                loops,
                List.copyOf(stalls.subList(0, Math.min(stalls.size(), STALLS_MAX))),
                parts,
                all.size() - parts.size() + Figures.leftOut());
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
        parts.forEach(part -> lines.add(line(part)));
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
                        http.broken(),
                        partsLeftOut,
                        violations(http.violations()))));
        return lines;
    }

    private static ControlLine line(Figures.Row part) {
        StringBuilder line = new StringBuilder(part.kind());
        line.append(' ').append(part.figures().size());
        for (Figures.Figure figure : part.figures()) {
            line.append(' ').append(figure.name()).append(figure.grows() ? COUNT : LEVEL);
            line.append(figure.value());
        }
        line.append(' ').append(part.name()).append(NOTE).append(part.note());
        return new ControlLine(ControlLine.SEEN_PART, line.toString());
    }

    /** Whether its figures come before the place at which a line is cut; of a name or a note that is longer, a part is enough. */
    static boolean fits(Figures.Row part) {
        ControlLine line = line(new Figures.Row(part.kind(), "", part.figures()));
        return line.verb().length() + line.rest().length() < ControlLine.BYTES_MAX - 2; // the figures are ASCII
    }

    private static String violations(Map<Violation, Long> counts) {
        return counts.entrySet().stream()
                .map(entry -> entry.getKey().name() + LEVEL + entry.getValue())
                .collect(Collectors.joining(" "));
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

    /** Of a {@link ControlLine#SEEN_PART}. */
    static Figures.Row part(String line) {
        String[] head = line.split(" ", 3);
        int size = Integer.parseInt(head[1]);
        String[] word = head[2].split(" ", size + 1);
        List<Figures.Figure> figures = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int sign = Math.max(word[i].indexOf(COUNT), word[i].indexOf(LEVEL));
            figures.add(new Figures.Figure(
                    word[i].substring(0, sign),
                    Double.parseDouble(word[i].substring(sign + 1)),
                    word[i].charAt(sign) == COUNT));
        }
        String last = word[size];
        int note = last.indexOf(NOTE);
        return note < 0
                ? new Figures.Row(head[0], last, figures)
                : new Figures.Row(head[0], last.substring(0, note), figures, last.substring(note + 1));
    }

    /** Of a {@link ControlLine#SEEN}, with what came before it. */
    static Sighting of(String line, List<LoopFigures> loops, List<Stall> stalls, List<Figures.Row> parts) {
        String[] word = line.split(" ");
        Map<Violation, Long> violations = new EnumMap<>(Violation.class);
        for (int i = 12; i < word.length; i++) {
            int sign = word[i].indexOf(LEVEL);
            violations.put(Violation.valueOf(word[i].substring(0, sign)), Long.parseLong(word[i].substring(sign + 1)));
        }
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
                        Map.copyOf(violations)),
                List.copyOf(loops),
                List.copyOf(stalls),
                List.copyOf(parts),
                Integer.parseInt(word[11]));
    }

    private static String join(Object... words) {
        StringBuilder line = new StringBuilder();
        for (Object word : words) {
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        return line.toString();
    }
}
