package dev.pumasi.admin;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopStatus;
import dev.pumasi.server.WorkerStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * What {@code /metrics} answers: the figures of loops, servers and parts, by way of Micrometer, in the format of OpenMetrics 1.0.
 *
 * <p>Nothing is counted for it: every meter reads what a loop has published, when somebody scrapes, on a pool's thread. What comes
 * and goes (loops, pools, databases, topics) gets and loses its meters at the beginning of a scrape. An application adds meters of its
 * own to {@link #registry}.
 */
final class Scrape {

    static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    static final String PLAIN = "text/plain; version=0.0.4; charset=utf-8";

    /** How many meters the page makes; what is beyond gets none. */
    static final int METERS_MAX = 20_000;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final String PROCESSOR_SECONDS = "pumasi.loop.processor.seconds";
    private static final String PROCESSOR_HELP = "how long its thread has run on processors";

    /** One figure of a loop. */
    private record LoopFigure(String name, String help, boolean grows, ToDoubleFunction<LoopStatus> read) {}

    private static final List<LoopFigure> OF_LOOPS = List.of(
            new LoopFigure("turns", "how often it went round", true, LoopStatus::turns),
            new LoopFigure("completions", "what its driver reported", true, LoopStatus::completions),
            new LoopFigure("tasks", "what it ran from its queues", true, LoopStatus::tasks),
            new LoopFigure("green.threads.started", "green threads started", true, LoopStatus::greenThreads),
            new LoopFigure(
                    "green.threads",
                    "green threads that have begun and not ended",
                    false,
                    LoopStatus::greenThreadsAlive),
            new LoopFigure("hops", "green threads woken by foreign threads", true, LoopStatus::hops),
            new LoopFigure("wakes", "system calls by which foreign threads woke it", true, LoopStatus::wakes),
            new LoopFigure("stalls", "how often it was found not to turn", true, LoopStatus::stalls),
            new LoopFigure("failures", "what it ran and survived", true, LoopStatus::failures),
            new LoopFigure("operations", "operations in progress", false, LoopStatus::interests),
            new LoopFigure("timers", "timers that are running", false, LoopStatus::timers),
            new LoopFigure("runnable", "what waits for its turn", false, LoopStatus::runnable),
            new LoopFigure("foreign.tasks", "tasks from other threads that wait", false, LoopStatus::foreignTasks));

    /** One figure of a server. */
    private record HttpFigure(String name, String help, boolean grows, ToDoubleFunction<HttpStatus> read) {}

    private static final List<HttpFigure> OF_SERVERS = List.of(
            new HttpFigure("connections", "connections accepted", true, HttpStatus::connections),
            new HttpFigure("connections.open", "connections now", false, HttpStatus::open),
            new HttpFigure("connections.refused", "connections answered with 503", true, HttpStatus::refused),
            new HttpFigure("requests", "requests whose head was complete and valid", true, HttpStatus::requests),
            new HttpFigure("handler.failures", "handlers that threw", true, HttpStatus::handlerFailures),
            new HttpFigure("late.answers", "answers to what had been answered", true, HttpStatus::lateAnswers),
            new HttpFigure("idle.timeouts", "connections closed for want of a request", true, HttpStatus::idleTimeouts),
            new HttpFigure("write.timeouts", "connections closed because nobody read", true, HttpStatus::writeTimeouts),
            new HttpFigure("broken", "connections that ended in the middle", true, HttpStatus::broken),
            new HttpFigure("violations", "requests that broke the protocol", true, Scrape::violations));

    private final Observed observed;
    private final Crews crews;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** The meters that come and go, by what they are of. */
    private final Map<String, List<Meter>> made = new HashMap<>();

    private int meters;

    // Of the scrape that is under way.
    private Map<String, Double> partValues = Map.of();
    private Map<Long, WorkerStatus> workers = Map.of();

    Scrape(Observed observed, Crews crews) {
        this.observed = observed;
        this.crews = crews;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        Gauge.builder("pumasi.ready", observed, of -> of.readiness() == Readiness.READY ? 1 : 0)
                .description("1 if requests should be sent here")
                .register(registry);
    }

    MeterRegistry registry() {
        return registry;
    }

    /** The exposition, of that content type. Blocks; one at a time. */
    synchronized String text(String contentType) {
        bring();
        return registry.scrape(contentType);
    }

    /** The format that the client asked for: OpenMetrics, unless it names only plain text. */
    static String contentType(String accept) {
        return !accept.contains("openmetrics") && accept.contains("text/plain") ? PLAIN : OPEN_METRICS;
    }

    /** Makes meters for what has come, and drops those of what has gone. */
    private void bring() {
        Set<String> here = new HashSet<>();
        for (Observed.Named loop : observed.named()) {
            String key = "loop " + loop.name();
            here.add(key);
            if (!made.containsKey(key)) {
                made.put(key, of(loop));
            }
        }
        for (Server server : observed.servers()) {
            String key = "server " + server.address();
            here.add(key);
            if (!made.containsKey(key)) {
                made.put(key, of(server));
            }
        }
        parts(here);
        workers(here);
        made.entrySet().removeIf(entry -> {
            boolean gone = !here.contains(entry.getKey());
            if (gone) {
                entry.getValue().forEach(registry::remove);
                meters -= entry.getValue().size();
            }
            return gone;
        });
    }

    private List<Meter> of(Observed.Named named) {
        Loop loop = named.loop();
        Tags tags = Tags.of("loop", named.name(), "driver", loop.driverName());
        List<Meter> all = new ArrayList<>();
        for (LoopFigure figure : OF_LOOPS) {
            add(
                    all,
                    "pumasi.loop." + figure.name,
                    figure.help,
                    figure.grows,
                    tags,
                    loop,
                    of -> figure.read.applyAsDouble(of.status()));
        }
        add(all, PROCESSOR_SECONDS, PROCESSOR_HELP, true, tags, loop, of -> seconds(of.processorTime()));
        return all;
    }

    private List<Meter> of(Server server) {
        Tags tags = Tags.of("server", String.valueOf(server.address()));
        List<Meter> all = new ArrayList<>();
        for (HttpFigure figure : OF_SERVERS) {
            add(
                    all,
                    "pumasi.http." + figure.name,
                    figure.help,
                    figure.grows,
                    tags,
                    server,
                    of -> figure.read.applyAsDouble(of.status()));
        }
        return all;
    }

    /** Each part's values are looked up again when they are read, so that one scrape asks each source once more, and no oftener. */
    private void parts(Set<String> here) {
        Map<String, Double> values = new HashMap<>();
        Map<String, Integer> same = new HashMap<>();
        for (Figures.Row row : Figures.all()) {
            int number = same.merge(row.kind() + " " + row.name(), 1, Integer::sum);
            String name = number == 1 ? row.name() : row.name() + " (" + number + ")";
            String key = "part " + row.kind() + " " + name;
            here.add(key);
            row.figures().forEach(figure -> values.put(key + " " + figure.name(), figure.value()));
            if (!made.containsKey(key)) {
                List<Meter> all = new ArrayList<>();
                Tags tags = Tags.of("name", name);
                for (Figures.Figure figure : row.figures()) {
                    String which = key + " " + figure.name();
                    add(
                            all,
                            "pumasi." + row.kind().replace('_', '.') + "."
                                    + figure.name().replace('_', '.'),
                            "of " + row.kind().replace('_', ' '),
                            figure.grows(),
                            tags,
                            this,
                            of -> of.value(which));
                }
                made.put(key, all);
            }
        }
        partValues = Map.copyOf(values);
    }

    private double value(String which) {
        return partValues.getOrDefault(which, Double.NaN);
    }

    /** Those of worker processes have the same names, and a tag that says whose they are. */
    private void workers(Set<String> here) {
        Map<Long, WorkerStatus> now = new HashMap<>();
        crews.look().ifPresent(crew -> Crews.shown(crew).forEach(worker -> now.put(worker.id(), worker)));
        workers = now;
        now.values().stream().filter(worker -> worker.heapBytesMax() > 0).forEach(worker -> {
            String key = "worker " + worker.id() + " " + worker.loops().size();
            here.add(key);
            made.computeIfAbsent(key, _ -> of(worker));
        });
    }

    private List<Meter> of(WorkerStatus worker) {
        long id = worker.id();
        List<Meter> all = new ArrayList<>();
        Tags tags = Tags.of("worker", Long.toString(id));
        for (HttpFigure figure : OF_SERVERS) {
            add(
                    all,
                    "pumasi.http." + figure.name,
                    figure.help,
                    figure.grows,
                    tags,
                    this,
                    of -> of.worker(id, now -> figure.read.applyAsDouble(now.http())));
        }
        add(
                all,
                "pumasi.worker.heap.bytes",
                "heap in use",
                false,
                tags,
                this,
                of -> of.worker(id, WorkerStatus::heapBytes));
        add(
                all,
                "pumasi.worker.age.seconds",
                "since its start",
                false,
                tags,
                this,
                of -> of.worker(id, now -> now.age().toNanos() / NANOS_PER_SECOND));
        for (int i = 0; i < worker.loops().size(); i++) {
            int index = i;
            LoopStatus loop = worker.loops().get(i).status();
            Tags ofLoop = Tags.of("worker", Long.toString(id), "loop", loop.name(), "driver", loop.driver());
            for (LoopFigure figure : OF_LOOPS) {
                add(
                        all,
                        "pumasi.loop." + figure.name,
                        figure.help,
                        figure.grows,
                        ofLoop,
                        this,
                        of -> of.worker(
                                id,
                                now -> figure.read.applyAsDouble(
                                        now.loops().get(index).status())));
            }
            add(
                    all,
                    PROCESSOR_SECONDS,
                    PROCESSOR_HELP,
                    true,
                    ofLoop,
                    this,
                    of -> of.worker(id, now -> seconds(now.loops().get(index).processorTime())));
        }
        return all;
    }

    private double worker(long id, ToDoubleFunction<WorkerStatus> read) {
        WorkerStatus worker = workers.get(id);
        return worker == null ? Double.NaN : read.applyAsDouble(worker);
    }

    private static double seconds(Optional<Duration> time) {
        return time.map(Duration::toNanos).orElse(0L) / NANOS_PER_SECOND;
    }

    private <T> void add(
            List<Meter> to, String name, String help, boolean grows, Tags tags, T of, ToDoubleFunction<T> read) {
        if (meters >= METERS_MAX) {
            return;
        }
        meters++;
        to.add(
                grows
                        ? FunctionCounter.builder(name, of, read)
                                .description(help)
                                .tags(tags)
                                .register(registry)
                        : Gauge.builder(name, of, read)
                                .description(help)
                                .tags(tags)
                                .strongReference(true)
                                .register(registry));
    }

    private static double violations(HttpStatus status) {
        return status.violations().values().stream().mapToLong(Long::longValue).sum();
    }
}
