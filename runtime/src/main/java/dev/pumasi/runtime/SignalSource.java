package dev.pumasi.runtime;

import dev.pumasi.runtime.SignalRefusedException.Refusal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * One signal of this process, while somebody listens to it. The first listener takes it from whoever had it, the last
 * gives it back.
 *
 * <p>{@code sun.misc.Signal} is the only way to learn of a signal in Java. The compiler warns of it and cannot be told
 * not to; it has no successor, and the module it lies in, {@code jdk.unsupported}, exists to keep it.
 */
final class SignalSource {

    /** More is a leak. */
    static final int LISTENERS_MAX = 256;

    /** By number. Guards itself, and the taking and giving back of signals. */
    private static final Map<Integer, SignalSource> TAKEN = new HashMap<>();

    private final sun.misc.Signal signal;
    private final List<SignalListener> listeners = new CopyOnWriteArrayList<>();
    private sun.misc.@Nullable SignalHandler before;

    private SignalSource(sun.misc.Signal signal) {
        this.signal = signal;
    }

    static void add(UnixSignal signal, SignalListener listener) throws SignalRefusedException {
        synchronized (TAKEN) {
            SignalSource source = TAKEN.get(signal.number());
            if (source == null) {
                source = take(signal);
                TAKEN.put(signal.number(), source);
            }
            if (source.listeners.size() == LISTENERS_MAX) {
                throw new IllegalStateException(LISTENERS_MAX + " listen to " + signal + " already");
            }
            source.listeners.add(listener);
        }
    }

    static void remove(UnixSignal signal, SignalListener listener) {
        synchronized (TAKEN) {
            SignalSource source = TAKEN.get(signal.number());
            if (source != null && source.listeners.remove(listener) && source.listeners.isEmpty()) {
                TAKEN.remove(signal.number());
                sun.misc.Signal.handle(source.signal, source.before);
            }
        }
    }

    private static SignalSource take(UnixSignal signal) throws SignalRefusedException {
        Optional<Refusal> refusal = refusal(signal);
        if (refusal.isPresent()) {
            throw new SignalRefusedException(signal, refusal.get());
        }
        try {
            SignalSource source = new SignalSource(new sun.misc.Signal(signal.name()));
            source.before = sun.misc.Signal.handle(source.signal, _ -> source.heard());
            if (isShutdown(signal) && source.before == sun.misc.SignalHandler.SIG_IGN) {
                // The JVM says so, and has changed nothing: it leaves these three as it found them.
                throw new SignalRefusedException(signal, Refusal.IGNORED);
            }
            return source;
        } catch (IllegalArgumentException refused) {
            throw new SignalRefusedException(signal, Refusal.NO_SUCH_SIGNAL);
        }
    }

    /** What is known beforehand; some of these the JVM would take, and come to harm. */
    private static Optional<Refusal> refusal(UnixSignal signal) {
        Refusal refusal = switch (signal.name()) {
            case "KILL", "STOP" -> Refusal.UNCATCHABLE;
            case "SEGV", "BUS", "FPE", "ILL" -> Refusal.JVM_FAULTS;
            case "QUIT" -> Refusal.JVM_THREAD_DUMP;
            case "USR2" -> Refusal.JVM_SUSPEND;
            default ->
                signal.number() >= UnixSignal.REAL_TIME_FIRST - 2
                        ? Refusal.REAL_TIME
                        : isDispatched() ? null : Refusal.REDUCED_SIGNALS;
        };
        return Optional.ofNullable(refusal);
    }

    /** The signals that end the JVM in good order. */
    private static boolean isShutdown(UnixSignal signal) {
        int number = signal.number(); // compared as such: the equals of a record takes some ms when first called
        return number == UnixSignal.HUP.number()
                || number == UnixSignal.INT.number()
                || number == UnixSignal.TERM.number();
    }

    /** With -Xrs the JVM takes handlers for most signals, and never calls one: it has no thread for it. */
    private static boolean isDispatched() {
        ThreadGroup top = Thread.currentThread().getThreadGroup();
        while (top != null && top.getParent() != null) {
            top = top.getParent();
        }
        if (top == null) {
            return true;
        }
        Thread[] threads = new Thread[top.activeCount() + 64];
        int count = top.enumerate(threads);
        for (int i = 0; i < count; i++) {
            if (threads[i].getName().equals("Signal Dispatcher")) {
                return true;
            }
        }
        return false;
    }

    /** On a thread that the JVM starts for each signal. */
    private void heard() {
        listeners.forEach(SignalListener::heard);
    }
}
