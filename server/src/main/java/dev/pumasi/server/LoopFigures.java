package dev.pumasi.server;

import dev.pumasi.runtime.LoopStatus;
import java.time.Duration;
import java.util.Optional;

/**
 * Figures of one loop of a worker.
 *
 * @param processorTime as {@link dev.pumasi.runtime.Loop#processorTime}
 * @param open connections on it
 * @param requests on it, so far
 */
public record LoopFigures(LoopStatus status, Optional<Duration> processorTime, int open, long requests) {}
