package dev.pumasi.web;

import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Mutex;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Sessions in this process's memory, gone when it ends, and not shared with other workers. So many at most: beyond that, whoever was not seen
 * for the longest time is forgotten.
 *
 * <p>In {@value #PARTS} parts by key, each with a {@link Mutex} for the moment of a look: who meets one parks and is woken by its own loop. With each save, what has expired
 * is dropped from the part's old end, so that nothing grows old here; who saves seldom has few.
 */
public final class MemorySessions implements SessionStore {

    private static final int PARTS = 16;

    private record Kept(Stored session, long expiresMillis) {}

    private static final class Part {
        final Mutex mutex = new Mutex("a part of the sessions");

        /** The one saved last is the last. */
        final Map<String, Kept> kept = new LinkedHashMap<>();
    }

    private final Part[] parts = new Part[PARTS];
    private final int eachMax;
    private final LongAdder forgotten = new LongAdder();

    /** @param sessionsMax at least one for each of the {@value #PARTS} parts */
    public MemorySessions(int sessionsMax) {
        if (sessionsMax < PARTS) {
            throw new IllegalArgumentException("room for " + PARTS + " sessions at least, not " + sessionsMax);
        }
        eachMax = sessionsMax / PARTS;
        for (int i = 0; i < PARTS; i++) {
            parts[i] = new Part();
        }
    }

    private Part part(String key) {
        return parts[Math.floorMod(key.hashCode(), PARTS)];
    }

    @Override
    public @Nullable Stored load(String key) throws OperationException {
        Part part = part(key);
        part.mutex.lock();
        try {
            Kept kept = part.kept.get(key);
            return kept == null ? null : kept.session;
        } finally {
            part.mutex.unlock();
        }
    }

    @Override
    public void save(String key, Stored session, long expiresMillis) throws OperationException {
        Part part = part(key);
        part.mutex.lock();
        try {
            part.kept.remove(key);
            part.kept.put(key, new Kept(session, expiresMillis));
            Iterator<Kept> oldest = part.kept.values().iterator();
            Kept first = oldest.next();
            while (part.kept.size() > 1 && first.expiresMillis <= session.seenMillis()) {
                oldest.remove();
                first = oldest.next();
            }
            if (part.kept.size() > eachMax) {
                oldest.remove();
                forgotten.increment();
            }
        } finally {
            part.mutex.unlock();
        }
    }

    @Override
    public void delete(String key) throws OperationException {
        Part part = part(key);
        part.mutex.lock();
        try {
            part.kept.remove(key);
        } finally {
            part.mutex.unlock();
        }
    }

    /** How many are kept, expired ones included. Parks. */
    public int size() throws OperationException {
        int size = 0;
        for (Part part : parts) {
            part.mutex.lock();
            try {
                size += part.kept.size();
            } finally {
                part.mutex.unlock();
            }
        }
        return size;
    }

    /** How many had to go before their time, because there was no room. Any thread. */
    public long forgotten() {
        return forgotten.sum();
    }
}
