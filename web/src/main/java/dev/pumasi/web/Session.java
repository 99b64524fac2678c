package dev.pumasi.web;

import dev.pumasi.http.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of one client, for one request. It is loaded when it is first looked at, begins when something is first put into it, and is saved when the handler
 * has answered. Belongs to the handler's thread until then; a body that is written later cannot use it.
 *
 * <p>Of two requests of one client at the same time each sees the session as it was; of what both change, the one that is answered later stays.
 */
public final class Session {

    /** How much may be in one. */
    public static final int VALUES_MAX = 64;

    public static final int CHARS_MAX = 16 * 1024;

    private final Sessions sessions;
    private final SessionIds ids;
    private final long nowMillis;
    private @Nullable String id;
    private @Nullable String oldId;
    private Map<String, String> values = new LinkedHashMap<>();
    private long createdMillis;
    private long seenMillis;
    private boolean loaded;
    private boolean exists;
    private boolean changed;
    private boolean ended;
    private boolean answered;

    /** @param id as the client has it, verified; null if it has none */
    Session(Sessions sessions, SessionIds ids, @Nullable String id, long nowMillis) {
        this.sessions = sessions;
        this.ids = ids;
        this.id = id;
        this.nowMillis = nowMillis;
    }

    /** The value under that name. Parks when it must be loaded first. */
    public Optional<String> get(String name) throws IOException {
        load();
        return Optional.ofNullable(values.get(name));
    }

    /**
     * Puts a value in, and begins the session if there is none.
     *
     * @throws IllegalStateException if that would be more than {@value #VALUES_MAX} values or {@value #CHARS_MAX} characters
     */
    public void put(String name, String value) throws IOException {
        load();
        Map<String, String> after = new LinkedHashMap<>(values);
        after.put(name, value);
        long chars = 0;
        for (Map.Entry<String, String> entry : after.entrySet()) {
            chars += entry.getKey().length() + entry.getValue().length();
        }
        if (after.size() > VALUES_MAX || chars > CHARS_MAX) {
            throw new IllegalStateException("a session holds " + VALUES_MAX + " values of " + CHARS_MAX
                    + " characters together: keep the rest elsewhere");
        }
        begin();
        values = after;
        changed = true;
    }

    public void remove(String name) throws IOException {
        load();
        changed |= values.remove(name) != null;
    }

    /** Whether there is one. Parks when it must be loaded first. */
    public boolean exists() throws IOException {
        load();
        return exists;
    }

    /**
     * Gives it another name, and forgets the old one: to be called whenever a client has shown who it is, so that a name that somebody else has planted is
     * worth nothing.
     */
    public void renew() throws IOException {
        load();
        if (exists && oldId == null) {
            oldId = id;
        }
        id = ids.next();
        if (!exists) {
            createdMillis = nowMillis;
        }
        exists = true;
        ended = false;
        changed = true;
    }

    /** Forgets it, here and at the client. */
    public void end() throws IOException {
        load();
        values = new LinkedHashMap<>();
        ended = exists;
        exists = false;
        changed = false;
    }

    private void begin() throws IOException {
        if (!exists) {
            if (ended && oldId == null) {
                oldId = id;
            }
            id = ids.next();
            createdMillis = nowMillis;
            exists = true;
            ended = false;
        }
    }

    private void load() throws IOException {
        if (answered) {
            throw new IllegalStateException("the request has been answered, and its session was saved");
        }
        if (loaded) {
            return;
        }
        String known = id;
        if (known != null) {
            SessionStore.Stored stored = sessions.store().load(key(known));
            if (stored != null && sessions.isAlive(stored, nowMillis)) {
                values = new LinkedHashMap<>(stored.values());
                createdMillis = stored.createdMillis();
                seenMillis = stored.seenMillis();
                exists = true;
            } else if (stored != null) {
                sessions.store().delete(key(known));
            }
        }
        loaded = true;
    }

    /** Saves what has changed; the response with what the client must be told. */
    Response saved(Response response) throws IOException {
        answered = true;
        String known = id;
        String old = oldId;
        if (old != null) {
            sessions.store().delete(key(old));
        }
        if (ended && known != null) {
            sessions.store().delete(key(known));
            return sessions.cookie("").maxAge(java.time.Duration.ZERO).on(response);
        }
        if (!exists || known == null) {
            return response;
        }
        if (changed || sessions.isWorthATouch(seenMillis, nowMillis)) {
            SessionStore.Stored stored = new SessionStore.Stored(values, createdMillis, nowMillis);
            sessions.store().save(key(known), stored, sessions.expiryMillis(stored));
        }
        boolean isNew = old != null || createdMillis == nowMillis;
        return isNew ? sessions.signed(known).on(response) : response;
    }

    static String key(String id) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.US_ASCII));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
