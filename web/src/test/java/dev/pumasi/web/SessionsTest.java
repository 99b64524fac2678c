package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;

/** What a client is remembered by, and when it is forgotten. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(180)
class SessionsTest {

    @Parameter
    String driver;

    private final CookieKeys keys = CookieKeys.of(new byte[32]);

    /** Shows what is in it, and lets a test make it older. */
    private static final class Shelf implements SessionStore {

        final Map<String, Stored> kept = new ConcurrentHashMap<>();
        final AtomicLong loads = new AtomicLong();

        @Override
        public Stored load(String key) {
            loads.incrementAndGet();
            return kept.get(key);
        }

        @Override
        public void save(String key, Stored session, long expiresMillis) {
            assertTrue(expiresMillis > session.seenMillis());
            kept.put(key, session);
        }

        @Override
        public void delete(String key) {
            kept.remove(key);
        }

        void makeOlder(Duration created, Duration seen) {
            kept.replaceAll((key, one) -> new Stored(
                    one.values(), one.createdMillis() - created.toMillis(), one.seenMillis() - seen.toMillis()));
        }
    }

    private final Shelf shelf = new Shelf();
    private Sessions sessions;
    private HttpServer server;

    private void serve(SessionStore store) throws IOException {
        sessions = Sessions.builder(keys, store).build();
        server = HttpServer.builder(Router.builder()
                        .get("/put", sessions.around((request, session) -> {
                            session.put("a", request.queryParameter("a").orElse(""));
                            return Response.text("put");
                        }))
                        .get(
                                "/get",
                                sessions.around((request, session) ->
                                        Response.text(session.get("a").orElse("none"))))
                        .get("/other", sessions.around((request, session) -> Response.text("other")))
                        .get("/login", sessions.around((request, session) -> {
                            session.renew();
                            return Response.text("in");
                        }))
                        .get("/logout", sessions.around((request, session) -> {
                            session.end();
                            return Response.text("out");
                        }))
                        .build())
                .port(0)
                .loops(2)
                .driver(driver)
                .start();
    }

    @AfterEach
    void close() {
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(
                    0, server.loops().stream().mapToLong(loop -> loop.hops()).sum(), "hops");
        }
        server.close();
        sessions.close();
    }

    private WholeAnswer get(String target, String cookie) throws IOException {
        return cookie.isEmpty()
                ? WholeAnswer.to(server.port(), "GET", target)
                : WholeAnswer.to(server.port(), "GET", target, "Cookie: x=y; " + cookie);
    }

    private static String cookie(WholeAnswer answer) {
        String line = answer.field("set-cookie");
        return line.isEmpty() ? "" : line.substring(0, line.indexOf(';'));
    }

    @Test
    void itIsThereAgain() throws IOException {
        serve(new MemorySessions(100));
        assertEquals("", get("/get", "").field("set-cookie"), "nobody is given a cookie for nothing");
        WholeAnswer put = get("/put?a=rice", "");
        String line = put.field("set-cookie");
        assertTrue(line.matches("session=[\\w-]{43}\\.[\\w-]{43}; Path=/; HttpOnly; SameSite=Lax"), line);
        assertEquals("rice", get("/get", cookie(put)).text());
        WholeAnswer again = get("/put?a=soup", cookie(put));
        assertEquals("", again.field("set-cookie"));
        assertEquals("soup", get("/get", cookie(put)).text());
        assertEquals(
                "none",
                get("/get", cookie(get("/put?a=other", "")).replace(".", "x.")).text());
    }

    @Test
    void aForgedNameIsKnownWithoutALook() throws IOException {
        serve(shelf);
        get("/put?a=rice", "");
        shelf.loads.set(0);
        assertEquals(
                "none",
                get("/get", "session=" + "A".repeat(43) + "." + "A".repeat(43)).text());
        assertEquals("none", get("/get", "session=nonsense").text());
        assertEquals(0, shelf.loads.get());
        get("/other", cookie(get("/put?a=b", "")));
        assertEquals(0, shelf.loads.get(), "who does not look at it does not load it");
    }

    @Test
    void aStoreDoesNotKnowWhatTheClientHas() throws IOException {
        serve(shelf);
        String cookie = cookie(get("/put?a=rice", ""));
        String key = shelf.kept.keySet().iterator().next();
        assertFalse(cookie.contains(key));
    }

    @Test
    void aLoginGivesItAnotherName() throws IOException {
        serve(shelf);
        String before = cookie(get("/put?a=rice", ""));
        String after = cookie(get("/login", before));
        assertNotEquals(before, after);
        assertEquals("rice", get("/get", after).text());
        assertEquals("none", get("/get", before).text());
        assertEquals(1, shelf.kept.size());
    }

    @Test
    void aLogoutForgetsIt() throws IOException {
        serve(shelf);
        String cookie = cookie(get("/put?a=rice", ""));
        WholeAnswer out = get("/logout", cookie);
        assertTrue(out.field("set-cookie").startsWith("session=; Path=/; Max-Age=0"), out.field("set-cookie"));
        assertEquals("none", get("/get", cookie).text());
        assertEquals(0, shelf.kept.size());
        assertEquals("", get("/logout", "").field("set-cookie"));
    }

    @Test
    void bothLimitsOfTime() throws IOException {
        serve(shelf);
        String cookie = cookie(get("/put?a=rice", ""));
        shelf.makeOlder(Duration.ofMinutes(29), Duration.ofMinutes(29));
        assertEquals("rice", get("/get", cookie).text()); // and was seen again
        shelf.makeOlder(Duration.ofMinutes(29), Duration.ofMinutes(29));
        assertEquals("rice", get("/get", cookie).text());
        shelf.makeOlder(Duration.ofMinutes(31), Duration.ofMinutes(31));
        assertEquals("none", get("/get", cookie).text());
        assertEquals(0, shelf.kept.size());
        String other = cookie(get("/put?a=rice", ""));
        shelf.makeOlder(Duration.ofHours(12), Duration.ZERO);
        assertEquals("none", get("/get", other).text());
    }
}
