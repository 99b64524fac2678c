package dev.pumasi.admin;

import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.GreenThreadStatus;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopDump;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.runtime.Stall;
import dev.pumasi.runtime.ThreadDump;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What one process shows of itself: its loops with their pulse, when they were blocked, its parts, and its green threads. The page's own
 * process writes it into the frame; a worker sends it to the page.
 *
 * <p>Runs on a thread that may block, one look at a time; what it reads of loops is what they publish anyway, except for green threads,
 * which the loops look at themselves, and only if a viewer wants to see them.
 */
final class Inside {

    /** How many loops are listed; the rest is counted. */
    static final int LOOPS_MAX = 256;

    /** How many green threads of each loop are listed. */
    static final int GREEN_THREADS_PER_LOOP = 200;

    /** What is longer is cut: names come from outside. */
    static final int TEXT_MAX = 400;

    static final int STALLS_MAX = 20;
    static final int ROWS_MAX = 500;

    private final Observed observed;
    private final Pulse pulse;

    Inside(Observed observed, Pulse pulse) {
        this.observed = observed;
        this.pulse = pulse;
    }

    /** Adds {@code loops}, {@code stalls} and {@code parts} to what is written of the process. */
    void write(Json json) {
        loops(json);
        stalls(json);
        put(json, Figures.all(), Figures.leftOut());
    }

    private void loops(Json json) {
        List<Observed.Named> all = observed.named();
        List<Observed.Named> shown = all.subList(0, Math.min(all.size(), LOOPS_MAX));
        pulse.keep(shown.stream().map(Observed.Named::loop).toList());
        boolean recorded = false;
        json.put("loopsLeftOut", all.size() - shown.size());
        json.beginArray("loops");
        for (Observed.Named each : shown) {
            Loop loop = each.loop();
            json.beginObject().put("name", cut(each.name()));
            put(json, loop.status());
            loop.processorTime().ifPresent(time -> json.put("processorNanos", time.toNanos()));
            observed.http(loop).ifPresent(http -> json.put("open", http.open()).put("requests", http.requests()));
            Optional<LoopPulse.Beat> beat = pulse.look(loop);
            beat.ifPresent(known -> put(json, known));
            recorded |= beat.isPresent();
            json.endObject();
        }
        json.endArray();
        json.put("recorded", recorded)
                .put("binMillis", LoopPulse.BIN_MILLIS)
                .put("bin", LoopPulse.bin(System.nanoTime()));
    }

    static void put(Json json, LoopStatus status) {
        json.put("driver", status.driver())
                .put("turns", status.turns())
                .put("completions", status.completions())
                .put("tasks", status.tasks())
                .put("greenStarted", status.greenThreads())
                .put("greenAlive", status.greenThreadsAlive())
                .put("hops", status.hops())
                .put("wakes", status.wakes())
                .put("stalls", status.stalls())
                .put("failures", status.failures())
                .put("operations", status.interests())
                .put("timers", status.timers())
                .put("foreign", status.foreignTasks())
                .put("runnable", status.runnable());
    }

    private static void put(Json json, LoopPulse.Beat beat) {
        json.put("share", beat.share())
                .put("turnMedian", beat.medianNanos())
                .put("turnMax", beat.longestNanos())
                .put("first", beat.firstBin());
        json.beginArray("busy");
        for (int percent : beat.busy()) {
            json.add(percent);
        }
        json.endArray().beginArray("green");
        for (int percent : beat.green()) {
            json.add(percent);
        }
        json.endArray().beginArray("long");
        for (LoopPulse.LongTurn turn : beat.longTurns()) {
            json.beginArray()
                    .add(LoopPulse.bin(turn.fromNanos()))
                    .add(turn.nanos())
                    .add(turn.thread())
                    .endArray();
        }
        json.endArray();
    }

    private void stalls(Json json) {
        List<Stall> stalls = new ArrayList<>();
        observed.named()
                .forEach(each -> each.loop()
                        .lastStalls()
                        .forEach(stall -> stalls.add(
                                new Stall(each.name(), stall.found(), stall.lasted(), stall.over(), stall.report()))));
        put(json, stalls);
    }

    /** Adds {@code stalls}, the newest first. */
    static void put(Json json, List<Stall> stalls) {
        List<Stall> newest = stalls.stream()
                .sorted(Comparator.comparing(Stall::found).reversed())
                .limit(STALLS_MAX)
                .toList();
        json.beginArray("stalls");
        for (Stall stall : newest) {
            json.beginObject()
                    .put("loop", cut(stall.loop()))
                    .put("at", stall.found().toEpochMilli())
                    .put("millis", stall.lasted().toMillis())
                    .put("over", stall.over())
                    .put("report", stall.report())
                    .endObject();
        }
        json.endArray();
    }

    /** Adds {@code parts}, and how many are not among them. */
    static void put(Json json, List<Figures.Row> all, int leftOut) {
        List<Figures.Row> shown = all.subList(0, Math.min(all.size(), ROWS_MAX));
        json.put("partsLeftOut", all.size() - shown.size() + leftOut);
        json.beginArray("parts");
        for (Figures.Row row : shown) {
            json.beginObject()
                    .put("kind", row.kind())
                    .put("name", cut(row.name()))
                    .put("note", cut(row.note()));
            json.beginObject("figures");
            row.figures().forEach(figure -> json.put(figure.name(), figure.value()));
            json.endObject().endObject();
        }
        json.endArray();
    }

    /** Adds what at most so many green threads wait for, and since when; longest first. */
    void threads(Json json, int most) {
        List<Observed.Named> loops = observed.named();
        ThreadDump dump =
                ThreadDump.brief(loops.stream().map(Observed.Named::loop).toList(), GREEN_THREADS_PER_LOOP);
        record Row(String loop, GreenThreadStatus green) {}
        List<Row> rows = new ArrayList<>();
        int alive = 0;
        json.beginArray("stuck");
        for (int i = 0; i < dump.loops().size(); i++) {
            LoopDump loop = dump.loops().get(i);
            String name = loops.get(i).name();
            alive += loop.status().greenThreadsAlive();
            loop.greenThreads().forEach(green -> rows.add(new Row(name, green)));
            Optional<String> stall = loop.stall();
            stall.ifPresent(why -> json.beginObject()
                    .put("loop", cut(name))
                    .put("why", cut(why.lines().findFirst().orElse("")))
                    .endObject());
        }
        json.endArray();
        rows.sort(Comparator.comparing(
                row -> row.green().waited().orElse(Duration.ZERO).negated()));
        json.put("alive", Math.max(alive, rows.size()));
        json.beginArray("threads");
        for (Row row : rows.subList(0, Math.min(rows.size(), most))) {
            GreenThreadStatus green = row.green();
            json.beginObject()
                    .put("loop", cut(row.loop()))
                    .put("number", green.number())
                    .put("name", cut(green.name()))
                    .put("state", green.state().name())
                    .put("waitsFor", cut(green.waitsFor()));
            green.waited().ifPresent(waited -> json.put("millis", waited.toMillis()));
            json.endObject();
        }
        json.endArray();
    }

    static String cut(String text) {
        return text.length() <= TEXT_MAX ? text : text.substring(0, TEXT_MAX) + "…";
    }
}
