package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a recording notes is in Flight Recorder's file too, with its duration; and makes nobody hop. */
final class RecordingJfrTest extends OnEachDriver {

    private static final SpanKind SPAN = SpanKind.of("test order");
    private static final Duration NAP = Duration.ofMillis(30);

    private static final Set<String> ALL = Set.of(
            "dev.pumasi.Turn",
            "dev.pumasi.GreenThreadRun",
            "dev.pumasi.GreenThreadWait",
            "dev.pumasi.Span",
            "dev.pumasi.OffloadedWork");

    @TempDir
    private Path folder = Path.of("");

    /** What both have: the file of Flight Recorder, and the recording itself. */
    private record Both(List<jdk.jfr.consumer.RecordedEvent> flown, List<RecordedEvent> noted, Thread green) {

        List<jdk.jfr.consumer.RecordedEvent> of(String type) {
            return flown.stream()
                    .filter(event -> event.getEventType().getName().equals("dev.pumasi." + type))
                    .toList();
        }

        jdk.jfr.consumer.RecordedEvent only(String type) {
            assertEquals(1, of(type).size(), () -> type + " in " + flown);
            return of(type).getFirst();
        }
    }

    /** Runs the body on a green thread of a loop that is recorded while Flight Recorder records these events. */
    private Both recorded(Set<String> events, Loop loop, LoopGroup group, Loop.Body body) throws Exception {
        Path file = folder.resolve("recording.jfr");
        List<RecordedEvent> noted = new ArrayList<>();
        Thread green;
        try (jdk.jfr.Recording flight = new jdk.jfr.Recording()) {
            ALL.forEach(flight::disable); // they are on unless somebody says otherwise
            events.forEach(name -> flight.enable(name).withoutThreshold());
            flight.start();
            Recording recording = Recording.start(group.loops(), Recording.EVENTS_DEFAULT);
            green = loop.spawn(body);
            green.join();
            recording.close();
            onLoop(loop, () -> "this turn has not been noted");
            noted.addAll(recording.take());
            assertEquals(0, recording.lost());
            flight.stop();
            flight.dump(file);
        }
        assertNoHops(loop);
        return new Both(
                RecordingFile.readAllEvents(file).stream()
                        .filter(event -> ALL.contains(event.getEventType().getName()))
                        .toList(),
                noted,
                green);
    }

    @Test
    void a_wait_has_what_it_waits_for_its_duration_and_its_thread() throws Exception {
        Assumptions.assumeTrue(Loop.greenThreadsRunOnLoop());
        LoopGroup group = loops(1);
        Loop loop = group.next();
        Both both = recorded(ALL, loop, group, () -> loop.sleep(NAP).await());
        jdk.jfr.consumer.RecordedEvent wait = both.only("GreenThreadWait");
        assertEquals("Loop.Sleep", wait.getString("what"));
        assertEquals("test-0", wait.getString("loop"));
        assertEquals(both.green.threadId(), wait.getLong("number"));
        assertEquals("test-0", wait.getThread().getJavaName());
        assertTrue(wait.getDuration().compareTo(NAP.dividedBy(2)) > 0, wait::toString);
        List<jdk.jfr.consumer.RecordedEvent> runs = both.of("GreenThreadRun");
        assertEquals(2, runs.size(), runs::toString);
        assertFalse(runs.getFirst().getEndTime().isAfter(wait.getStartTime()), runs::toString);
        assertFalse(runs.getLast().getStartTime().isBefore(wait.getEndTime()), runs::toString);
        assertEquals(both.green.threadId(), runs.getLast().getLong("number"));
    }

