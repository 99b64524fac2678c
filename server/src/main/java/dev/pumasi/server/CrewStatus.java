package dev.pumasi.server;

import java.util.List;

/**
 * The workers of a {@link Supervisor}, as of about now.
 *
 * @param generation how many plans were taken up so far
 * @param reloading whether another is on its way
 * @param deathsLately how many workers died within {@link Supervisor#DEATHS_WINDOW}
 * @param workers all that have not ended, in the order of their start
 */
public record CrewStatus(int generation, boolean reloading, int deathsLately, List<WorkerStatus> workers) {}
