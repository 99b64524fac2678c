package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Position;
import dev.pumasi.queue.TopicSettings;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The ids of the latest messages of a topic, and where they stand. Of the loop. */
final class SameIds {

    private record Known(Position position, long storedMillis) {}

    private final TopicSettings settings;
    private final Map<String, Known> ids = new LinkedHashMap<>();
    private long latestMillis;

    SameIds(TopicSettings settings) {
        this.settings = settings;
    }

    boolean isOn() {
        return settings.sameIdsMax() > 0 && !settings.sameIdWindow().isZero();
    }

    /** The first one with an id counts. */
    void add(String id, Position position, long storedMillis) {
        latestMillis = Math.max(latestMillis, storedMillis);
        Known before = ids.putIfAbsent(id, new Known(position, storedMillis));
        if (before != null && isOver(before)) {
            ids.put(id, new Known(position, storedMillis));
        }
        Iterator<Known> oldest = ids.values().iterator();
        while (oldest.hasNext() && (isOver(oldest.next()) || ids.size() > settings.sameIdsMax())) {
            oldest.remove();
        }
    }

    private boolean isOver(Known known) {
        return known.storedMillis < latestMillis - settings.sameIdWindow().toMillis();
    }

    /** Where the message with that id is; null if it is not known, or not any more. */
    @Nullable
    Position of(String id) {
        Known known = ids.get(id);
        return known == null || isOver(known) ? null : known.position;
    }
}
