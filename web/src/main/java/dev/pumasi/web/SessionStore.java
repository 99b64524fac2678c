package dev.pumasi.web;

import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions are kept. Called by green threads of any loop, several at a time, in direct style: an implementation may park, and must not block.
 *
 * <p>A key is 43 characters of base64url, and no secret: it is the digest of what the client has, so that whoever reads a store cannot be anybody by it.
 */
public interface SessionStore {

    /**
     * A session as it is kept.
     *
     * @param createdMillis when it began, since 1970 UTC
     * @param seenMillis when it was last used, about
     */
    record Stored(Map<String, String> values, long createdMillis, long seenMillis) {

        public Stored {
            values = Map.copyOf(values);
        }
    }

    /** What is kept under that key; null if nothing is. */
    @Nullable
    Stored load(String key) throws IOException;

    /**
     * Keeps it, in the place of what was there.
     *
     * @param expiresMillis when nobody wants it any more, unless it is saved again before
     */
    void save(String key, Stored session, long expiresMillis) throws IOException;

    /** Forgets it, if it is there. */
    void delete(String key) throws IOException;
}
