package dev.pumasi.runtime.sync;

import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * All models under Lincheck's model checker, in a process of its own, since it rewrites classes of the JDK: three threads with
 * two calls each, a new scenario in each iteration, and so many orders of events in each of those. It finds orders that a
 * machine hardly ever produces; it assumes that memory is sequentially consistent, and it looks at few threads.
 *
 * <p>{@code main} takes seconds. It looks at each model once, however long that takes, then at more and more of each.
 */
public final class ModelCheck {

    private static final int THREADS = 3;
    private static final int ITERATIONS_FIRST = 4;
    private static final int INVOCATIONS = 500;

    private static final List<Class<?>> MODELS = List.of(PermitsModel.class, ItemsModel.class, ItemsWaitingModel.class);

    private ModelCheck() {}

    public static void main(String[] arguments) {
        long endNanos = System.nanoTime() + 1_000_000_000L * Long.parseLong(arguments[0]);
        int iterations = ITERATIONS_FIRST;
        do {
            for (Class<?> model : MODELS) {
                long begin = System.nanoTime();
                check(model, iterations);
                System.out.printf(
                        "%-18s %4d scenarios, up to %d orders each, %.1f s: nothing found%n",
                        model.getSimpleName(), iterations, INVOCATIONS, (System.nanoTime() - begin) / 1e9);
            }
            iterations *= 2;
        } while (System.nanoTime() < endNanos);
    }

    private static void check(Class<?> model, int iterations) {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(iterations)
                .invocationsPerIteration(INVOCATIONS)
                .threads(THREADS)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1);
        if (model == ItemsModel.class) {
            options.sequentialSpecification(ItemsModel.Sequential.class);
        }
        options.check(model);
    }
}
