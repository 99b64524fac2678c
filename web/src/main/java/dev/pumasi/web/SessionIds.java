package dev.pumasi.web;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;

/**
 * Names for sessions that nobody can guess: 256 bits from the system. {@link SecureRandom} takes a lock and asks the kernel, so another thread does that, many at a time; one loop's
 * share is here. Used by green threads of that loop, and by others one at a time.
 */
final class SessionIds {

    static final int BYTES = 32;
    private static final int BATCH = 64;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Offload offload;
    private final Loop loop;
    private final Deque<String> ready = new ArrayDeque<>();

    SessionIds(Loop loop, Offload offload) {
        this.loop = loop;
        this.offload = offload;
    }

    /** Parks once in a while. */
    String next() throws IOException {
        String id = loop.isCurrent() ? ready.poll() : null;
        if (id != null) {
            return id;
        }
        String[] more = offload.submit(loop, SessionIds::batch).await();
        if (loop.isCurrent()) {
            for (int i = 1; i < more.length && ready.size() < BATCH; i++) {
                ready.add(more[i]);
            }
        }
        return more[0];
    }

    private static String[] batch() {
        String[] ids = new String[BATCH];
        byte[] bytes = new byte[BYTES];
        for (int i = 0; i < BATCH; i++) {
            RANDOM.nextBytes(bytes);
            ids[i] = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        }
        return ids;
    }
}
