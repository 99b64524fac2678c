package dev.pumasi.testkit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Gives a {@link Seed} to each test that has such a parameter, a fresh one or the one of {@code -Dpumasi.seed=…}, and
 * adds it to the failure of a test that fails. Use: {@code @ExtendWith(SeedParameter.class)}.
 */
public final class SeedParameter implements ParameterResolver, TestExecutionExceptionHandler {

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(SeedParameter.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Seed.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE).computeIfAbsent(Seed.class, _ -> Seed.fromCommandLine(), Seed.class);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        addSeed(context, failure);
        throw failure;
    }

    /** Says by which seed the test ran that fails so, if it has one. */
    static void addSeed(ExtensionContext context, Throwable failure) {
        Seed seed = context.getStore(NAMESPACE).get(Seed.class, Seed.class);
        if (seed != null) {
            failure.addSuppressed(new SimulationFailure("again with " + seed.replay(), null));
        }
    }
}
