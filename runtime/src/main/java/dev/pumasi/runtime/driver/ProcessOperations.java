package dev.pumasi.runtime.driver;

import org.jspecify.annotations.Nullable;

/**
 * The part of the seam that child processes go through. A process is a handle; starting one and awaiting its end are
 * operations like any other, and complete in the driver's {@link Driver#poll}. The ends of its pipes that stay here are
 * handles of the {@link Driver} itself, which receives from them and sends to them as it does with stream sockets.
 *
 * <p><b>Starting</b> blocks somebody until the kernel has loaded the program, from a disk that may be slow; so it takes
 * place on a thread that the driver keeps for it, and up to {@link #WAITING_MAX} may wait for that.
 *
 * <p><b>The end</b> of a process and its reaping are two steps. {@link #awaitExit} only says that it has ended;
 * cancelling it, or never looking at its completion, loses nothing. {@link #reap} takes the status, and with it the
 * last trace of the process. {@link #close} on one that was not reaped hands it to the JVM's reaper: whatever happens,
 * no zombie stays.
 *
 * <p>Results are zero or positive, or a negated {@link Errno}. Every method belongs to the driver's thread.
 */
public interface ProcessOperations {

    /** How many may wait to be started before more are refused with EAGAIN. */
    int WAITING_MAX = 4096;

    /** Result: the process's handle; or why the program could not be started, ENOEXEC if it is none. */
    void spawn(Launch launch, long token);

    /** The number under which the system knows it. */
    long id(int process);

    /** The handle of this end of its standard input (0), output (1) or error (2); −1 if that is no pipe. */
    int pipe(int process, int stream);

    /** Completes with zero or more once the process has ended. One at a time per process. */
    void awaitExit(int process, long token);

    /**
     * How it ended; once, after {@link #awaitExit}. Null if the system does not say: SIGCHLD is ignored in this
     * process.
     */
    @Nullable
    ExitReport reap(int process);

    /** Sends a signal to it, or to its whole group, if it has one of its own: 0 or an error. */
    int signal(int process, int number, boolean wholeGroup);

    /** Sends a signal to any process of this machine, by its number: 0 or an error. */
    int signalTo(long id, int number);

    /** Gives the handle back, not those of its pipes. A process that still runs goes on. */
    void close(int process);
}
