package dev.pumasi.server;

import java.util.List;

/** What has come of a reload. */
public sealed interface ReloadOutcome {

    /**
     * A new generation serves; the old one answers what it has, and leaves.
     *
     * @param generation its number; the first is 1
     * @param workers the process ids of its workers
     * @param leaving those of the workers that leave
     */
    record Serving(int generation, List<Long> workers, List<Long> leaving) implements ReloadOutcome {
        public Serving {
            workers = List.copyOf(workers);
            leaving = List.copyOf(leaving);
        }
    }

    /** The new plan works, and is that of the connections to come. */
    record Taken() implements ReloadOutcome {}

    /**
     * What answers has been exchanged within one process; what is in progress ends as it began.
     *
     * @param what in words
     */
    record Exchanged(String what) implements ReloadOutcome {}

    /**
     * A new supervisor serves with workers of its own; this one ends when its workers have left.
     *
     * @param supervisor its process id
     */
    record HandedOver(long supervisor) implements ReloadOutcome {}

    /** Nothing has changed: the workers that were there serve on. */
    record Refused(String why) implements ReloadOutcome {}
}
