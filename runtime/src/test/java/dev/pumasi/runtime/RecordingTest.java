package dev.pumasi.runtime;

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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** A recording holds what the loops did, in order, and nothing that did not happen; and makes nobody hop. */
final class RecordingTest extends OnEachDriver {

    private static final Duration LONGEST = Duration.ofSeconds(2);

    private static final SpanKind SPAN = SpanKind.of("test span");

    /** Runs {@code body} on a green thread of the loop while it is recorded, and returns what was noted. */
    private static List<RecordedEvent> recorded(LoopGroup group, Loop.Body body) throws Exception {
        Loop loop = group.loops().getFirst();
        List<RecordedEvent> events = new ArrayList<>();
        try (Recording recording = Recording.start(group.loops(), Recording.EVENTS_DEFAULT)) {
            Thread green = loop.spawn(body);
            green.join();
            Eventually.until("the loop has turned since", () -> {
                events.addAll(recording.take());
                return !Loop.greenThreadsRunOnLoop()
                        || events.stream().anyMatch(e -> e.kind() == GREEN_ENDED && e.number() == green.threadId());
            });
            assertEquals(0, recording.lost());
        }
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(0, loop.status().hops());
        }
        return events;
    }

    private static List<RecordedKind> kinds(List<RecordedEvent> events, RecordedKind... wanted) {
        List<RecordedKind> of = List.of(wanted);
        return events.stream().map(RecordedEvent::kind).filter(of::contains).toList();
    }

    private static RecordedEvent only(List<RecordedEvent> events, RecordedKind kind) {
        List<RecordedEvent> found =
                events.stream().filter(event -> event.kind() == kind).toList();
        assertEquals(1, found.size(), () -> kind + " in " + events);
        return found.getFirst();
    }

    @Test
    void a_green_thread_is_seen_to_begin_wait_and_end() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.loops().getFirst();
        Duration nap = Duration.ofMillis(20);
        List<RecordedEvent> events = recorded(group, () -> loop.sleep(nap).await());
        if (!Loop.greenThreadsRunOnLoop()) {
            return; // then nothing is noted of them
        }
        assertEquals(
                List.of(GREEN_BEGUN, GREEN_PARKED, GREEN_WOKEN, GREEN_ENDED),
                kinds(events, GREEN_BEGUN, GREEN_PARKED, GREEN_WOKEN, GREEN_ENDED));
        assertEquals("Loop.Sleep", only(events, GREEN_PARKED).label());
        // Not since it parked: it may have stood still between starting to sleep and that.
        long begunNanos = only(events, GREEN_BEGUN).nanos();
        assertTrue(only(events, GREEN_WOKEN).nanos() - begunNanos >= nap.toNanos() / 2, events.toString());
    }

    @Test
    void turns_alternate_and_time_does_not_run_back() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.loops().getFirst();
        List<RecordedEvent> events = recorded(group, () -> {
            for (int i = 0; i < 20; i++) {
                loop.sleep(Duration.ofMillis(1)).await();
            }
        });
        List<RecordedKind> turns = kinds(events, TURN_BEGUN, TURN_ENDED);
        assertTrue(turns.size() > 20, turns.toString());
        for (int i = 1; i < turns.size(); i++) {
            assertTrue(turns.get(i) != turns.get(i - 1), "twice in a row: " + turns.get(i));
        }
        for (int i = 1; i < events.size(); i++) {
            assertTrue(events.get(i).nanos() >= events.get(i - 1).nanos(), "at " + i + " of " + events);
        }
    }

    @Test
    void a_read_is_named_by_what_it_is() throws Exception {
        Assumptions.assumeTrue(Loop.greenThreadsRunOnLoop());
        LoopGroup group = loops(1);
        Connection connection = connection(group.loops().getFirst());
        CompletableFuture<Integer> read = new CompletableFuture<>();
        CompletableFuture<Boolean> sent = new CompletableFuture<>();
        List<RecordedEvent> events = recorded(group, () -> {
            Thread reader = Thread.currentThread();
            elsewhere(() -> {
                Eventually.until("it waits", () -> reader.getState() == Thread.State.WAITING);
                connection.peerSends((byte) 1);
                return sent.complete(true);
            });
            complete(read, () -> connection.socket().read(new byte[1], 0, 1));
        });
        assertEquals(1, get(read));
        assertEquals(true, get(sent));
        assertTrue(
                events.stream()
                        .anyMatch(e -> e.kind() == GREEN_PARKED && e.label().equals("read from")),
                events.toString());
    }

    @Test
    void offloaded_work_is_seen_on_both_sides() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.loops().getFirst();
        List<RecordedEvent> events;
        try (Offload pool = Offload.open(1, 1)) {
            events = recorded(
                    group,
                    () -> pool.submit(loop, () -> {
                                Eventually.pass(3_000_000);
                                return "done";
                            })
                            .await());
        }
        RecordedEvent handed = only(events, OFFLOAD_HANDED_OVER);
        RecordedEvent begun = only(events, OFFLOAD_BEGUN);
        RecordedEvent done = only(events, OFFLOAD_DONE);
        RecordedEvent returned = only(events, OFFLOAD_RETURNED);
        assertEquals("pumasi-offload-0", begun.label());
        assertTrue(handed.nanos() <= begun.nanos(), events.toString());
        assertTrue(done.nanos() - begun.nanos() >= 3_000_000, events.toString());
        assertEquals(handed.number(), begun.number());
        assertEquals(handed.number(), returned.number());
    }

    @Test
    void spans_have_numbers_and_cost_none_when_nobody_records() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.loops().getFirst();
        List<RecordedEvent> events = recorded(
                group,
                () -> loop.run(() -> {
                    long one = loop.beginSpan(SPAN);
                    long other = loop.beginSpan(SPAN);
                    loop.endSpan(SPAN, one);
                    loop.endSpan(SPAN, other);
                }));
        CompletableFuture<Long> unrecorded = new CompletableFuture<>();
        loop.execute(() -> unrecorded.complete(loop.beginSpan(SPAN)));
        assertEquals(0, unrecorded.get());
        List<RecordedEvent> spans = events.stream()
                .filter(e -> e.kind() == SPAN_BEGUN || e.kind() == SPAN_ENDED)
                .toList();
        assertEquals(List.of(SPAN_BEGUN, SPAN_BEGUN, SPAN_ENDED, SPAN_ENDED), kinds(spans, SPAN_BEGUN, SPAN_ENDED));
        assertEquals(spans.get(0).number(), spans.get(2).number());
        assertEquals(spans.get(1).number(), spans.get(3).number());
        assertEquals("test span", spans.getFirst().label());
    }

    @Test
    void a_loop_has_one_recording_at_a_time() {
        LoopGroup group = loops(2);
        List<Loop> second = List.of(group.loops().getLast());
        try (Recording first = Recording.start(second, 100)) {
            assertThrows(IllegalStateException.class, () -> Recording.start(group.loops(), 100));
        }
        Eventually.until("it is free again", () -> {
            try (Recording again = Recording.start(group.loops(), 100)) {
                return true;
            } catch (IllegalStateException notYet) {
                return false;
            }
        });
    }

    @Test
    void another_process_asks_by_the_socket() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.loops().getFirst();
        assertThrows(
                NoSuchFileException.class, () -> RecordingSocket.record(ProcessHandle.current(), Duration.ofMillis(1)));
        try (RecordingSocket socket = RecordingSocket.open(group.loops())) {
            Ticker ticker = Ticker.atRate(loop, Duration.ofMillis(2), () -> loop.endSpan(SPAN, loop.beginSpan(SPAN)));
            RecordingSocket.Recorded recorded = recordedTicks(group);
            ticker.close();
            assertEquals(0, recorded.lost());
            assertTrue(kinds(recorded.events(), SPAN_BEGUN).size() > 1, recorded.toString());
            assertEquals(loop.name(), recorded.events().getFirst().loop());
            Recording other = startedWhenFree(group);
            IOException refused = assertThrows(
                    IOException.class, () -> RecordingSocket.record(ProcessHandle.current(), Duration.ofMillis(1)));
            assertTrue(String.valueOf(refused.getMessage()).contains("recorded already"), refused.getMessage());
            other.close();
        }
    }

    /** In a short time; in a longer one on a machine that stands still. */
    private static RecordingSocket.Recorded recordedTicks(LoopGroup group) throws IOException {
        Duration time = Duration.ofMillis(100);
        while (true) {
            RecordingSocket.Recorded recorded = RecordingSocket.record(ProcessHandle.current(), time);
            if (kinds(recorded.events(), SPAN_BEGUN).size() > 1 || time.compareTo(LONGEST) >= 0) {
                return recorded;
            }
            startedWhenFree(group).close();
            time = time.multipliedBy(5);
        }
    }

    private static Recording startedWhenFree(LoopGroup group) {
        Recording[] started = new Recording[1];
        Eventually.until("the socket's recording is over", () -> {
            try {
                started[0] = Recording.start(group.loops(), 100);
                return true;
            } catch (IllegalStateException notYet) {
                return false;
            }
        });
        return started[0];
    }
}
