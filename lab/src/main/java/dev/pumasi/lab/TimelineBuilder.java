package dev.pumasi.lab;

import dev.pumasi.lab.Timeline.Kind;
import dev.pumasi.lab.Timeline.Lane;
import dev.pumasi.lab.Timeline.Span;
import dev.pumasi.lab.Timeline.State;
import dev.pumasi.runtime.RecordedEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link Timeline} of events, one pass for each loop.
 *
 * <p><b>A recording begins in the middle.</b> What was under way then is known from its first event on: who is woken first was
 * waiting, who parks first was running since this turn began.
 *
 * <p><b>Waits without a word.</b> A green thread that waits in a lock of the JDK's says nothing. But a loop runs one at a time, and none
 * while it is in the kernel; so if another one runs or the turn ends, it has parked by then. It runs again, at the
 * earliest, when the turn of its next event begins.
 */
final class TimelineBuilder {

    static final String UNKNOWN_WAIT = "a wait the runtime does not see";

    private static final String DRIVER = "the driver";

    private final Map<String, LoopLanes> loops = new LinkedHashMap<>();
    private final Map<String, List<Span>> poolThreads = new LinkedHashMap<>();
    private final long fromNanos;
    private final long toNanos;

    TimelineBuilder(List<RecordedEvent> events) {
        long from = Long.MAX_VALUE;
        long to = Long.MIN_VALUE;
        for (RecordedEvent event : events) {
            from = Math.min(from, event.nanos());
            to = Math.max(to, event.nanos());
        }
        fromNanos = events.isEmpty() ? 0 : from;
        toNanos = events.isEmpty() ? 0 : to;
        for (RecordedEvent event : events) {
            loops.computeIfAbsent(event.loop(), _ -> new LoopLanes()).take(event);
        }
    }

    Timeline build() {
        List<Lane> lanes = new ArrayList<>();
        loops.forEach((name, loop) -> loop.addTo(lanes, name));
        poolThreads.forEach((name, spans) -> {
            spans.sort((one, other) -> Long.compare(one.fromNanos(), other.fromNanos()));
            lanes.add(new Lane(Kind.POOL_THREAD, "", name, List.copyOf(spans)));
        });
        return new Timeline(fromNanos, toNanos, List.copyOf(lanes));
    }

    /** Somebody on a lane, from the first that is known of it until it ends. */
    private static final class Actor {
        final long number;
        final long bornNanos;
        final List<Span> spans = new ArrayList<>();
        State state;
        String what;
        long sinceNanos;
        long endedNanos;

        Actor(long number, long bornNanos, State state, String what) {
            this.number = number;
            this.bornNanos = bornNanos;
            this.state = state;
            this.what = what;
            sinceNanos = bornNanos;
        }

        void become(State next, String why, long nanos) {
            close(nanos);
            state = next;
            what = why;
            sinceNanos = nanos;
        }

        void close(long nanos) {
            if (nanos > sinceNanos) {
                spans.add(new Span(sinceNanos, nanos, state, what, number));
            }
            endedNanos = Math.max(nanos, sinceNanos);
        }
    }

    /** What one loop's events come to. */
    private final class LoopLanes {

        private final List<Span> own = new ArrayList<>();
        private final Map<Long, Actor> greens = new LinkedHashMap<>();
        private final Map<String, Map<Long, Actor>> spans = new LinkedHashMap<>();
        private final Map<Long, Actor> works = new LinkedHashMap<>();
        private final Map<Kind, Map<String, List<Actor>>> ended = new LinkedHashMap<>();
        private State state = State.RUNNING;
        private long sinceNanos = fromNanos;
        private boolean begun;
        private @Nullable Actor running;

        void take(RecordedEvent event) {
            long nanos = event.nanos();
            switch (event.kind()) {
                case TURN_BEGUN -> turn(nanos, State.RUNNING);
                case TURN_ENDED -> {
                    loseSight(nanos);
                    turn(nanos, event.number() == 0 ? State.IN_KERNEL : State.WAITING);
                }
                case GREEN_BEGUN -> run(born(greens, event.number(), nanos, State.RUNNING, ""), nanos);
                case GREEN_WOKEN -> run(green(event.number(), State.WAITING, fromNanos), nanos);
                case GREEN_PARKED -> {
                    Actor green = seen(event.number(), nanos);
                    green.become(State.WAITING, event.label(), nanos);
                    running = null;
                }
                case GREEN_ENDED -> {
                    end(Kind.GREEN_THREAD, "green", seen(event.number(), nanos), nanos);
                    greens.remove(event.number());
                    running = null;
                }
                case SPAN_BEGUN -> born(kind(event.label()), event.number(), nanos, State.RUNNING, event.label());
                case SPAN_ENDED -> {
                    Actor span = kind(event.label()).remove(event.number());
                    if (span != null) {
                        end(Kind.SPAN, event.label(), span, nanos);
                    }
                }
                case OFFLOAD_HANDED_OVER -> born(works, event.number(), nanos, State.QUEUED, "for a thread");
                case OFFLOAD_BEGUN -> work(event).become(State.RUNNING, event.label(), nanos);
                case OFFLOAD_DONE -> {
                    Actor work = work(event);
                    if (nanos > work.sinceNanos) {
                        poolThreads
                                .computeIfAbsent(event.label(), _ -> new ArrayList<>())
                                .add(new Span(work.sinceNanos, nanos, State.RUNNING, event.loop(), event.number()));
                    }
                    work.become(State.QUEUED, "for the loop", nanos);
                }
                case OFFLOAD_RETURNED -> {
                    end(Kind.OFFLOAD, "offload", work(event), nanos);
                    works.remove(event.number());
                }
            }
        }

