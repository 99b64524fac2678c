package dev.pumasi.queue;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ids that were published to a topic within its window, with where the messages stand. Bounded by the window, in the
 * time at which messages were stored, and by a number. Belongs to the queue's loop.
 */
final class RecentIds {

    private record Seen(long sequence, long millis) {}

    private final long windowMillis;
    private final int countMax;
    private final Map<String, Seen> seen = new LinkedHashMap<>();

    RecentIds(TopicSettings settings) {
        windowMillis = settings.sameIdWindow().toMillis();
        countMax = settings.sameIdsMax();
    }

    boolean isOn() {
        return windowMillis > 0 && countMax > 0;
    }

    /** The sequence under which that id was published within the window, seen from that time; null if it was not. */
    @Nullable
    Long sequenceOf(String id, long nowMillis) {
        Seen known = seen.get(id);
        return known == null || nowMillis - known.millis > windowMillis ? null : Long.valueOf(known.sequence);
    }

    void add(String id, long sequence, long millis) {
        seen.remove(id);
        seen.put(id, new Seen(sequence, millis));
        Iterator<Seen> oldest = seen.values().iterator();
        while (oldest.hasNext()) {
            Seen first = oldest.next();
            if (seen.size() <= countMax && millis - first.millis <= windowMillis) {
                return;
            }
            oldest.remove();
        }
    }

    void remove(String id) {
        seen.remove(id);
    }

    int size() {
        return seen.size();
    }
}
