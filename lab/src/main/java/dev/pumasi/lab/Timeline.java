package dev.pumasi.lab;

import dev.pumasi.runtime.RecordedEvent;
import java.util.List;

/**
 * What a recording shows, as it can be drawn: lanes above each other, and on each lane what it did one after the other.
 *
 * <p>A lane belongs to a loop, to one of a pool's threads, or to what comes and goes in numbers: green threads, requests, pieces
 * of work handed over. Of those, one takes the first lane that is free when it begins, and leaves it when it ends; so there are as many
 * lanes as there were at once, and not one for each of a million requests.
 *
 * @param fromNanos when the first thing was noted
 * @param toNanos when the last one was; what had not ended then, ends then
 * @param lanes in an order to be read from above: each loop with its own, then the threads of pools
 */
public record Timeline(long fromNanos, long toNanos, List<Lane> lanes) {

    /** What somebody does in a stretch of time. */
    public enum State {
        /** It has a processor, or would have one if there were enough. */
        RUNNING,
        /** A loop that calls the kernel and will not wait there. */
        IN_KERNEL,
        /** It waits; the span says for what. Of a loop: it is in the kernel, to submit, to reap, and to wait if nothing is there. */
        WAITING,
        /** It is done or ready, and somebody else has not got round to it. */
        QUEUED
    }

    /** What lanes are of. */
    public enum Kind {
        LOOP,
        GREEN_THREAD,
        SPAN,
        OFFLOAD,
        POOL_THREAD
    }

    /**
     * One line of the picture.
     *
     * @param loop the loop's name; empty for the thread of a pool
     * @param spans in the order of time, none over another
     */
    public record Lane(Kind kind, String loop, String name, List<Span> spans) {}

    /**
     * A stretch of time on a lane.
     *
     * @param what in words: what it waits for, what kind of span it is
     * @param number which one: of green threads their id; 0 if that means nothing
     */
    public record Span(long fromNanos, long toNanos, State state, String what, long number) {

        public long nanos() {
            return toNanos - fromNanos;
        }
    }

    /** The timeline of these events; those of each loop must be in the order in which they were noted. */
    public static Timeline of(List<RecordedEvent> events) {
        return new TimelineBuilder(events).build();
    }

    /** For how long its lanes of that kind were in that state, in all. */
    public long nanosIn(Kind kind, State state) {
        return lanes.stream()
                .filter(lane -> lane.kind == kind)
                .flatMap(lane -> lane.spans.stream())
                .filter(span -> span.state == state)
                .mapToLong(Span::nanos)
                .sum();
    }
}
