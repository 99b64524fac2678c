package dev.pumasi.runtime;

import java.time.Duration;
import java.time.Instant;

/**
 * An incident: a loop that did not turn for longer than its group's patience.
 *
 * @param loop the loop's name
 * @param found when the watchdog found it, by the wall clock
 * @param lasted for how long it had been held then; once it is over, in all
 * @param over whether the loop turns again
 * @param report who held it, why, and the stacks, over several lines
 */
public record Stall(String loop, Instant found, Duration lasted, boolean over, String report) {}
