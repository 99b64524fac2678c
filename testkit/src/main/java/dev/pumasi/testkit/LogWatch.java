package dev.pumasi.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Fails a test during which a warning or an error is logged that it did not declare. Use:
 * {@code @ExtendWith(LogWatch.class)}, and a parameter of type {@code LogWatch} in tests that {@link #expect} something;
 * or {@code @RegisterExtension final LogWatch log = new LogWatch();}.
 *
 * <p>It listens at the root of {@code java.util.logging}, which is where {@link System.Logger} writes unless the program
 * brings another backend. While a test runs, declared messages are kept from the console and everything else is printed
 * as usual. Messages are matched as a whole, with their parameters filled in, by a regular expression that is found
 * somewhere in them. Any thread may log.
 */
public final class LogWatch implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

    private static final int RECORDS_MAX = 10_000;

    /** How long what was declared may be on its way: a thread may log after it has done what the test waited for. */
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private static final class Expectation {
        final Pattern pattern;
        boolean missing;

        Expectation(String regex, boolean required) {
            pattern = Pattern.compile(regex);
            missing = required;
        }

        boolean matches(String message) {
            return pattern.matcher(message).find();
        }
    }

    private final SimpleFormatter formatter = new SimpleFormatter();
    private final Logger root = LogManager.getLogManager().getLogger("");
    private final List<Handler> silenced = new ArrayList<>();

    // Guarded by this watch's monitor: loops log while the test's thread declares.
    private final List<Expectation> expectations = new ArrayList<>();
    private final List<String> messages = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();

    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord record) {
            heard(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    /** The test will log this, at whatever level, and fails if it does not. */
    public synchronized LogWatch expect(String regex) {
        expectations.add(new Expectation(regex, true));
        return this;
    }

    /** The test may log this. */
    public synchronized LogWatch allow(String regex) {
        expectations.add(new Expectation(regex, false));
        return this;
    }

    /** What was logged so far, at any level that is enabled: {@code LEVEL logger: message}. */
    public synchronized List<String> messages() {
        return List.copyOf(messages);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        begin();
    }

    synchronized void begin() {
        expectations.clear();
        messages.clear();
        unexpected.clear();
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
            silenced.add(handler);
        }
        root.addHandler(listener);
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        if (context.getExecutionException().isEmpty()) {
            awaitDeclared(PATIENCE_NANOS);
        }
        end();
        List<String> wrong = verdict();
        if (!wrong.isEmpty()) {
            AssertionError failure =
                    new AssertionError(context.getDisplayName() + ":\n  " + String.join("\n  ", wrong));
            SeedParameter.addSeed(context, failure);
            throw failure;
        }
    }

    /** Waits until all that must be logged has been, or the time is over. */
    synchronized void awaitDeclared(long patienceNanos) throws InterruptedException {
        long began = System.nanoTime();
        long left = patienceNanos;
        while (left > 0 && expectations.stream().anyMatch(expectation -> expectation.missing)) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = patienceNanos - (System.nanoTime() - began);
        }
    }

    synchronized void end() {
        root.removeHandler(listener);
        silenced.forEach(root::addHandler);
        silenced.clear();
    }

    /** What is wrong with what was logged; empty if nothing is. */
    synchronized List<String> verdict() {
        List<String> wrong = new ArrayList<>();
        unexpected.forEach(message -> wrong.add("logged unexpectedly: " + message));
        for (Expectation expectation : expectations) {
            if (expectation.missing) {
                wrong.add("did not log: " + expectation.pattern);
            }
        }
        return wrong;
    }

    private void heard(LogRecord record) {
        String message = record.getLevel() + " " + record.getLoggerName() + ": " + formatter.formatMessage(record);
        List<Handler> handlers;
        synchronized (this) {
            boolean declared = false;
            for (Expectation expectation : expectations) {
                if (expectation.matches(message)) {
                    expectation.missing = false;
                    declared = true;
                }
            }
            if (messages.size() < RECORDS_MAX) {
                messages.add(message);
            }
            if (declared) {
                notifyAll();
                return;
            }
            if (record.getLevel().intValue() >= Level.WARNING.intValue() && unexpected.size() < RECORDS_MAX) {
                unexpected.add(message + thrown(record));
            }
            handlers = List.copyOf(silenced);
        }
        handlers.forEach(handler -> handler.publish(record));
    }

    private static String thrown(LogRecord record) {
        Throwable thrown = record.getThrown();
        return thrown == null ? "" : " (" + thrown + ")";
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == LogWatch.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return this;
    }
}
