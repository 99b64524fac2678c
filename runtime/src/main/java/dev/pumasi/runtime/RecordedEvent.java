package dev.pumasi.runtime;

/**
 * One thing that a {@link Recording} has noted.
 *
 * @param loop the loop's name
 * @param nanos when, in the loop's time
 * @param kind what
 * @param label in words, if the kind has any; else empty
 * @param number which one; see the kind
 */
public record RecordedEvent(String loop, long nanos, RecordedKind kind, String label, long number) {}
