package dev.pumasi.runtime;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Prints the {@link ThreadDump} of some loops when a Unix signal comes, for operators who have nothing but {@code kill}. The JVM's own dump
 * (SIGQUIT) shows platform threads only.
 *
 * <p>The signal is one that the JVM leaves free, USR1 for instance; docs/processes-and-signals.md lists them. A program that listens
 * to the same signal hears it too. The dump is taken on the thread that the JVM starts for the signal, so it is taken also when no
 * loop turns; one at a time, so that two do not mix.
 */
public final class ThreadDumpSignal implements AutoCloseable {

    /** Names a signal, and thereby asks each {@link LoopGroup} for a dump on the standard error stream. */
    static final String PROPERTY = "pumasi.threads.signal";

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    private final List<Loop> loops;
    private final Consumer<? super ThreadDump> sink;
    private final SignalListener listener;

    private ThreadDumpSignal(List<Loop> loops, UnixSignal signal, Consumer<? super ThreadDump> sink)
            throws SignalRefusedException {
        this.loops = List.copyOf(loops);
        this.sink = sink;
        listener = SignalListener.openOn(Runnable::run, signal, _ -> dump());
    }

    /**
     * From now on, a dump for each {@code signal}; two that come close together may be answered by one.
     *
     * @param sink is given the dumps, one at a time, on a thread of the JVM's that it may block
     * @throws SignalRefusedException if the signal cannot be listened to
     */
    public static ThreadDumpSignal open(List<Loop> loops, UnixSignal signal, Consumer<? super ThreadDump> sink)
            throws SignalRefusedException {
        return new ThreadDumpSignal(loops, signal, sink);
    }

    /** What {@link #PROPERTY} asks for. A name that is none, or a signal that is refused, is reported and starts nothing. */
    static Optional<ThreadDumpSignal> ofProperty(List<Loop> loops) {
        String name = System.getProperty(PROPERTY, "");
        if (name.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(open(loops, UnixSignal.of(name), System.err::println));
        } catch (SignalRefusedException | IllegalArgumentException refused) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "no thread dump by a signal, -D{0}={1}: {2}",
                    PROPERTY,
                    name,
                    refused.getMessage());
            return Optional.empty();
        }
    }

    /** On the signal's thread. */
    private synchronized void dump() {
        try {
            sink.accept(ThreadDump.of(loops));
        } catch (RuntimeException failure) {
            LOG.log(System.Logger.Level.WARNING, "a thread dump could not be printed", failure);
        }
    }

    /** Listens no more; a dump that has begun comes to its end. */
    @Override
    public void close() {
        listener.close();
    }
}
