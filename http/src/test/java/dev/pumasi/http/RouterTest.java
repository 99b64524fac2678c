package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouterTest {

    /** Answers with its name and the parameters it was promised. */
    private static Handler named(String name, String... parameters) {
        return request -> {
            StringBuilder text = new StringBuilder(name);
            for (String parameter : parameters) {
                text.append(' ').append(parameter).append('=').append(request.pathParameter(parameter));
            }
            return Response.text(text.toString());
        };
    }

    private static final Router ROUTER = Router.builder()
            .get("/", named("root"))
            .get("/plaintext", named("plaintext"))
            .get("/users", named("users"))
            .get("/users/", named("users/"))
            .post("/users", named("new user"))
            .get("/users/{id}", named("user", "id"))
            .delete("/users/{id}", named("no user", "id"))
            .get("/users/me", named("me"))
            .get("/users/{id}/posts/{post}", named("post", "id", "post"))
            .get("/users/{other}/{what}", named("what", "other", "what"))
            .get("/users/me/posts", named("my posts"))
            .get("/files/{path...}", named("file", "path"))
            .put("/files/{dir}/index", named("index", "dir"))
            .get("/files/special", named("special"))
            .any("/any/*", named("any"))
            .get("/any/get", named("any get"))
            .route("PROPFIND", "/dav", named("dav"))
            .get("/caf\u00e9/a b", named("caf\u00e9"))
            .get("/%7Eme", named("~me"))
            .build();

    private static String answer(String method, String target) throws Exception {
        Request request = Heads.request(method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        Response response = ROUTER.handle(request);
        String body = new String(response.bodyBytes(), StandardCharsets.UTF_8);
        return response.status() == 200
                ? body
                : response.status()
                        + response.header("Allow").map(allow -> " " + allow).orElse("");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "GET ! / ! root",
                "GET ! /?a=b ! root",
                "GET ! http://b ! root",
                "GET ! /plaintext ! plaintext",
                "GET ! /plaintext?x ! plaintext",
                "GET ! /plaintex ! 404",
                "GET ! /plaintextt ! 404",
                "GET ! /plaintext/ ! 404",
                "GET ! //plaintext ! 404",
                "GET ! /Plaintext ! 404",
                "GET ! /%70laintext ! plaintext",
                "GET ! /a/../plaintext ! plaintext",
                "GET ! /./plaintext ! plaintext",
                "GET ! /%2e%2e/plaintext ! plaintext",
                "GET ! /a%2f..%2fplaintext ! 404",
                "GET ! /users ! users",
                "GET ! /users/ ! users/",
                "POST ! /users ! new user",
                "GET ! /users/42 ! user id=42",
                "GET ! /users/a%20b%2Fc ! user id=a b/c",
                "GET ! /users/%ED%92%88 ! user id=\ud488",
                "GET ! /users/me ! me",
                "GET ! /users/%6de ! me",
                // GET /users/me does not hide DELETE /users/{id}.
                "DELETE ! /users/me ! no user id=me",
                "GET ! /users/1/posts/2 ! post id=1 post=2",
                "GET ! /users/1/posts ! what other=1 what=posts",
                "GET ! /users/me/posts ! my posts",
                // The branch that is written out leads nowhere, and the parameter is tried.
                "GET ! /users/me/x ! what other=me what=x",
                "GET ! /users//x ! 404",
                "GET ! /users/1/posts/2/3 ! 404",
                "GET ! /files/a/b.c ! file path=a/b.c",
                "GET ! /files/ ! file path=",
                "GET ! /files ! 404",
                "GET ! /files/../files/a%2e ! file path=a.",
                "GET ! /files/special ! special",
                "GET ! /files/special/x ! file path=special/x",
                "PUT ! /files/a/index ! index dir=a",
                "GET ! /files/a/index ! file path=a/index",
                "GET ! /any/x/y ! any",
                "BREW ! /any/ ! any",
                "GET ! /any/get ! any get",
                "POST ! /any/get ! any",
                "HEAD ! /any/get ! any get",
                "PROPFIND ! /dav ! dav",
                "HEAD ! /plaintext ! plaintext",
                "GET ! /caf%c3%a9/a%20b ! caf\u00e9",
                "GET ! /~me ! ~me",
                "POST ! /plaintext ! 405 GET, HEAD, OPTIONS",
                "GET ! /dav ! 405 OPTIONS, PROPFIND",
                "HEAD ! /dav ! 405 OPTIONS, PROPFIND",
                "PUT ! /users/me ! 405 DELETE, GET, HEAD, OPTIONS",
                "PUT ! /users/1 ! 405 DELETE, GET, HEAD, OPTIONS",
                "OPTIONS ! /users ! 204 GET, HEAD, OPTIONS, POST",
                "OPTIONS ! /nowhere ! 404",
                "OPTIONS ! /any/x ! any",
                "OPTIONS ! * ! 204",
            })
    void routes(String method, String target, String answer) throws Exception {
        // The table cannot end with a blank.
        String expected = answer.endsWith("=") ? answer : answer.strip();
        assertEquals(expected, answer(method, target));
    }

    @Test
    void otherwise() throws Exception {
        Router router = Router.builder()
                .get("/a", named("a"))
                .otherwise(named("otherwise"))
                .build();
        assertEquals("otherwise", new String(router.handle(Heads.get("/b")).bodyBytes(), StandardCharsets.UTF_8));
        assertEquals(
                405, router.handle(Heads.request("PUT /a HTTP/1.0\r\n\r\n")).status());
    }

    @Test
    void resolvesToTheLeaf() {
        Handler handler = Handler.nonBlocking(named("a"));
        AsyncHandler async = (request, responder) -> responder.respond(Response.ok());
        Router inner =
                Router.builder().get("/in/a", handler).get("/in/b", async).build();
        Router outer = Router.builder().any("/in/*", inner).get("/async", async).build();
        assertSame(handler, outer.select(Heads.get("/in/a")));
        assertSame(async, outer.select(Heads.get("/in/b")));
        assertSame(async, outer.select(Heads.get("/async")));
        assertTrue(
                assertInstanceOf(Handler.class, outer.select(Heads.get("/x"))).isNonBlocking());
        assertTrue(assertInstanceOf(Handler.class, outer.select(Heads.request("PUT /async HTTP/1.0\r\n\r\n")))
                .isNonBlocking());
        assertThrows(IllegalStateException.class, () -> outer.handle(Heads.get("/async")));
        assertFalse(outer.isNonBlocking());
    }

    /** A lambda of one argument is a handler, one of two an asynchronous one. */
    @Test
    void bothStyles() {
        Router router = Router.builder()
                .get("/direct", request -> Response.ok())
                .get("/async", (request, responder) -> responder.respond(Response.ok()))
                .build();
        assertInstanceOf(Handler.class, router.select(Heads.get("/direct")));
        assertInstanceOf(AsyncHandler.class, router.select(Heads.get("/async")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "/{}",
                "/{a}/{a}",
                "/{a...}/b",
                "/*/b",
                "/a{b}",
                "/{a",
                "/a}",
                "/a*",
                "/a/../b",
                "/.",
                "/{...}",
                "/{a}/{a...}"
            })
    void refusesPatterns(String pattern) {
        assertThrows(
                IllegalArgumentException.class, () -> Router.builder().get(pattern, named("a")), "pattern " + pattern);
    }

    @Test
    void refusesTwoOfAKind() {
        Router.Builder builder = Router.builder().get("/a/{b}", named("a")).any("/x/*", named("x"));
        assertThrows(IllegalArgumentException.class, () -> builder.get("/a/{c}", named("b")));
        assertThrows(IllegalArgumentException.class, () -> builder.any("/x/{y...}", named("b")));
        assertThrows(IllegalArgumentException.class, () -> builder.route("G T", "/y", named("b")));
        builder.post("/a/{c}", named("b"));
    }

    @Test
    void manyRoutes() throws Exception {
        Router.Builder builder = Router.builder();
        for (int i = 0; i < 1_000; i++) {
            builder.get("/r" + i + "/{x}", named("r" + i, "x"));
        }
        Router router = builder.build();
        for (int i : List.of(0, 1, 500, 999)) {
            byte[] body = router.handle(Heads.get("/r" + i + "/y")).bodyBytes();
            assertTrue(Arrays.equals(("r" + i + " x=y").getBytes(StandardCharsets.UTF_8), body));
        }
        assertEquals(Optional.empty(), router.handle(Heads.get("/r1000/y")).header("Allow"));
    }
}
