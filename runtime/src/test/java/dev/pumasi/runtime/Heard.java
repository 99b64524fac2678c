package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** What the runtime logs during a test: whatever the test does not take is a defect. */
final class Heard extends Handler {

    private static final Logger LOGGER = Logger.getLogger("dev.pumasi.runtime");

    private final SimpleFormatter formatter = new SimpleFormatter();
    private final List<LogRecord> records = new ArrayList<>();

    void begin() {
        GreenThreads.announceFallBack(); // where that is so, it is said once, and is no test's
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(this);
    }

    void end() {
        LOGGER.removeHandler(this);
        LOGGER.setUseParentHandlers(true);
        assertEquals(List.of(), take(), "logged");
    }

    /** What has been logged since the last time, formatted. */
    synchronized List<String> take() {
        List<String> messages = records.stream().map(formatter::formatMessage).toList();
        records.clear();
        return messages;
    }

    @Override
    public synchronized void publish(LogRecord record) {
        if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            records.add(record);
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
