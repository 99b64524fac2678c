package dev.pumasi.lab;

import static dev.pumasi.runtime.RecordedKind.GREEN_BEGUN;
import static dev.pumasi.runtime.RecordedKind.GREEN_ENDED;
import static dev.pumasi.runtime.RecordedKind.GREEN_PARKED;
import static dev.pumasi.runtime.RecordedKind.GREEN_WOKEN;
import static dev.pumasi.runtime.RecordedKind.OFFLOAD_BEGUN;
import static dev.pumasi.runtime.RecordedKind.OFFLOAD_DONE;
import static dev.pumasi.runtime.RecordedKind.OFFLOAD_HANDED_OVER;
import static dev.pumasi.runtime.RecordedKind.OFFLOAD_RETURNED;
import static dev.pumasi.runtime.RecordedKind.SPAN_BEGUN;
import static dev.pumasi.runtime.RecordedKind.SPAN_ENDED;
import static dev.pumasi.runtime.RecordedKind.TURN_BEGUN;
import static dev.pumasi.runtime.RecordedKind.TURN_ENDED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.lab.Timeline.Kind;
import dev.pumasi.lab.Timeline.Lane;
import dev.pumasi.lab.Timeline.Span;
import dev.pumasi.lab.Timeline.State;
import dev.pumasi.runtime.RecordedEvent;
import dev.pumasi.runtime.RecordedKind;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What events come to when they are drawn. */
@ExtendWith(SeedParameter.class)
final class TimelineTest {

    private static final String LOOP = "loop-0";

    private final List<RecordedEvent> events = new ArrayList<>();

    private TimelineTest at(long nanos, RecordedKind kind, String label, long number) {
        events.add(new RecordedEvent(LOOP, nanos, kind, label, number));
        return this;
    }

    private List<Span> lane(Kind kind, String name) {
        return Timeline.of(events).lanes().stream()
                .filter(lane -> lane.kind() == kind && lane.name().equals(name))
                .findFirst()
                .map(Lane::spans)
                .orElse(List.of());
    }

    @Test
    void a_loop_turns_and_waits() {
        at(100, TURN_BEGUN, "", 3)
                .at(150, TURN_ENDED, "", 1)
                .at(400, TURN_BEGUN, "", 1)
                .at(420, TURN_ENDED, "", 0)
                .at(430, TURN_BEGUN, "", 0);
        assertEquals(
                List.of(
                        new Span(100, 150, State.RUNNING, "turn", 0),
                        new Span(150, 400, State.WAITING, "the driver", 0),
                        new Span(400, 420, State.RUNNING, "turn", 0),
                        new Span(420, 430, State.IN_KERNEL, "the driver", 0)),
                lane(Kind.LOOP, LOOP));
        assertEquals(70, Timeline.of(events).nanosIn(Kind.LOOP, State.RUNNING));
    }

    @Test
    void a_green_thread_runs_and_waits() {
        at(100, TURN_BEGUN, "", 1)
                .at(110, GREEN_BEGUN, "", 7)
                .at(120, GREEN_PARKED, "read from", 7)
                .at(130, TURN_ENDED, "", 1)
                .at(500, TURN_BEGUN, "", 1)
                .at(510, GREEN_WOKEN, "", 7)
                .at(540, GREEN_ENDED, "", 7);
        assertEquals(
                List.of(
                        new Span(110, 120, State.RUNNING, "", 7),
                        new Span(120, 510, State.WAITING, "read from", 7),
                        new Span(510, 540, State.RUNNING, "", 7)),
                lane(Kind.GREEN_THREAD, "green 1"));
    }

    /** 7 meets a lock of the JDK, says nothing, and is next heard of when it ends. */
    @Test
    void a_wait_without_a_word_ends_with_the_turn_at_the_latest() {
        at(100, TURN_BEGUN, "", 1)
                .at(110, GREEN_BEGUN, "", 7)
                .at(130, GREEN_BEGUN, "", 8)
                .at(150, TURN_ENDED, "", 1)
                .at(300, TURN_BEGUN, "", 1)
                .at(330, GREEN_ENDED, "", 7)
                .at(340, TURN_ENDED, "", 1);
        assertEquals(
                List.of(
                        new Span(110, 130, State.RUNNING, "", 7),
                        new Span(130, 300, State.WAITING, TimelineBuilder.UNKNOWN_WAIT, 7),
                        new Span(300, 330, State.RUNNING, "", 7)),
                lane(Kind.GREEN_THREAD, "green 1"));
        assertEquals(
                List.of(
                        new Span(130, 150, State.RUNNING, "", 8),
                        new Span(150, 340, State.WAITING, TimelineBuilder.UNKNOWN_WAIT, 8)),
                lane(Kind.GREEN_THREAD, "green 2"));
    }

