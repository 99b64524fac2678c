package dev.pumasi.runtime.driver;

/**
 * How a process ended.
 *
 * @param bySignal whether a signal ended it
 * @param number the signal's number, or else the exit status
 * @param dumped whether it left a core dump
 */
public record ExitReport(boolean bySignal, int number, boolean dumped) {}
