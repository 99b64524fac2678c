package dev.pumasi.server;

import java.util.ArrayList;
import java.util.List;

/**
 * What a generation of workers is made of.
 *
 * @param workers how many
 * @param command the command line of each: a program that behaves as {@link Worker} does
 * @param bytesEach the memory that one may take, for the look whether there is enough
 * @param listener the descriptor at which each finds the listening socket
 */
public record WorkerPlan(int workers, List<String> command, long bytesEach, int listener) {

    /** More processes than this are a mistake, not a machine. */
    public static final int WORKERS_MAX = 1024;

    public WorkerPlan {
        if (workers < 1 || workers > WORKERS_MAX) {
            throw new IllegalArgumentException("between 1 and " + WORKERS_MAX + " workers, not " + workers);
        }
        command = List.copyOf(command);
    }

    /** One whose workers find the listening socket where those with loops look for it. */
    public WorkerPlan(int workers, List<String> command, long bytesEach) {
        this(workers, command, bytesEach, Worker.LISTENER);
    }

    /** So many workers of this program, from its class path. */
    public static WorkerPlan of(int workers, WorkerSettings settings) {
        return ofSubcommand(workers, "", settings);
    }

    /**
     * So many workers of this program; if it was started with {@code java -jar}, from that jar, by {@code subcommand}.
     *
     * @param subcommand the first argument by which the jar's main class knows that it has to call {@link Worker#main} with
     *     those that follow
     */
    public static WorkerPlan ofSubcommand(int workers, String subcommand, WorkerSettings settings) {
        return of(workers, JavaCommand.of(subcommand, Worker.class.getName()), settings);
    }

    /**
     * For a {@link Forker}: at most so many processes of this program at a time, each for one connection. By {@code subcommand} as
     * of {@link #ofSubcommand}, from which the main class must come to {@link Forked#main}; may be empty.
     */
    public static WorkerPlan perConnection(int most, String subcommand, WorkerSettings settings) {
        return of(most, JavaCommand.ofSmallest(subcommand, Forked.class.getName()), settings);
    }

    /**
     * So many workers that another program starts.
     *
     * @param program the command line to which the settings are appended; it must come to {@link Worker#main}
     */
    public static WorkerPlan of(int workers, List<String> program, WorkerSettings settings) {
        List<String> command = new ArrayList<>(program);
        command.addAll(settings.arguments());
        return new WorkerPlan(
                workers,
                command,
                JavaCommand.heapBytes(command) + JavaCommand.BESIDE_HEAP_BYTES,
                Worker.listener(settings.model()));
    }

    /** Says what a generation is to consist of; asked at the start and at each reload, on a thread that may block. */
    @FunctionalInterface
    public interface Planner {

        /** @throws Exception to refuse; the message is what the operator sees */
        WorkerPlan plan() throws Exception;
    }
}
