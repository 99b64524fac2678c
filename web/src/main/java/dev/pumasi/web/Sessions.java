package dev.pumasi.web;

import dev.pumasi.http.Handler;
import dev.pumasi.http.Request;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Offload;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Sessions of clients: a cookie with a name that nobody can guess, and what is kept under it.
 *
 * <pre>{@code
 * Sessions sessions = Sessions.builder(CookieKeys.of(key), new MemorySessions(100_000)).build();
 * Router router = Router.builder()
 *         .post("/login", sessions.around((request, session) -> {
 *             session.renew();
 *             session.put("user", userOf(request));
 *             return Response.redirect("/");
 *         }))
 *         .build();
 * }</pre>
 *
 * <p><b>The cookie</b> is signed ({@link CookieKeys}), so that a name nobody was given is known without a look into the store; HttpOnly, SameSite=Lax, for the whole site, gone with the browser's session; {@linkplain Builder#secure
 * Secure} where that is said, and then its name begins with {@code __Host-}. A client that never puts anything into its session gets none.
 *
 * <p><b>Two limits of time</b>: without use, and in all. What is over is not loaded any more, whatever the store still has.
 *
 * <p><b>What it will not do</b>: say who somebody is, or keep other sites from posting forms where browsers do not know SameSite.
 */
public final class Sessions implements AutoCloseable {

    /** Answers with a session. As {@link Handler}. */
    @FunctionalInterface
    public interface SessionHandler {
        Response handle(Request request, Session session) throws Exception;
    }

    private final CookieKeys keys;
    private final SessionStore store;
    private final String name;
    private final boolean secure;
    private final long idleMillis;
    private final long wholeMillis;
    private final Offload offload = Offload.open(1, Offload.WAITING_DEFAULT);
    private final AtomicReference<Map<Loop, SessionIds>> ids = new AtomicReference<>(Map.of());

    private Sessions(Builder of) {
        keys = of.keys;
        store = of.store;
        name = of.name.isEmpty() ? of.secure ? "__Host-session" : "session" : of.name;
        secure = of.secure;
        idleMillis = of.idle.toMillis();
        wholeMillis = of.whole.toMillis();
        cookie(""); // a name that is none is told now
    }

    public static Builder builder(CookieKeys keys, SessionStore store) {
        return new Builder(keys, store);
    }

    /** A handler that gives each request its session, and saves what has become of it before the answer is sent. It parks. */
    public Handler around(SessionHandler handler) {
        Objects.requireNonNull(handler, "handler");
        return request -> {
            Loop loop = request.loop();
            String id = Cookie.in(request, name)
                    .flatMap(signed -> keys.verify(name, signed))
                    .orElse(null);
            long nowMillis = loop.isCurrent() ? loop.wallMillis() : System.currentTimeMillis();
            Session session = new Session(this, ids(loop), id, nowMillis);
            return session.saved(handler.handle(request, session));
        };
    }

    private SessionIds ids(Loop loop) {
        SessionIds known = ids.get().get(loop);
        if (known != null) {
            return known;
        }
        SessionIds made = new SessionIds(loop, offload);
        return ids.updateAndGet(before -> {
                    Map<Loop, SessionIds> after = new HashMap<>(before);
                    after.putIfAbsent(loop, made);
                    return Map.copyOf(after);
                })
                .getOrDefault(loop, made);
    }

    SessionStore store() {
        return store;
    }

    Cookie cookie(String value) {
        return Cookie.of(name, value).secure(secure);
    }

    Cookie signed(String id) {
        return keys.sign(cookie(id));
    }

    boolean isAlive(SessionStore.Stored session, long nowMillis) {
        return nowMillis < expiryMillis(session);
    }

    long expiryMillis(SessionStore.Stored session) {
        return Math.min(session.seenMillis() + idleMillis, session.createdMillis() + wholeMillis);
    }

    /** A session that is only looked at is saved now and then, so that it does not expire in use. */
    boolean isWorthATouch(long seenMillis, long nowMillis) {
        return nowMillis - seenMillis >= idleMillis / 8;
    }

    /** Gives back the thread that makes names. The store is its owner's. */
    @Override
    public void close() {
        offload.close();
    }

    /** Settings, each with a default. Not thread-safe. */
    public static final class Builder {

        private final CookieKeys keys;
        private final SessionStore store;
        private String name = "";
        private boolean secure;
        private Duration idle = Duration.ofMinutes(30);
        private Duration whole = Duration.ofHours(12);

        private Builder(CookieKeys keys, SessionStore store) {
            this.keys = Objects.requireNonNull(keys, "keys");
            this.store = Objects.requireNonNull(store, "store");
        }

        /** Whether clients come by TLS, which something in front of this server ends: then the cookie must as well. Default: no. */
        public Builder secure(boolean only) {
            secure = only;
            return this;
        }

        /** The cookie's name. Default: {@code session}, and {@code __Host-session} where it is secure. */
        public Builder name(String cookie) {
            name = Objects.requireNonNull(cookie, "cookie");
            return this;
        }

        /** For how long without use, and for how long in all. Default: 30 minutes, 12 hours. */
        public Builder limits(Duration withoutUse, Duration inAll) {
            if (withoutUse.toMillis() < 1 || inAll.toMillis() < 1) {
                throw new IllegalArgumentException("times above zero: " + withoutUse + ", " + inAll);
            }
            idle = withoutUse;
            whole = inAll;
            return this;
        }

        public Sessions build() {
            return new Sessions(this);
        }
    }
}
