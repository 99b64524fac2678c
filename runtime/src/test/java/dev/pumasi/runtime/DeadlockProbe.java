package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import jdk.jfr.consumer.RecordingStream;

/**
 * A process of its own whose loop hangs for ever, in the way that its argument names. It says what the log says, ends every
 * message with a line {@code --}, and is killed by {@link DeadlockTest}.
 */
final class DeadlockProbe {

    private static volatile Loop loop;

    private DeadlockProbe() {}

    public static void main(String[] arguments) throws Exception {
        Logger logger = Logger.getLogger("dev.pumasi.runtime");
        logger.setUseParentHandlers(false);
        logger.addHandler(new Aloud());
        RecordingStream recording = new RecordingStream();
        recording.onEvent("dev.pumasi.LoopStall", event -> Aloud.say("event " + event.getString("verdict")));
        recording.startAsync();

        loop = LoopGroup.start("probe", 1, Drivers.choose(Drivers.AUTO).factory(), Duration.ofMillis(500))
                .next();
        // What comes now has been loaded, so that the time without a turn is that of the deadlock.
        loop.spawn(() -> loop.sleep(Duration.ofMillis(1)).await()).join();
        switch (arguments[0]) {
            case "monitor" -> monitor();
            case "read-lock" -> unknownOwner();
            case "initializer" -> loop.spawn(Initialised::touch);
            case "dump" -> {
                monitor();
                Aloud.say(ThreadDump.of(java.util.List.of(loop)).toString());
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        new CountDownLatch(1).await();
    }

    private static void monitor() throws InterruptedException {
        Object monitor = new Object();
        holding(() -> {
            synchronized (monitor) {
                sleepHere();
            }
        });
        loop.execute(() -> {
            synchronized (monitor) {
                Aloud.say("impossible");
            }
        });
    }

    /** A lock that does not know who reads. */
    private static void unknownOwner() throws InterruptedException {
        var lock = new java.util.concurrent.locks.ReentrantReadWriteLock();
        holding(() -> {
            lock.readLock().lock();
            sleepHere();
        });
        loop.execute(lock.writeLock()::lock);
    }

    /** Begins a green thread, and returns when it waits. */
    private static void holding(Loop.Body body) throws InterruptedException {
        Thread green = loop.spawn(body);
        Eventually.until("it waits", () -> green.getState() == Thread.State.WAITING);
    }

    private static void sleepHere() {
        try {
            loop.sleep(Duration.ofHours(1)).await();
        } catch (IOException broken) {
            throw new java.io.UncheckedIOException(broken);
        }
    }

    /** A class whose initialiser waits: what does so cannot be taken off its thread. */
    private static final class Initialised {

        static {
            sleepHere();
        }

        static void touch() {}
    }

    /** A handler that says everything on the standard output. */
    private static final class Aloud extends Handler {

        private final SimpleFormatter formatter = new SimpleFormatter();

        static synchronized void say(String text) {
            System.out.println(text);
            System.out.println("--");
            System.out.flush();
        }

        @Override
        public void publish(LogRecord record) {
            say(formatter.formatMessage(record));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
