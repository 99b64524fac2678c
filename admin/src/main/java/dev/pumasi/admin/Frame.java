package dev.pumasi.admin;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.server.CrewStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gathers what the page shows, of this process and of its workers, and writes it down. On a thread that may block, one look at a time. */
final class Frame {

    /** How many green threads are listed in all; workers share them evenly. */
    static final int GREEN_THREADS_MAX = 1000;

    /** Each worker may list some, however many there are. */
    private static final int GREEN_THREADS_OF_WORKER_MIN = 20;

    private final Observed observed;
    private final Inside inside;
    private final Crews crews;
    private final WorkerReports reports;

    Frame(Observed observed, Pulse pulse, Crews crews, WorkerReports reports) {
        this.observed = observed;
        inside = new Inside(observed, pulse);
        this.crews = crews;
        this.reports = reports;
    }

    byte[] look(String title, int viewers, int viewersMax, List<String> actions) {
        Json json = new Json().beginObject();
        json.put("title", Inside.cut(title)).put("now", System.currentTimeMillis());
        json.put("state", observed.readiness().name());
        json.put("viewers", viewers).put("viewersMax", viewersMax);
        json.beginArray("actions");
        actions.forEach(json::add);
        json.endArray();
        process(json);
        http(json);
        Map<Long, WorkerReports.Report> told = ask(WorkerReport.FRAME);
        Optional<CrewStatus> crew = crews.look();
        inside.write(json); // after the workers, so that their part of the timeline is no older than ours
        crew.ifPresent(workers -> Crews.write(json, workers, told));
        return json.endObject().bytes();
    }

    /** What green threads wait for, of all processes. */
    byte[] threads() {
        List<Long> workers = crews.workers();
        int each = GREEN_THREADS_MAX / Math.max(1, workers.size());
        Map<Long, WorkerReports.Report> told = ask(WorkerReport.THREADS + Math.max(GREEN_THREADS_OF_WORKER_MIN, each));
        Json json = new Json().beginObject();
        inside.threads(json, GREEN_THREADS_MAX);
        json.beginArray("workers");
        told.forEach((worker, report) ->
                json.beginObject().put("pid", worker).members(report.json()).endObject());
        return json.endArray().endObject().bytes();
    }

    private Map<Long, WorkerReports.Report> ask(String wish) {
        try {
            return reports.ask(crews.workers(), wish);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return Map.of();
        }
    }

    private static void process(Json json) {
        Runtime runtime = Runtime.getRuntime();
        json.beginObject("process")
                .put("pid", ProcessHandle.current().pid())
                .put("uptimeMillis", ProcessFigures.uptimeMillis())
                .put("heapBytes", runtime.totalMemory() - runtime.freeMemory())
                .put("heapBytesMax", runtime.maxMemory())
                .put(
                        "residentBytes",
                        ProcessFigures.residentBytes(ProcessHandle.current().pid()))
                .put("threads", ProcessFigures.threads())
                .put("jdk", Runtime.version().toString())
                .put("processors", runtime.availableProcessors())
                .endObject();
    }

    private void http(Json json) {
        List<Server> servers = observed.servers();
        if (servers.isEmpty()) {
            return;
        }
        HttpStatus sum = servers.stream().map(Server::status).reduce(HttpStatus.NOTHING, HttpStatus::plus);
        json.beginObject("http");
        put(json, sum);
        json.put(
                "connectionsMax",
                servers.stream().mapToLong(server -> server.capacity().served()).sum());
        json.endObject();
    }

    static void put(Json json, HttpStatus http) {
        json.put("open", http.open())
                .put("accepted", http.connections())
                .put("requests", http.requests())
                .put("refused", http.refused())
                .put("failures", http.handlerFailures())
                .put("late", http.lateAnswers())
                .put("idleTimeouts", http.idleTimeouts())
                .put("writeTimeouts", http.writeTimeouts())
                .put("broken", http.broken())
                .put(
                        "violations",
                        http.violations().values().stream()
                                .mapToLong(Long::longValue)
                                .sum());
    }
}