    @Test
    void there_are_as_many_turns_as_were_noted() throws Exception {
        LoopGroup group = loops(1);
        Loop loop = group.next();
        Both both = recorded(ALL, loop, group, () -> {
            for (int i = 0; i < 20; i++) {
                loop.sleep(Duration.ofMillis(1)).await();
            }
        });
        long whole = 0;
        long completions = 0;
        RecordedEvent begun = null;
        for (RecordedEvent event : both.noted) {
            if (event.kind() == RecordedKind.TURN_BEGUN) {
                begun = event;
            } else if (event.kind() == RecordedKind.TURN_ENDED && begun != null) {
                whole++;
                completions += begun.number();
                begun = null;
            }
        }
        List<jdk.jfr.consumer.RecordedEvent> turns = both.of("Turn");
        assertTrue(whole > 20, both.noted.toString());
        assertEquals(whole, turns.size());
        assertEquals(
                completions,
                turns.stream().mapToLong(turn -> turn.getLong("completions")).sum());
        assertEquals(
                Set.of("test-0"),
                turns.stream().map(turn -> turn.getString("loop")).collect(Collectors.toSet()));
        assertEquals(
                1,
                turns.stream()
                        .map(turn -> turn.getThread().getJavaThreadId())
                        .distinct()
                        .count());
    }

    @Test
    void spans_and_offloaded_work_last_as_long_as_they_did() throws Exception {
        Assumptions.assumeTrue(Loop.greenThreadsRunOnLoop());
        LoopGroup group = loops(1);
        Loop loop = group.next();
        Both both;
        try (Offload pool = Offload.open(1, 1)) {
            both = recorded(ALL, loop, group, () -> {
                long span = loop.beginSpan(SPAN);
                String _ = pool.submit(loop, () -> {
                            Eventually.pass(3_000_000);
                            return "done";
                        })
                        .await();
                loop.endSpan(SPAN, span);
            });
        }
        jdk.jfr.consumer.RecordedEvent work = both.only("OffloadedWork");
        assertEquals("pumasi-offload-0", work.getString("ranOn"));
        assertTrue(work.getDuration("ran").toNanos() >= 3_000_000, work::toString);
        assertTrue(work.getDuration().compareTo(work.getDuration("ran")) >= 0, work::toString);
        assertFalse(work.getDuration("queued").isNegative(), work::toString);
        jdk.jfr.consumer.RecordedEvent span = both.only("Span");
        assertEquals("test order", span.getString("what"));
        assertTrue(span.getDuration().compareTo(work.getDuration()) >= 0, both.flown::toString);
    }

    @Test
    void what_was_not_asked_for_is_not_there() throws Exception {
        Assumptions.assumeTrue(Loop.greenThreadsRunOnLoop());
        LoopGroup group = loops(1);
        Loop loop = group.next();
        Both waits = recorded(
                Set.of("dev.pumasi.GreenThreadWait"),
                loop,
                group,
                () -> loop.sleep(NAP).await());
        assertEquals(1, waits.flown.size(), () -> waits.flown.toString());
    }

    /** A recording that nobody reads must not keep what never ends. */
    @Test
    void what_never_ends_is_kept_up_to_a_limit() {
        try (jdk.jfr.Recording flight = new jdk.jfr.Recording()) {
            ALL.forEach(name -> flight.enable(name).withoutThreshold());
            flight.start();
            JfrEcho echo = new JfrEcho("never", 100, 50);
            for (int i = 1; i <= 110; i++) {
                echo.noted(i, RecordedKind.SPAN_BEGUN, 0, i);
                echo.noted(i, RecordedKind.OFFLOAD_HANDED_OVER, 0, i);
            }
            assertEquals(200, echo.open());
            echo.noted(1, RecordedKind.TURN_ENDED, 0, 0);
            for (int i = 1; i <= 110; i++) {
                echo.noted(i, RecordedKind.SPAN_ENDED, 0, i);
                echo.noted(i, RecordedKind.OFFLOAD_RETURNED, 0, i);
            }
            assertEquals(0, echo.open());
            assertEquals(50, echo.untold());
            echo.ended();
            assertEquals(0, echo.untold());
            flight.stop();
        }
    }
}
