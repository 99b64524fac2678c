package dev.pumasi.admin;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.RecordedEvent;
import dev.pumasi.runtime.Recording;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Records some loops while somebody looks, and says how busy they are. A loop has one recording at a time: while {@code pumasi trace}
 * has it, or another page, this one is without, and tries again at each look.
 *
 * <p>Confined to one thread at a time.
 */
final class Pulse implements AutoCloseable {

    /** How many events of each loop are kept between two looks: 256 KB. A loop that does more is known in part. */
    private static final int EVENTS = Recording.EVENTS_DEFAULT;

    /** A ring that is as full as this has overwritten something. */
    private static final int FULL = EVENTS * 9 / 10;

    private final Map<String, LoopPulse> pulses = new LinkedHashMap<>();
    private List<Loop> recorded = List.of();
    private @Nullable Recording recording;
    private long lost;

    /** What there is to say of each loop, by its name; empty if the loops cannot be recorded now. */
    Map<String, LoopPulse.Beat> look(List<Loop> loops) {
        Recording running = recording;
        if (running == null || !recorded.equals(loops)) {
            close();
            running = begin(loops);
            if (running == null) {
                return Map.of();
            }
        }
        List<RecordedEvent> events = running.take();
        if (running.lost() > lost) {
            lost = running.lost();
            Map<String, Integer> counts = new LinkedHashMap<>();
            events.forEach(event -> counts.merge(event.loop(), 1, Integer::sum));
            counts.forEach((loop, count) -> {
                LoopPulse pulse = pulses.get(loop);
                if (pulse != null && count >= FULL) {
                    pulse.gap();
                }
            });
        }
        for (RecordedEvent event : events) {
            LoopPulse pulse = pulses.get(event.loop());
            if (pulse != null) {
                pulse.take(event);
            }
        }
        long nowNanos = System.nanoTime();
        Map<String, LoopPulse.Beat> beats = new LinkedHashMap<>();
        pulses.forEach((loop, pulse) -> beats.put(loop, pulse.beat(nowNanos)));
        return beats;
    }

    private @Nullable Recording begin(List<Loop> loops) {
        if (loops.isEmpty()) {
            return null;
        }
        try {
            Recording begun = Recording.start(loops, EVENTS);
            recording = begun;
            recorded = List.copyOf(loops);
            lost = 0;
            long nowNanos = System.nanoTime();
            for (Loop loop : new ArrayList<>(loops)) {
                LoopPulse pulse = new LoopPulse();
                pulse.begin(nowNanos);
                pulses.put(loop.name(), pulse);
            }
            return begun;
        } catch (IllegalStateException recordedByOthers) {
            return null;
        }
    }

    /** Gives the loops back; the next look begins anew. */
    @Override
    public void close() {
        if (recording != null) {
            recording.close();
            recording = null;
        }
        recorded = List.of();
        pulses.clear();
    }
}
