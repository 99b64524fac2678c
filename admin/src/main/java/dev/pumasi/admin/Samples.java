package dev.pumasi.admin;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.server.LoopFigures;
import dev.pumasi.server.WorkerStatus;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What there is to measure, read once: of loops, servers and parts, in this process and in its workers. A worker's figures have the names
 * of ours, and a tag that says whose they are.
 */
final class Samples {

    /** One value. */
    record Sample(Name name, String help, boolean grows, double value) {}

    /** What no two have in common. */
    record Name(String name, Tags tags) {}

    /** A figure that each thing of a kind has. */
    private record Figure<T>(String name, String help, boolean grows, ToDoubleFunction<T> read) {

        static <T> Figure<T> count(String name, String help, ToDoubleFunction<T> read) {
            return new Figure<>(name, help, true, read);
        }

        static <T> Figure<T> level(String name, String help, ToDoubleFunction<T> read) {
            return new Figure<>(name, help, false, read);
        }
    }

    private static final List<Figure<LoopStatus>> OF_LOOPS = List.of(
            Figure.count("turns", "how often it went round", LoopStatus::turns),
            Figure.count("completions", "what its driver reported", LoopStatus::completions),
            Figure.count("tasks", "what it ran from its queues", LoopStatus::tasks),
            Figure.count("green.threads.started", "green threads started", LoopStatus::greenThreads),
            Figure.level("green.threads", "green threads that have begun and not ended", LoopStatus::greenThreadsAlive),
            Figure.count("hops", "green threads woken by foreign threads", LoopStatus::hops),
            Figure.count("wakes", "system calls by which foreign threads woke it", LoopStatus::wakes),
            Figure.count("stalls", "how often it was found not to turn", LoopStatus::stalls),
            Figure.count("failures", "what it ran and survived", LoopStatus::failures),
            Figure.level("operations", "operations in progress", LoopStatus::interests),
            Figure.level("timers", "timers that are running", LoopStatus::timers),
            Figure.level("runnable", "what waits for its turn", LoopStatus::runnable),
            Figure.level("foreign.tasks", "tasks from other threads that wait", LoopStatus::foreignTasks));

    private static final Figure<Duration> PROCESSOR =
            Figure.count("processor.seconds", "how long its thread has run on processors", Samples::seconds);

    private static final List<Figure<HttpStatus>> OF_SERVERS = List.of(
            Figure.count("connections", "connections accepted", HttpStatus::connections),
            Figure.level("connections.open", "connections now", HttpStatus::open),
            Figure.count("connections.refused", "connections answered with 503", HttpStatus::refused),
            Figure.count("requests", "requests whose head was complete and valid", HttpStatus::requests),
            Figure.count("handler.failures", "handlers that threw", HttpStatus::handlerFailures),
            Figure.count("late.answers", "answers to what had been answered", HttpStatus::lateAnswers),
            Figure.count("idle.timeouts", "connections closed for want of a request", HttpStatus::idleTimeouts),
            Figure.count("write.timeouts", "connections closed because nobody read", HttpStatus::writeTimeouts),
            Figure.count("broken", "connections that ended in the middle", HttpStatus::broken),
            Figure.count("violations", "requests that broke the protocol", Samples::violations));

    private static final List<Figure<WorkerStatus>> OF_WORKERS = List.of(
            Figure.level("heap.bytes", "heap in use", WorkerStatus::heapBytes),
            Figure.level("age.seconds", "since its start", worker -> seconds(worker.age())));

    private static final Figure<Integer> LEFT_OUT =
            Figure.level("left.out", "parts that are not told of, because there are too many", Integer::doubleValue);

    private final Observed observed;
    private final Crews crews;

    Samples(Observed observed, Crews crews) {
        this.observed = observed;
        this.crews = crews;
    }

    /** All of them, as of now. Blocks while workers answer. */
    List<Sample> take() {
        List<Sample> all = new ArrayList<>();
        for (Observed.Named each : observed.named()) {
            loop(
                    all,
                    Tags.empty(),
                    each.name(),
                    each.loop().status(),
                    each.loop().processorTime());
        }
        for (Server server : observed.servers()) {
            add(all, "http", OF_SERVERS, Tags.of("server", String.valueOf(server.address())), server.status());
        }
        parts(all, Tags.empty(), Figures.all(), Figures.leftOut());
        crews.look()
                .ifPresent(crew -> Crews.shown(crew).stream()
                        .filter(worker -> worker.heapBytesMax() > 0) // it has told something
                        .forEach(worker -> worker(all, worker)));
        return all;
    }

    private static void worker(List<Sample> to, WorkerStatus worker) {
        Tags whose = Tags.of("worker", Long.toString(worker.id()));
        add(to, "worker", OF_WORKERS, whose, worker);
        add(to, "http", OF_SERVERS, whose, worker.http());
        for (LoopFigures loop : worker.loops()) {
            loop(to, whose, loop.status().name(), loop.status(), loop.processorTime());
        }
        parts(to, whose, worker.parts(), worker.partsLeftOut());
    }

    private static void loop(
            List<Sample> to, Tags whose, String name, LoopStatus status, Optional<Duration> processorTime) {
        Tags tags = whose.and("loop", name, "driver", status.driver());
        add(to, "loop", OF_LOOPS, tags, status);
        processorTime.ifPresent(time -> add(to, "loop", List.of(PROCESSOR), tags, time));
    }

    /** Those of the same name are told apart by a number, in the order in which they were opened. */
    private static void parts(List<Sample> to, Tags whose, List<Figures.Row> rows, int leftOut) {
        Map<String, Integer> same = new HashMap<>();
        for (Figures.Row row : rows) {
            int number = same.merge(row.kind() + " " + row.name(), 1, Integer::sum);
            Tags tags = whose.and("name", number == 1 ? row.name() : row.name() + " (" + number + ")");
            for (Figures.Figure figure : row.figures()) {
                to.add(new Sample(
                        name(dotted(row.kind()), dotted(figure.name()), tags),
                        "of " + row.kind().replace('_', ' '),
                        figure.grows(),
                        figure.value()));
            }
        }
        add(to, "parts", List.of(LEFT_OUT), whose, leftOut);
    }

    private static <T> void add(List<Sample> to, String kind, List<Figure<T>> figures, Tags tags, T of) {
        for (Figure<T> figure : figures) {
            to.add(new Sample(name(kind, figure.name, tags), figure.help, figure.grows, figure.read.applyAsDouble(of)));
        }
    }

    private static Name name(String kind, String figure, Tags tags) {
        return new Name("pumasi." + kind + "." + figure, tags);
    }

    private static String dotted(String name) {
        return name.replace('_', '.');
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    private static double violations(HttpStatus status) {
        return status.violations().values().stream().mapToLong(Long::longValue).sum();
    }
}
