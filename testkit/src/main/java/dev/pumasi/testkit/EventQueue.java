package dev.pumasi.testkit;

import java.util.PriorityQueue;

/**
 * What will happen, by virtual time; of two events at the same time, the one that was planned first. That order is what
 * keeps a stream's segments, which never travel backwards in time, in theirs.
 */
final class EventQueue {

    static final long NEVER = Long.MAX_VALUE;

    private record Event(long atNanos, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long planned;

    void add(long atNanos, Runnable action) {
        events.add(new Event(atNanos, planned++, action));
    }

    /** When the next event is due; {@link #NEVER} if there is none. */
    long nextNanos() {
        Event next = events.peek();
        return next == null ? NEVER : next.atNanos;
    }

    /** Runs what is due, and what that brings forth if it is due as well. */
    void runUntil(long nowNanos) {
        for (Event next = events.peek(); next != null && next.atNanos <= nowNanos; next = events.peek()) {
            events.remove();
            next.action.run();
        }
    }
}
