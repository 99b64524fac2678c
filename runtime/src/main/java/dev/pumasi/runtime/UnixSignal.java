package dev.pumasi.runtime;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A signal, by its name or its number ({@code signal(7)}; the numbers are Linux's, the same on x86-64 and aarch64).
 *
 * @param number from 1 to {@value #NUMBER_MAX}; from {@value #REAL_TIME_FIRST} on they are the real-time signals
 */
public record UnixSignal(int number) {

    public static final int NUMBER_MAX = 64;

    /** {@code SIGRTMIN} as glibc counts; it keeps 32 and 33 for itself. */
    public static final int REAL_TIME_FIRST = 34;

    private static final String REAL_TIME = "RTMIN";

    /** Those below the real-time signals; the index is the number less 1. */
    private static final List<String> NAMES = List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS");

    /** The terminal has gone; for servers: read the configuration again. */
    public static final UnixSignal HUP = of("HUP");
    /** Ctrl-C. */
    public static final UnixSignal INT = of("INT");
    /** Ctrl-\; the JVM prints its threads. */
    public static final UnixSignal QUIT = of("QUIT");
    /** Ends a process at once, and cannot be caught. */
    public static final UnixSignal KILL = of("KILL");
    /** For the program's own use. */
    public static final UnixSignal USR1 = of("USR1");
    /** For the program's own use; in a JVM, the JVM's. */
    public static final UnixSignal USR2 = of("USR2");
    /** Asks a process to end. */
    public static final UnixSignal TERM = of("TERM");
    /** A child has ended. */
    public static final UnixSignal CHLD = of("CHLD");
    /** Goes on after {@link #STOP}. */
    public static final UnixSignal CONT = of("CONT");
    /** Holds a process, and cannot be caught. */
    public static final UnixSignal STOP = of("STOP");
    /** The terminal's size has changed. */
    public static final UnixSignal WINCH = of("WINCH");

    public UnixSignal {
        if (number < 1 || number > NUMBER_MAX) {
            throw new IllegalArgumentException("signals have numbers from 1 to " + NUMBER_MAX + ", not " + number);
        }
    }

    /**
     * The signal of this name: {@code TERM}, {@code SIGTERM}, {@code RTMIN+3}, in any case of letters.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static UnixSignal of(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        String bare = upper.startsWith("SIG") ? upper.substring(3) : upper;
        int known = NAMES.indexOf(bare);
        if (known >= 0) {
            return new UnixSignal(known + 1);
        }
        if (bare.equals(REAL_TIME)) {
            return new UnixSignal(REAL_TIME_FIRST);
        }
        if (bare.matches(REAL_TIME + "\\+[1-9][0-9]?")) {
            return new UnixSignal(REAL_TIME_FIRST + Integer.parseInt(bare.substring(REAL_TIME.length() + 1)));
        }
        throw new IllegalArgumentException("no signal is called " + name + " — kill -l lists them");
    }

    /** Without {@code SIG}. */
    public String name() {
        if (number <= NAMES.size()) {
            return NAMES.get(number - 1);
        }
        int beyond = number - REAL_TIME_FIRST;
        return beyond == 0 ? REAL_TIME : beyond > 0 ? REAL_TIME + "+" + beyond : Integer.toString(number);
    }

    /**
     * Sends it to any process of this machine: the smallest thing that one process can tell another. Any thread; from
     * elsewhere than the loop, whose driver makes the call, it waits until that is done.
     *
     * @throws OperationException {@link Failure#NO_SUCH_PROCESS}, {@link Failure#PERMISSION_DENIED}, {@link
     *     Failure#NOT_SUPPORTED} if the driver cannot (the {@code nio} driver knows TERM and KILL)
     */
    public void sendTo(Loop loop, long processId) throws IOException {
        String attempt = "send " + this + " to process " + processId;
        if (loop.isCurrent()) {
            send(loop, attempt, processId);
        } else {
            new Call<@Nullable Void>(loop, attempt, () -> {
                        send(loop, attempt, processId);
                        return null;
                    })
                    .started()
                    .await();
        }
    }

    private void send(Loop loop, String attempt, long processId) throws OperationException {
        if (processId < 1 || processId > Integer.MAX_VALUE) { // 0 and below mean groups, or everybody
            throw new OperationException(attempt, Failure.NO_SUCH_PROCESS);
        }
        int result = ProcessStart.processesOf(loop, attempt).signalTo(processId, number);
        if (result < 0) {
            throw OperationException.of(attempt, result);
        }
    }

    @Override
    public String toString() {
        return "SIG" + name();
    }
}
