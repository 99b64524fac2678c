package dev.pumasi.admin;

import dev.pumasi.runtime.ThreadDumpSocket;
import dev.pumasi.server.CrewStatus;
import dev.pumasi.server.LoopFigures;
import dev.pumasi.server.Supervisor;
import dev.pumasi.server.WorkerStatus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Worker processes, for the one page that shows them all: their supervisor asks each by the connection that they have anyway, and
 * only when somebody looks or scrapes. Blocks while they answer.
 */
final class Crews {

    /** How many workers are listed. */
    static final int WORKERS_MAX = 256;

    private static final long PATIENCE_MILLIS = 3 * Supervisor.LOOK_MAX.toMillis();

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Observed observed;

    Crews(Observed observed) {
        this.observed = observed;
    }

    /** What the workers say now; empty if there are none, or the supervisor is gone. */
    Optional<CrewStatus> look() {
        Optional<Supervisor> supervisor = observed.supervisor();
        if (supervisor.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(supervisor.get().look().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException gone) {
            return Optional.empty();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** Their process ids, as many as are listed. */
    List<Long> workers() {
        return observed.supervisor().map(Supervisor::workers).orElse(List.of()).stream()
                .limit(WORKERS_MAX)
                .toList();
    }

    /** Adds {@code generation} and {@code workers} to what is written of them; with what they report, where they do. */
    static void write(Json json, CrewStatus crew, Map<Long, WorkerReports.Report> told) {
        json.put("generation", crew.generation()).put("reloading", crew.reloading());
        json.put("workersLeftOut", crew.workers().size() - shown(crew).size());
        json.beginArray("workers");
        for (WorkerStatus worker : shown(crew)) {
            json.beginObject()
                    .put("pid", worker.id())
                    .put("state", worker.state())
                    .put("generation", worker.generation())
                    .put("ageMillis", worker.age().toMillis())
                    .put("answered", worker.answered())
                    .put("residentBytes", ProcessFigures.residentBytes(worker.id()));
            if (worker.heapBytesMax() > 0) {
                json.put("heapBytes", worker.heapBytes()).put("heapBytesMax", worker.heapBytesMax());
                json.beginObject("http");
                Frame.put(json, worker.http());
                json.endObject();
            }
            WorkerReports.Report report = told.get(worker.id());
            if (report != null) {
                json.put("reportedMillis", (System.nanoTime() - report.nanos()) / NANOS_PER_MILLI)
                        .members(report.json());
            } else {
                brief(json, worker);
            }
            json.endObject();
        }
        json.endArray();
    }

    /** What it has told its supervisor: the last figures of its loops, and reports that may be cut. */
    private static void brief(Json json, WorkerStatus worker) {
        json.beginArray("loops");
        for (LoopFigures loop : worker.loops()) {
            json.beginObject().put("name", Inside.cut(loop.status().name()));
            Inside.put(json, loop.status());
            loop.processorTime().ifPresent(time -> json.put("processorNanos", time.toNanos()));
            json.put("open", loop.open()).put("requests", loop.requests()).endObject();
        }
        json.endArray();
        Inside.put(json, worker.stalls());
        Inside.put(json, worker.parts(), worker.partsLeftOut());
    }

    static List<WorkerStatus> shown(CrewStatus crew) {
        return crew.workers().subList(0, Math.min(crew.workers().size(), WORKERS_MAX));
    }

    /** The thread dump of each worker, as {@code pumasi threads} prints it. */
    String dump() {
        StringBuilder all = new StringBuilder();
        for (long id : observed.supervisor().map(Supervisor::workers).orElse(List.of())) {
            all.append("worker ").append(id).append('\n');
            try {
                ProcessHandle process = ProcessHandle.of(id).orElseThrow(() -> new IOException("it has ended"));
                all.append(ThreadDumpSocket.read(process));
            } catch (IOException refused) {
                all.append("  gives none: ").append(refused.getMessage()).append('\n');
            }
            all.append('\n');
        }
        return all.toString();
    }
}
