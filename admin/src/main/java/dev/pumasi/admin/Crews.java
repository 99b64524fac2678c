package dev.pumasi.admin;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.runtime.Stall;
import dev.pumasi.runtime.ThreadDumpSocket;
import dev.pumasi.server.CrewStatus;
import dev.pumasi.server.LoopFigures;
import dev.pumasi.server.Supervisor;
import dev.pumasi.server.WorkerStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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

    /** Adds {@code generation} and {@code workers} to what is written of them. */
    static void write(Json json, CrewStatus crew) {
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
                json.beginArray("loops");
                for (LoopFigures loop : worker.loops()) {
                    json.beginObject().put("name", Frame.cut(loop.status().name()));
                    Frame.put(json, loop.status());
                    loop.processorTime().ifPresent(time -> json.put("processorNanos", time.toNanos()));
                    json.put("open", loop.open())
                            .put("requests", loop.requests())
                            .endObject();
                }
                json.endArray();
            }
            json.endObject();
        }
        json.endArray();
    }

    static List<WorkerStatus> shown(CrewStatus crew) {
        return crew.workers().subList(0, Math.min(crew.workers().size(), WORKERS_MAX));
    }

    /** What their loops were blocked by; the loop's name says which worker it is of. */
    static List<Stall> stalls(CrewStatus crew) {
        List<Stall> all = new ArrayList<>();
        for (WorkerStatus worker : shown(crew)) {
            for (Stall stall : worker.stalls()) {
                all.add(new Stall(
                        worker.id() + " · " + stall.loop(),
                        stall.found(),
                        stall.lasted(),
                        stall.over(),
                        stall.report()));
            }
        }
        return all;
    }

    static HttpStatus http(CrewStatus crew) {
        return shown(crew).stream().map(WorkerStatus::http).reduce(Sums.NOTHING, Sums::add);
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