        private void turn(long nanos, State next) {
            if (begun && nanos > sinceNanos) {
                own.add(new Span(sinceNanos, nanos, state, state == State.RUNNING ? "turn" : DRIVER, 0));
            }
            begun = true;
            state = next;
            sinceNanos = nanos;
        }

        private Actor born(Map<Long, Actor> among, long number, long nanos, State first, String what) {
            Actor actor = new Actor(number, nanos, first, what);
            among.put(number, actor);
            return actor;
        }

        private Actor green(long number, State before, long sinceThen) {
            Actor known = greens.get(number);
            return known != null
                    ? known
                    : born(greens, number, sinceThen, before, before == State.WAITING ? UNKNOWN_WAIT : "");
        }

        private Actor work(RecordedEvent event) {
            Actor known = works.get(event.number());
            return known != null ? known : born(works, event.number(), event.nanos(), State.QUEUED, "for a thread");
        }

        private Map<Long, Actor> kind(String label) {
            return spans.computeIfAbsent(label, _ -> new LinkedHashMap<>());
        }

        private void run(Actor green, long nanos) {
            if (running != green) {
                loseSight(nanos);
            }
            green.become(State.RUNNING, "", nanos);
            running = green;
        }

        /** Whoever ran until now has parked without a word. */
        private void loseSight(long nanos) {
            Actor parked = running;
            if (parked != null && parked.state == State.RUNNING) {
                parked.become(State.WAITING, UNKNOWN_WAIT, nanos);
            }
            running = null;
        }

        /** The green thread that says something of itself, and so runs. */
        private Actor seen(long number, long nanos) {
            Actor green = green(number, State.RUNNING, sinceNanos);
            if (green.state != State.RUNNING) {
                green.become(State.RUNNING, "", Math.max(green.sinceNanos, Math.min(nanos, sinceNanos)));
            }
            return green;
        }

        private void end(Kind kind, String name, Actor actor, long nanos) {
            actor.close(nanos);
            ended.computeIfAbsent(kind, _ -> new LinkedHashMap<>())
                    .computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(actor);
        }

        void addTo(List<Lane> lanes, String name) {
            turn(toNanos, State.RUNNING);
            lanes.add(new Lane(Kind.LOOP, name, name, List.copyOf(own)));
            greens.values().forEach(green -> end(Kind.GREEN_THREAD, "green", green, toNanos));
            spans.forEach((label, open) -> open.values().forEach(span -> end(Kind.SPAN, label, span, toNanos)));
            works.values().forEach(work -> end(Kind.OFFLOAD, "offload", work, toNanos));
            for (Kind kind : Kind.values()) {
                ended.getOrDefault(kind, Map.of()).forEach((label, actors) -> lay(lanes, kind, name, label, actors));
            }
        }
    }

    /** Each takes the lowest lane that is free when it begins. */
    private static void lay(List<Lane> lanes, Kind kind, String loop, String name, List<Actor> actors) {
        record Free(int lane, long sinceNanos) {}
        actors.sort((one, other) -> Long.compare(one.bornNanos, other.bornNanos));
        PriorityQueue<Free> inUse = new PriorityQueue<>((one, other) -> Long.compare(one.sinceNanos, other.sinceNanos));
        PriorityQueue<Integer> free = new PriorityQueue<>();
        List<List<Span>> laid = new ArrayList<>();
        for (Actor actor : actors) {
            while (!inUse.isEmpty() && inUse.peek().sinceNanos <= actor.bornNanos) {
                free.add(inUse.remove().lane);
            }
            Integer lane = free.poll();
            if (lane == null) {
                lane = laid.size();
                laid.add(new ArrayList<>());
            }
            laid.get(lane).addAll(actor.spans);
            inUse.add(new Free(lane, actor.endedNanos));
        }
        for (int i = 0; i < laid.size(); i++) {
            lanes.add(new Lane(kind, loop, name + " " + (i + 1), List.copyOf(laid.get(i))));
        }
    }
}
