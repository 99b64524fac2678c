package dev.pumasi.runtime;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * What a recording notes of one loop, as events of JDK Flight Recorder: turns, green threads that run and wait, spans, work of a pool. Each
 * event has a beginning and a duration by Flight Recorder's own clock. As {@link JfrRecorder}, loaded only where {@code jdk.jfr} is.
 *
 * <p><b>All are written by the loop's thread</b>, at the end of the turn. What green threads say is kept until then: JDK 25 throws away
 * the first event that a thread writes after a virtual thread which it carried has written one, and each turn in which a green thread
 * had run would be missing.
 *
 * <p><b>Cost.</b> While Flight Recorder does not record these events, a look at a flag each. While it does, an object and two
 * readings of its clock for each: some tenths of a microsecond, which is more than the ring takes.
 *
 * <p><b>What had begun before</b> the recording did is not told, nor what has not ended when it does. A green thread that parks where the
 * runtime does not see it ({@link Recording}) loses the stretch that it ran, for nobody knows when it ended.
 */
final class JfrEcho implements Echo {

    /** Of waits, of spans, of pieces of work: what goes on at the same time beyond that is not told. */
    static final int OPEN_MAX = 1 << 17;

    /** What one turn brings beyond that is not told. */
    static final int TURN_EVENTS_MAX = 1 << 16;

    private final String loop;
    private final int openMax;
    private final int turnEventsMax;
    private final Map<Long, GreenThreadWait> waits = new HashMap<>();
    private final Map<Long, Span> spans = new HashMap<>();
    private final Map<Long, OffloadedWork> works = new HashMap<>();
    private final List<Event> ofThisTurn = new ArrayList<>();
    private Turn turn = new Turn();
    private GreenThreadRun run = new GreenThreadRun();

    JfrEcho(String loop) {
        this(loop, OPEN_MAX, TURN_EVENTS_MAX);
    }

    /** With limits of one's own, for tests. */
    JfrEcho(String loop, int openMax, int turnEventsMax) {
        this.loop = loop;
        this.openMax = openMax;
        this.turnEventsMax = turnEventsMax;
    }

    @Override
    public void noted(long nanos, RecordedKind kind, int label, long number) {
        switch (kind) {
            case TURN_BEGUN -> turnBegins(number);
            case TURN_ENDED -> turnEnds();
            case GREEN_BEGUN -> runs(number);
            case GREEN_WOKEN -> {
                waited(number);
                runs(number);
            }
            case GREEN_PARKED -> {
                ran(number);
                waits(label, number);
            }
            case GREEN_ENDED -> ran(number);
            case SPAN_BEGUN -> spanBegins(number);
            case SPAN_ENDED -> spanEnds(label, number);
            case OFFLOAD_HANDED_OVER -> handedOver(nanos, number);
            case OFFLOAD_BEGUN, OFFLOAD_DONE, OFFLOAD_RETURNED -> offloaded(nanos, kind, label, number);
        }
    }

    /** How much has begun and not ended. */
    int open() {
        return waits.size() + spans.size() + works.size();
    }

    /** How much waits for the end of the turn. */
    int untold() {
        return ofThisTurn.size();
    }

    @Override
    public void ended() {
        turn = new Turn(); // it has not ended
        turnEnds();
    }

    private void tell(Event event) {
        if (ofThisTurn.size() < turnEventsMax) {
            ofThisTurn.add(event);
        }
    }

    private void turnBegins(long completions) {
        turn = new Turn();
        if (turn.isEnabled()) {
            turn.begin();
            turn.completions = completions;
        }
    }

    private void turnEnds() {
        turn.end();
        if (turn.completions >= 0 && turn.shouldCommit()) {
            turn.loop = loop;
            turn.commit();
        }
        ofThisTurn.forEach(Event::commit);
        ofThisTurn.clear();
        turn = new Turn();
        run = new GreenThreadRun();
    }

    private void runs(long thread) {
        run = new GreenThreadRun();
        if (run.isEnabled()) {
            run.begin();
            run.number = thread;
        }
    }

    private void ran(long thread) {
        run.end();
        if (run.number == thread && run.shouldCommit()) {
            run.loop = loop;
            tell(run);
        }
        run = new GreenThreadRun();
    }

