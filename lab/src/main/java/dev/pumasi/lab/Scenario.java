package dev.pumasi.lab;

import java.util.List;

/** One of the things that the lab shows: it runs something real, and measures it. */
interface Scenario {

    /** As users name it. */
    String name();

    /** The question that it answers, as a heading. */
    String question();

    /** What is done, and what a newcomer must know to read the plots: a few plain sentences. */
    String explains();

    /** The parts of docs/catalogue.md that it measures. */
    List<String> rows();

    /**
     * Runs it. Whatever it has measured is in {@code findings} when it ends, however it ends.
     *
     * @throws LabException if it cannot be run here; the message says why, and what to do
     * @throws StoppedException if somebody has stopped it, or the time is up
     */
    void run(Bench bench, Findings findings) throws LabException, StoppedException, InterruptedException;
}