    @Test
    void who_was_there_before_is_known_from_his_first_word() {
        at(100, TURN_BEGUN, "", 1)
                .at(120, GREEN_WOKEN, "", 7)
                .at(130, GREEN_PARKED, "sleep", 7)
                .at(150, GREEN_PARKED, "sleep", 8)
                .at(160, TURN_ENDED, "", 1);
        assertEquals(
                List.of(
                        new Span(100, 120, State.WAITING, TimelineBuilder.UNKNOWN_WAIT, 7),
                        new Span(120, 130, State.RUNNING, "", 7),
                        new Span(130, 160, State.WAITING, "sleep", 7)),
                lane(Kind.GREEN_THREAD, "green 1"));
        assertEquals(State.WAITING, lane(Kind.GREEN_THREAD, "green 2").getLast().state());
    }

    @Test
    void who_comes_when_another_has_gone_takes_his_lane() {
        at(100, SPAN_BEGUN, "request", 1)
                .at(110, SPAN_BEGUN, "request", 2)
                .at(120, SPAN_ENDED, "request", 1)
                .at(130, SPAN_BEGUN, "request", 3)
                .at(140, SPAN_ENDED, "request", 99)
                .at(150, SPAN_ENDED, "request", 3);
        assertEquals(
                List.of(
                        new Span(100, 120, State.RUNNING, "request", 1),
                        new Span(130, 150, State.RUNNING, "request", 3)),
                lane(Kind.SPAN, "request 1"));
        assertEquals(List.of(new Span(110, 150, State.RUNNING, "request", 2)), lane(Kind.SPAN, "request 2"));
    }

    @Test
    void work_is_seen_in_the_queue_on_its_thread_and_on_its_way_back() {
        at(100, OFFLOAD_HANDED_OVER, "", 5)
                .at(140, OFFLOAD_BEGUN, "pool-0", 5)
                .at(190, OFFLOAD_DONE, "pool-0", 5)
                .at(220, OFFLOAD_RETURNED, "", 5);
        assertEquals(
                List.of(
                        new Span(100, 140, State.QUEUED, "for a thread", 5),
                        new Span(140, 190, State.RUNNING, "pool-0", 5),
                        new Span(190, 220, State.QUEUED, "for the loop", 5)),
                lane(Kind.OFFLOAD, "offload 1"));
        assertEquals(List.of(new Span(140, 190, State.RUNNING, LOOP, 5)), lane(Kind.POOL_THREAD, "pool-0"));
    }

    @Test
    void nothing_comes_to_nothing() {
        assertEquals(new Timeline(0, 0, List.of()), Timeline.of(List.of()));
    }

    /** Whatever is noted, and however much of it was lost: no span runs backwards, none lies over another on its lane. */
    @Test
    void lanes_hold_one_thing_at_a_time(Seed seed) {
        Dice dice = seed.dice();
        RecordedKind[] kinds = RecordedKind.values();
        long nanos = 1_000;
        for (int i = 0; i < 20_000; i++) {
            nanos += dice.below(50);
            at(nanos, kinds[dice.below(kinds.length)], "label-" + dice.below(3), 1 + dice.below(20));
        }
        Timeline timeline = Timeline.of(events);
        assertTrue(timeline.lanes().size() > 5);
        for (Lane lane : timeline.lanes()) {
            long until = Long.MIN_VALUE;
            for (Span span : lane.spans()) {
                assertTrue(span.nanos() > 0, lane.name() + ": " + span);
                if (lane.kind() != Kind.POOL_THREAD) { // several pools may have threads of one name
                    assertTrue(span.fromNanos() >= until, lane.name() + ": " + span + " before " + until);
                }
                until = span.toNanos();
                assertTrue(span.fromNanos() >= timeline.fromNanos() && until <= timeline.toNanos(), span.toString());
            }
        }
    }
}