    private void waits(int label, long thread) {
        GreenThreadWait wait = new GreenThreadWait();
        if (wait.isEnabled() && waits.size() < openMax) {
            wait.begin();
            wait.what = Labels.word(label);
            waits.put(thread, wait);
        }
    }

    private void waited(long thread) {
        GreenThreadWait wait = waits.isEmpty() ? null : waits.remove(thread);
        if (wait != null) {
            wait.end();
            if (wait.shouldCommit()) {
                wait.loop = loop;
                wait.number = thread;
                tell(wait);
            }
        }
    }

    private void spanBegins(long number) {
        Span span = new Span();
        if (span.isEnabled() && spans.size() < openMax) {
            span.begin();
            spans.put(number, span);
        }
    }

    private void spanEnds(int label, long number) {
        Span span = spans.isEmpty() ? null : spans.remove(number);
        if (span != null) {
            span.end();
            if (span.shouldCommit()) {
                span.loop = loop;
                span.what = Labels.word(label);
                span.number = number;
                tell(span);
            }
        }
    }

    private void handedOver(long nanos, long number) {
        OffloadedWork work = new OffloadedWork();
        if (work.isEnabled() && works.size() < openMax) {
            work.begin();
            work.handedOverNanos = nanos;
            works.put(number, work);
        }
    }

    private void offloaded(long nanos, RecordedKind kind, int label, long number) {
        OffloadedWork work = works.isEmpty() ? null : works.get(number);
        if (work == null) {
            return;
        }
        switch (kind) {
            case OFFLOAD_BEGUN -> {
                work.queued = Math.max(0, nanos - work.handedOverNanos);
                work.begunNanos = nanos;
                work.ranOn = Labels.word(label);
            }
            case OFFLOAD_DONE -> work.ran = Math.max(0, nanos - work.begunNanos);
            default -> {
                works.remove(number);
                work.end();
                if (work.shouldCommit()) {
                    work.loop = loop;
                    work.number = number;
                    tell(work);
                }
            }
        }
    }

    @Name("dev.pumasi.Turn")
    @Label("Turn")
    @Category("Pumasi")
    @Description(
            "A loop has come back from the kernel, and runs what there is until it enters it again; only while it is recorded")
    @StackTrace(false)
    static final class Turn extends Event {

        @Label("Loop")
        String loop = "";

        /** Below 0 until it has begun. */
        @Label("Completions")
        long completions = -1;
    }

    @Name("dev.pumasi.GreenThreadRun")
    @Label("Green Thread Run")
    @Category("Pumasi")
    @Description("A green thread runs until it waits or ends; only while its loop is recorded")
    @StackTrace(false)
    static final class GreenThreadRun extends Event {

        @Label("Loop")
        String loop = "";

        /** 0 until it has begun: no thread's id. */
        @Label("Green Thread")
        long number;
    }

    @Name("dev.pumasi.GreenThreadWait")
    @Label("Green Thread Wait")
    @Category("Pumasi")
    @Description("A green thread waits; only while its loop is recorded")
    @StackTrace(false)
    static final class GreenThreadWait extends Event {

        @Label("Loop")
        String loop = "";

        @Label("Green Thread")
        long number;

        @Label("Waits For")
        String what = "";
    }

    @Name("dev.pumasi.Span")
    @Label("Span")
    @Category("Pumasi")
    @Description("Something that may last over several turns, a request as a rule; only while its loop is recorded")
    @StackTrace(false)
    static final class Span extends Event {

        @Label("Loop")
        String loop = "";

        @Label("Kind")
        String what = "";

        @Label("Number")
        long number;
    }

    @Name("dev.pumasi.OffloadedWork")
    @Label("Offloaded Work")
    @Category("Pumasi")
    @Description("Work handed to a pool, until its outcome is back on the loop; only while the loop is recorded")
    @StackTrace(false)
    static final class OffloadedWork extends Event {

        @Label("Loop")
        String loop = "";

        @Label("Number")
        long number;

        @Label("Ran On")
        String ranOn = "";

        @Label("Waited For a Thread")
        @Timespan(Timespan.NANOSECONDS)
        long queued;

        @Label("Ran")
        @Timespan(Timespan.NANOSECONDS)
        long ran;

        transient long handedOverNanos;
        transient long begunNanos;
    }
}
