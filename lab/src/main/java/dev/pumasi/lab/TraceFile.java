package dev.pumasi.lab;

import dev.pumasi.lab.Timeline.Kind;
import dev.pumasi.lab.Timeline.Lane;
import dev.pumasi.lab.Timeline.Span;
import dev.pumasi.lab.Timeline.State;
import java.util.HashMap;
import java.util.Map;

/**
 * A {@link Timeline} in the trace event format that <a href="https://ui.perfetto.dev">ui.perfetto.dev</a> and {@code
 * chrome://tracing} load: JSON, of which metadata events ({@code M}) and complete events ({@code X}) are used.
 *
 * <p>Each lane is a "thread" of the process. On a loop's lane the green threads that it ran lie inside its turns, as calls lie
 * inside a function.
 */
public final class TraceFile {

    private static final double NANOS_PER_MICRO = 1e3;

    private TraceFile() {}

    /**
     * The file's text.
     *
     * @param process what the picture is of
     * @param pid its process id
     */
    public static String json(Timeline timeline, String process, long pid) {
        JsonWriter json = new JsonWriter();
        json.beginObject();
        json.field("displayTimeUnit", "ns");
        json.name("traceEvents").beginArray();
        metadata(json, "process_name", pid, 0, process);
        Map<String, Integer> loops = new HashMap<>();
        int tid = 0;
        for (Lane lane : timeline.lanes()) {
            tid++;
            boolean isOwn = lane.kind() == Kind.LOOP || lane.kind() == Kind.POOL_THREAD;
            metadata(json, "thread_name", pid, tid, isOwn ? lane.name() : lane.loop() + " " + lane.name());
            sortIndex(json, pid, tid);
            if (lane.kind() == Kind.LOOP) {
                loops.put(lane.loop(), tid);
            }
            for (Span span : lane.spans()) {
                complete(json, timeline, lane.kind(), span, pid, tid);
                Integer loop = loops.get(lane.loop());
                if (lane.kind() == Kind.GREEN_THREAD && span.state() == State.RUNNING && loop != null) {
                    complete(json, timeline, lane.kind(), span, pid, loop);
                }
            }
        }
        json.endArray();
        json.endObject();
        return json.toString();
    }

    private static void metadata(JsonWriter json, String what, long pid, int tid, String name) {
        beginMetadata(json, what, pid, tid);
        json.field("name", name);
        json.endObject();
        json.endObject();
    }

    private static void sortIndex(JsonWriter json, long pid, int tid) {
        beginMetadata(json, "thread_sort_index", pid, tid);
        json.field("sort_index", tid);
        json.endObject();
        json.endObject();
    }

    private static void beginMetadata(JsonWriter json, String what, long pid, int tid) {
        json.beginObject();
        json.field("name", what);
        json.field("ph", "M");
        json.field("pid", pid);
        json.field("tid", tid);
        json.name("args").beginObject();
    }

    private static void complete(JsonWriter json, Timeline timeline, Kind kind, Span span, long pid, int tid) {
        json.beginObject();
        json.field("name", name(kind, span));
        json.field("cat", category(kind, span.state()));
        json.field("ph", "X");
        json.field("ts", (span.fromNanos() - timeline.fromNanos()) / NANOS_PER_MICRO);
        json.field("dur", span.nanos() / NANOS_PER_MICRO);
        json.field("pid", pid);
        json.field("tid", tid);
        if (span.number() != 0) {
            json.name("args").beginObject();
            json.field("number", span.number());
            json.endObject();
        }
        json.endObject();
    }

    private static String name(Kind kind, Span span) {
        return switch (kind) {
            case LOOP ->
                span.state() == State.RUNNING ? "turn" : span.state() == State.WAITING ? "kernel, may wait" : "kernel";
            case GREEN_THREAD ->
                span.state() == State.RUNNING ? "green thread #" + span.number() : "waits: " + span.what();
            case SPAN -> span.what();
            case OFFLOAD -> span.state() == State.QUEUED ? "queued " + span.what() : "on " + span.what();
            case POOL_THREAD -> "work of " + span.what();
        };
    }

    private static String category(Kind kind, State state) {
        return switch (kind) {
            case LOOP -> "loop";
            case GREEN_THREAD -> state == State.RUNNING ? "green" : "wait";
            case SPAN -> "span";
            case OFFLOAD, POOL_THREAD -> "offload";
        };
    }
}
