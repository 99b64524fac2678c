package dev.pumasi.it;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * For tests in which hops are expected, as of a driver that connects: tests run with {@code -Dpumasi.hops.trace=true}, by which each new
 * place is logged with two stacks. Those lines are kept until the test has ended, and printed if it has failed. All others are logged as ever, and nothing
 * is asserted less: hops are counted by the loops.
 *
 * <p>{@link ExtendWith} it before {@link dev.pumasi.testkit.LeakWatch}.
 */
final class HopsAreToldOnFailure implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {

    /** As {@code Hops} says it. */
    private static final String HOP = ": a hop: ";

    private static final Logger RUNTIME = Logger.getLogger("dev.pumasi.runtime");

    /** Written by the watchdog, which tells of hops a moment later. */
    private final List<LogRecord> kept = new CopyOnWriteArrayList<>();

    private @Nullable Filter before;

    @Override
    public void beforeAll(ExtensionContext context) {
        before = RUNTIME.getFilter();
        Filter others = before;
        RUNTIME.setFilter(record -> {
            if (record.getMessage().contains(HOP)) {
                kept.add(record);
                return false;
            }
            return others == null || others.isLoggable(record);
        });
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            SimpleFormatter text = new SimpleFormatter();
            kept.forEach(record -> System.err.print(text.format(record)));
        }
        kept.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        RUNTIME.setFilter(before);
    }
}
