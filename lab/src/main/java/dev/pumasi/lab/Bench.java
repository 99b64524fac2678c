package dev.pumasi.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What scenarios work with: processes to measure, the load generator, the clock that says when the time is up, and a place to say how far
 * they are. One thread uses it; {@link #stop} may come from any.
 */
final class Bench {

    private static final double NANOS_PER_SECOND = 1e9;

    /** The first line of an example may have to wait until the examples are built. */
    private static final long LINE_SECONDS = 600;

    private static final Pattern BUILDS = Pattern.compile("(examples|services): building");

    /** A signal from the terminal reaches those that were started as well, and they may be gone before it is heard here. */
    private static final Duration SIGNAL_PATIENCE = Duration.ofMillis(500);

    private final LabPlan plan;
    private final Consumer<String> progress;
    private final Processors processors = Processors.here();
    private final long beganNanos = System.nanoTime();
    private final Set<Child> examples = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;
    private volatile @Nullable Load load;

    Bench(LabPlan plan, Consumer<String> progress) {
        this.plan = plan;
        this.progress = progress;
    }

    LabPlan plan() {
        return plan;
    }

    Effort effort() {
        return plan.effort();
    }

    Processors processors() {
        return processors;
    }

    double seconds() {
        return (System.nanoTime() - beganNanos) / NANOS_PER_SECOND;
    }

    /** How far it is, in a line. */
    void tell(String format, Object... values) {
        progress.accept(
                String.format(Locale.ROOT, "[%3.0f s] ", seconds()) + String.format(Locale.ROOT, format, values));
    }

    /** Ends everything soon: whoever measures is told by a {@link StoppedException}. */
    void stop() {
        stopped = true;
        Load running = load;
        if (running != null) {
            running.stop();
        }
        examples.forEach(Child::close);
    }

    boolean isStopped() {
        return stopped;
    }

    /** To be asked before what was measured is believed, and before more is. */
    void goOn() throws StoppedException {
        if (stopped) {
            throw new StoppedException("it was stopped");
        }
        if (seconds() > plan.budget().toSeconds()) {
            throw new StoppedException("its time was up (" + plan.budget().toSeconds() + " s; --budget)");
        }
    }

    /** Something that was started is gone, and should not be: was that a signal from the terminal, which is for us too? */
    void goOnWithout(LabException ended) throws LabException, StoppedException, InterruptedException {
        Thread.sleep(SIGNAL_PATIENCE);
        goOn();
        throw ended;
    }

    /** A server on the servers' processor. */
    ServerProcess serve(String name, List<String> words) throws LabException, InterruptedException {
        List<String> command = new ArrayList<>(processors.serverPrefix());
        command.add(plan.home().resolve("pumasi").toString());
        return ServerProcess.start(name, command, words);
    }

    /** An example of the checkout, which says in lines of JSON what it found. */
    Child example(String... words) throws LabException {
        return program("examples/run " + words[0], Path.of("examples", "run"), words);
    }

    /** A program of the checkout, on any processor. */
    Child program(String name, Path script, String... words) throws LabException {
        List<String> command = new ArrayList<>(processors.anywherePrefix());
        command.add(plan.home().resolve(script).toString());
        command.addAll(List.of(words));
        Child child = Child.start(name, command, Map.of());
        examples.add(child);
        return child;
    }

    /** It is no longer needed. */
    void end(Child example) {
        example.close();
        examples.remove(example);
    }

    /** The next line of JSON that it says; empty at its end. Other lines are its log. */
    Optional<JsonLine> line(Child example) throws LabException, StoppedException, InterruptedException {
        return line(example, _ -> {});
    }

    /** @param log is told its other lines */
    Optional<JsonLine> line(Child example, Consumer<String> log)
            throws LabException, StoppedException, InterruptedException {
        while (true) {
            Optional<String> line = example.line(LINE_SECONDS);
            goOn();
            if (line.isEmpty()) {
                return Optional.empty();
            }
            if (line.get().startsWith("{")) {
                return Optional.of(JsonLine.of(line.get()));
            }
            if (BUILDS.matcher(line.get()).lookingAt()) {
                tell("%s", line.get());
            }
            log.accept(line.get());
        }
    }

    /** All lines of JSON of an example that ends by itself. */
    List<JsonLine> linesOf(String... words) throws LabException, StoppedException, InterruptedException {
        Child child = example(words);
        try {
            List<JsonLine> lines = new ArrayList<>();
            Optional<JsonLine> line = line(child);
            while (line.isPresent()) {
                lines.add(line.get());
                line = line(child);
            }
            if (lines.isEmpty()) {
                goOnWithout(child.ended());
            }
            return lines;
        } finally {
            end(child);
        }
    }

    /**
     * A load on the generator's processor, in this process, which has long been warm when it counts.
     *
     * @param before done when all connections stand and nothing has been asked yet
     * @param after done when the last answer is there and all connections still stand: what they cost is seen only as long
     */
    LoadResult load(LoadPlan what, Step before, Step after)
            throws LabException, LoadException, StoppedException, InterruptedException {
        try (Load running = Load.open(what)) {
            load = running;
            goOn();
            before.run();
            LoadResult result = running.await(_ -> {});
            goOn();
            after.run();
            return result;
        } finally {
            load = null;
        }
    }

    /** What is to be done at a moment. */
    @FunctionalInterface
    interface Step {
        void run() throws LabException;
    }

    Path home() {
        return plan.home();
    }
}
