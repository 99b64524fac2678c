package dev.pumasi.server;

import dev.pumasi.http.Capacity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What a worker process is to serve, and how; it travels as arguments on the worker's command line.
 *
 * @param application what answers; each worker opens its own
 * @param model how the worker does several things at once
 * @param loops how many event loops it has, in {@link Model#EVENT_LOOP} and {@link Model#GREEN}
 * @param threads how many threads, in a model that has a number of them; 0 for the model's own number
 * @param connectionsMax how many connections it holds at most
 * @param driver the driver of its loops, by name; one without loops has one for its connection to the supervisor
 * @param warmUps how many requests it asks itself before it says that it is ready; 0 for none
 */
public record WorkerSettings(
        ApplicationChoice application,
        Model model,
        int loops,
        int threads,
        int connectionsMax,
        String driver,
        int warmUps) {

    /** One loop: a worker is a process so that the kernel can spread the work; several loops are another way to do it. */
    public static final int LOOPS_DEFAULT = 1;

    /** Enough for the JVM to have compiled what every request goes through, in the fastest of its ways. */
    public static final int WARM_UPS_DEFAULT = 50;

    public static final int WARM_UPS_MAX = 100_000;
    public static final int CONNECTIONS_DEFAULT = 50_000;

    public WorkerSettings {
        Objects.requireNonNull(application, "application");
        Objects.requireNonNull(driver, "driver");
        Objects.requireNonNull(model, "model");
        if (threads > model.threadsMax()) {
            throw new IllegalArgumentException(
                    "the model " + model.label() + " has at most " + model.threadsMax() + " threads, not " + threads);
        }
        if (warmUps < 0 || warmUps > WARM_UPS_MAX) {
            throw new IllegalArgumentException("between 0 and " + WARM_UPS_MAX + " warm-ups, not " + warmUps);
        }
    }

    /** That application under the default model, with one loop. */
    public static WorkerSettings of(ApplicationChoice application) {
        return new WorkerSettings(
                application, Model.GREEN, LOOPS_DEFAULT, 0, CONNECTIONS_DEFAULT, "auto", WARM_UPS_DEFAULT);
    }

    /** The same under another model. */
    public WorkerSettings withModel(Model other) {
        return new WorkerSettings(application, other, loops, threads, connectionsMax, driver, warmUps);
    }

    /** The same on another driver. */
    public WorkerSettings withDriver(String other) {
        return new WorkerSettings(application, model, loops, threads, connectionsMax, other, warmUps);
    }

    /** The same with so many threads; 0 for the model's own number. */
    public WorkerSettings withThreads(int count) {
        return new WorkerSettings(application, model, loops, count, connectionsMax, driver, warmUps);
    }

    /** The same with so many connections at most. */
    public WorkerSettings withConnections(int most) {
        return new WorkerSettings(application, model, loops, threads, most, driver, warmUps);
    }

    /** The same with so many requests to itself. */
    public WorkerSettings withWarmUps(int count) {
        return new WorkerSettings(application, model, loops, threads, connectionsMax, driver, count);
    }

    /** How many connections each worker holds, and what becomes of one more that comes to it. */
    public Capacity capacity() {
        return switch (model) {
            case ITERATIVE -> BlockingServer.capacity(connectionsMax, 1, 0);
            case THREADED -> {
                int most = Math.min(ServerBuilder.THREADS_MAX, connectionsMax);
                yield BlockingServer.capacity(connectionsMax, threads == 0 ? most : threads, 0);
            }
            case PRETHREADED -> {
                int count = threads == 0 ? ServerBuilder.THREADS_DEFAULT : threads;
                yield BlockingServer.capacity(connectionsMax, count, count);
            }
            case EVENT_LOOP, GREEN -> new Capacity(connectionsMax, 0, connectionsMax, Capacity.Beyond.IS_TOLD);
            case WORKER_POOL -> {
                int count = threads == 0 ? ServerBuilder.WORKERS_DEFAULT : threads;
                yield new Capacity(connectionsMax, 0, count, Capacity.Beyond.IS_TOLD);
            }
        };
    }

    /** As {@link #parse} takes them. */
    public List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(
                "model=" + model.label(),
                "loops=" + loops,
                "threads=" + threads,
                "connections=" + connectionsMax,
                "driver=" + driver,
                "warm-ups=" + warmUps,
                "app=" + application.name()));
        application.classPath().forEach(path -> arguments.add("path=" + path));
        application.settings().forEach((name, value) -> arguments.add("set=" + name + "=" + value));
        return arguments;
    }

    /**
     * What {@link #arguments} has written.
     *
     * @throws IllegalArgumentException if nobody can have written that
     */
    public static WorkerSettings parse(List<String> arguments) {
        Map<String, String> single = new TreeMap<>();
        List<Path> classPath = new ArrayList<>();
        Map<String, String> settings = new TreeMap<>();
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            if (parts.length < 2) {
                throw new IllegalArgumentException("'" + argument + "' is no setting of a worker");
            }
            switch (parts[0]) {
                case "path" -> classPath.add(Path.of(parts[1]));
                case "set" -> {
                    String[] setting = parts[1].split("=", 2);
                    settings.put(setting[0], setting.length < 2 ? "" : setting[1]);
                }
                default -> single.put(parts[0], parts[1]);
            }
        }
        return new WorkerSettings(
                new ApplicationChoice(text(single, "app"), classPath, settings),
                Model.of(text(single, "model")),
                Integer.parseInt(text(single, "loops")),
                Integer.parseInt(text(single, "threads")),
                Integer.parseInt(text(single, "connections")),
                text(single, "driver"),
                Integer.parseInt(text(single, "warm-ups")));
    }

    private static String text(Map<String, String> settings, String name) {
        String value = settings.get(name);
        if (value == null) {
            throw new IllegalArgumentException("a worker needs the setting " + name);
        }
        return value;
    }
}
