package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.LoopModel;
import dev.pumasi.runtime.OperationModel;
import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.util.LoggingLevel;

/**
 * All models under Lincheck's model checker, in a process of its own, since it rewrites classes of the JDK: two threads, then
 * three, with two calls each, a new scenario in each iteration, and so many orders of events in each of those. It finds orders
 * that a machine hardly ever produces; it assumes that memory is sequentially consistent, and it looks at few threads. Its
 * scenarios are always the same ones, so what was found is found again.
 *
 * <p>{@code main} takes seconds, and perhaps the name of one model. It looks at each model once, however long that takes, then
 * at more and more of each.
 */
public final class ModelCheck {

    private static final int SCENARIOS_FIRST = 4;
    private static final int ORDERS_FIRST = 400;

    private static final List<Class<?>> MODELS = List.of(
            HandOverModel.class,
            PermitsModel.class,
            ItemsModel.class,
            ItemsWaitingModel.class,
            ConditionModel.class,
            SelectModel.class,
            LoopModel.class,
            OperationModel.class);

    private ModelCheck() {}

    public static void main(String[] arguments) {
        long endNanos = System.nanoTime() + 1_000_000_000L * Long.parseLong(arguments[0]);
        List<Class<?>> wanted = MODELS.stream()
                .filter(model -> arguments.length == 1 || model.getSimpleName().equals(arguments[1]))
                .toList();
        int round = 0;
        do {
            for (Class<?> model : wanted) {
                for (int threads = 2; threads <= 3; threads++) {
                    long begin = System.nanoTime();
                    // Three threads have far more orders, of which the machine looks at fewer: they come in second.
                    int scenarios = Math.max(1, (SCENARIOS_FIRST << round) / (threads - 1));
                    int orders = (ORDERS_FIRST << round) / (threads - 1);
                    check(model, threads, scenarios, orders);
                    System.out.printf(
                            "%-18s %d threads, %d scenarios, up to %d orders each, %.1f s: nothing found%n",
                            model.getSimpleName(), threads, scenarios, orders, (System.nanoTime() - begin) / 1e9);
                }
            }
            round++;
        } while (System.nanoTime() < endNanos);
    }

    private static void check(Class<?> model, int threads, int scenarios, int orders) {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(scenarios)
                .invocationsPerIteration(orders)
                .threads(threads)
                .actorsPerThread(2)
                .actorsBefore(threads - 2)
                .actorsAfter(0)
                .logLevel(LoggingLevel.ERROR);
        if (model == ItemsModel.class) {
            options.sequentialSpecification(ItemsModel.Sequential.class);
        }
        options.check(model);
    }
}
