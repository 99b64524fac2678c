package dev.pumasi.admin;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Recording;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Records loops while somebody looks, and says how busy they are. A loop has one recording at a time: while {@code pumasi trace}
 * has it, or another page, this one is without, and tries again at each look.
 *
 * <p>Confined to one thread at a time.
 */
final class Pulse implements AutoCloseable {

    /** How many events of each loop are kept between two looks: 256 KB. A loop that does more is known in part. */
    private static final int EVENTS = Recording.EVENTS_DEFAULT;

    /** One loop that is recorded: each has a recording of its own, for loops of several groups may have the same name. */
    private static final class Recorded {

        final Recording recording;
        final LoopPulse pulse = new LoopPulse();
        long lost;

        Recorded(Recording recording) {
            this.recording = recording;
            pulse.begin(System.nanoTime());
        }

        LoopPulse.Beat beat() {
            var events = recording.take();
            if (recording.lost() > lost) {
                lost = recording.lost();
                pulse.gap();
            }
            events.forEach(pulse::take);
            return pulse.beat(System.nanoTime());
        }
    }

    private final Map<Loop, Recorded> recorded = new LinkedHashMap<>();

    /** No longer looks at loops that are not among these. */
    void keep(List<Loop> loops) {
        recorded.entrySet().removeIf(entry -> {
            boolean gone = !loops.contains(entry.getKey());
            if (gone) {
                entry.getValue().recording.close();
            }
            return gone;
        });
    }

    /** What there is to say of that loop; empty if it cannot be recorded now. */
    Optional<LoopPulse.Beat> look(Loop loop) {
        Recorded one = recorded.get(loop);
        if (one == null) {
            one = begin(loop);
        }
        return one == null ? Optional.empty() : Optional.of(one.beat());
    }

    private @Nullable Recorded begin(Loop loop) {
        try {
            Recorded begun = new Recorded(Recording.start(List.of(loop), EVENTS));
            recorded.put(loop, begun);
            return begun;
        } catch (IllegalStateException recordedByOthers) {
            return null;
        }
    }

    /** Gives the loops back; the next look begins anew. */
    @Override
    public void close() {
        keep(List.of());
    }
}
