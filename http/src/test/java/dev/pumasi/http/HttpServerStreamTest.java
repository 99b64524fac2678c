package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of answers that are written while they are sent. */
@OnEachServer
@Tag("fall-back")
class HttpServerStreamTest extends Served {

    private static byte[] pattern(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 13 + (i >> 9));
        }
        return bytes;
    }

    /** Writes it in pieces of sizes that meet every boundary of the buffers below. */
    private static void write(BodyOutput out, byte[] body) throws IOException {
        int[] sizes = {1, 4095, 4096, 4097, 7, 8191, 8192, 8193, 100, 20_000};
        int at = 0;
        for (int i = 0; at < body.length; i++) {
            int count = Math.min(sizes[i % sizes.length], body.length - at);
            if (i % 3 == 0) {
                out.write(Buffer.of(Arrays.copyOfRange(body, at, at + count)), 0, count);
            } else {
                out.write(body, at, count);
            }
            at += count;
        }
    }

    @ParameterizedTest
    @EnumSource(Style.class)
    void areWholeWithAndWithoutALength(Style style) throws IOException {
        for (int size : new int[] {0, 1, 4096, 8192, 70_000, 1_000_000}) {
            byte[] body = pattern(size);
            Wire wire = wire(serve(style.of(request -> request.path().equals("/known")
                    ? Response.stream(MediaType.TEXT, size, out -> write(out, body))
                    : Response.stream(MediaType.TEXT, out -> write(out, body)))));
            wire.send(Wire.get("/known") + Wire.get("/chunked") + Wire.get("/known"));
            Wire.Answer known = wire.answer();
            assertEquals(Optional.of("" + size), known.header("Content-Length"));
            assertArrayEquals(body, known.body());
            Wire.Answer chunked = wire.answer();
            assertEquals(Optional.of("chunked"), chunked.header("Transfer-Encoding"));
            assertArrayEquals(body, chunked.body());
            assertArrayEquals(body, wire.answer().body());
        }
    }

    @ParameterizedTest
    @EnumSource(Style.class)
    void goToHttp10UpToTheEndOfTheConnection(Style style) throws IOException {
        byte[] body = pattern(100_000);
        Wire wire = wire(serve(style.of(request -> Response.stream(MediaType.TEXT, out -> write(out, body))
                .withTrailers(() -> List.of(new Field("A", "b"))))));
        wire.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Wire.Answer answer = wire.answer();
        assertEquals(Optional.empty(), answer.header("Transfer-Encoding"));
        assertEquals(Optional.empty(), answer.header("Content-Length"));
        assertArrayEquals(body, answer.body());
        wire.expectEnd();
    }

    @Test
    void areNotWrittenForHead() throws IOException {
        AtomicBoolean written = new AtomicBoolean();
        Wire wire = wire(serve((Handler) request -> Response.stream(MediaType.TEXT, 5, out -> {
            written.set(true);
            out.write(new byte[5]);
        })));
        wire.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(Optional.of("5"), wire.answerToHead().header("Content-Length"));
        assertEquals(false, written.get());
        assertEquals(5, wire.send(Wire.get("/")).answer().body().length);
    }

    @Test
    void haveTrailersThatAreKnownAtTheirEnd() throws IOException {
        Wire wire = wire(serve((Handler) request -> {
            AtomicLong bytes = new AtomicLong();
            return Response.stream(MediaType.TEXT, out -> {
                        out.write(Wire.octets("counted"));
                        bytes.addAndGet(7);
                    })
                    .withTrailers(() -> List.of(new Field("Bytes", "" + bytes.get())));
        }));
        for (int i = 0; i < 2; i++) {
            Wire.Answer answer = wire.send(Wire.get("/")).answer();
            assertEquals("counted", answer.text());
            assertEquals(List.of(new Field("Bytes", "7")), answer.trailers());
        }
    }

    @Test
    void areVisibleWhenFlushed() throws IOException {
        AtomicLong allowed = new AtomicLong();
        Wire wire = wire(serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            for (int i = 1; i <= 5; i++) {
                out.write(Wire.octets("line " + i));
                out.flush();
                int written = i;
                park(() -> allowed.get() >= written);
            }
        })));
        wire.send(Wire.get("/")).head();
        for (int i = 1; i <= 5; i++) {
            assertEquals("line " + i, new String(wire.chunk()));
            allowed.set(i);
        }
        assertEquals(0, wire.chunk().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"short", "long", "throws"})
    void thatGoWrongEndTheConnectionSoThatTheClientCanTell(String how, LogWatch log) throws IOException {
        log.expect("the body of the answer to GET /.* failed");
        Server server = serve((Handler) request -> Response.stream(MediaType.TEXT, 10, out -> {
            out.write(new byte[9]);
            switch (how) {
                case "long" -> out.write(new byte[2]);
                case "throws" -> throw new IllegalStateException("midway");
                default -> {}
            }
        }));
        Wire wire = wire(server);
        wire.send(Wire.get("/" + how) + Wire.get("/never"));
        assertThrows(IOException.class, wire::answer, "the client can tell");
        assertEquals(1, server.status().handlerFailures());
    }

    @Test
    void thatAreChunkedAndGoWrongHaveNoLastChunk(LogWatch log) throws IOException {
        log.expect("the body of the answer to GET / failed");
        Wire wire = wire(serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            out.write(new byte[10]);
            out.flush();
            park(Duration.ofMillis(5));
            throw new IllegalStateException("midway");
        })));
        wire.send(Wire.get("/")).head();
        assertEquals(10, wire.chunk().length);
        assertThrows(IOException.class, wire::chunk);
    }

    /** In HTTP/1.0 the end of the connection is the end of the body, so it must not end in good order. */
    @Test
    void thatGoToHttp10AndGoWrongEndInAReset(LogWatch log) throws IOException {
        log.expect("the body of the answer to GET / failed");
        AtomicBoolean goOn = new AtomicBoolean();
        Wire wire = wire(serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            out.write(Wire.octets("half"));
            out.flush();
            park(goOn::get);
            throw new IllegalStateException("midway");
        })));
        wire.send("GET / HTTP/1.0\r\n\r\n").head();
        assertEquals("half", new String(wire.bytes(4)));
        goOn.set(true);
        assertThrows(SocketException.class, wire::expectEnd);
    }

    /** The writer parks when the client does not read, and goes on when it does. */
    @ParameterizedTest
    @EnumSource(Style.class)
    void waitForASlowClient(Style style) throws IOException {
        int pieces = 32 << 20 >> 16;
        AtomicLong written = new AtomicLong();
        byte[] piece = pattern(1 << 16);
        Wire wire = narrowWire(serve(style.of(request -> Response.stream(MediaType.TEXT, out -> {
            for (int i = 0; i < pieces; i++) {
                out.write(piece);
                written.addAndGet(piece.length);
            }
        }))));
        wire.send(Wire.get("/")).head();
        awaitStill("the writer to come to a halt", written);
        assertTrue(written.get() < 16 << 20, () -> written + " bytes were written that nobody read");
        for (int i = 0; i < pieces; i++) {
            assertArrayEquals(piece, wire.chunk());
        }
        assertEquals(0, wire.chunk().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/stream", "/bytes", "/direct"})
    void endWhenTheClientTakesNothing(String path) throws IOException {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        byte[] piece = pattern(1 << 16);
        byte[] bytes = new byte[32 << 20];
        Buffer direct = Buffer.allocate(1 << 20);
        Server server = serve(
                (Handler) request -> path.equals("/bytes")
                        ? Response.bytes(MediaType.TEXT, bytes)
                        : Response.stream(MediaType.TEXT, out -> {
                            try {
                                for (int i = 0; i < 512; i++) {
                                    if (path.equals("/direct")) {
                                        out.write(direct, 0, direct.capacity());
                                    } else {
                                        out.write(piece);
                                    }
                                }
                            } catch (IOException gone) {
                                seen.set(gone);
                                throw gone;
                            }
                        }),
                HttpLimits.builder().writeTimeoutMillis(100).build());
        Wire wire = narrowWire(server);
        wire.send(Wire.get(path));
        await(
                "the write timeout",
                () -> server.status().writeTimeouts() == 1 && server.status().open() == 0);
        if (!path.equals("/bytes")) {
            await("the writer to learn of it", () -> seen.get() != null);
        }
        assertEquals(0, server.status().handlerFailures(), "it is the client's fault");
    }

    /** Regression: the deadline of a wait that was over closed the connection while the writer had nothing to say. */
    @Test
    void mayPauseLongerThanAClientMay() throws IOException {
        byte[] piece = pattern(1 << 16);
        Server server = serve(
                (Handler) request -> Response.stream(MediaType.TEXT, out -> {
                    for (int i = 0; i < 64; i++) {
                        out.write(piece);
                    }
                    out.flush();
                    park(Duration.ofMillis(1_500));
                    out.write(piece);
                }),
                HttpLimits.builder().writeTimeoutMillis(1_000).build()); // which the client, too, has for reading
        Wire wire = narrowWire(server);
        assertEquals(65 << 16, wire.send(Wire.get("/")).answer().body().length);
        assertEquals(0, server.status().writeTimeouts());
    }

    @Test
    void learnThatTheClientHasVanished() throws IOException {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Server server = serve((Handler) request -> Response.stream(MediaType.TEXT, out -> {
            try {
                while (true) {
                    out.write(Wire.octets("tick"));
                    out.flush();
                    park(Duration.ofMillis(1));
                }
            } catch (IOException gone) {
                seen.set(gone);
                throw gone;
            }
        }));
        Wire wire = wire(server);
        wire.send(Wire.get("/")).head();
        wire.chunk();
        wire.reset();
        await("the writer to learn of it", () -> seen.get() != null);
        Wire polite = wire(server);
        polite.send(Wire.get("/")).head();
        seen.set(null);
        polite.close();
        await("the writer to learn of it", () -> seen.get() != null);
        assertEquals(0, server.status().handlerFailures(), "it is the client's fault");
    }

    /** A long answer of bytes, given up by its reader in the middle. */
    @ParameterizedTest
    @EnumSource(Style.class)
    void ofBytesAreDroppedWhenTheClientVanishes(Style style) throws IOException {
        byte[] body = new byte[32 << 20];
        Server server = serve(style.of(request -> Response.bytes(MediaType.TEXT, body)));
        for (int i = 0; i < 3; i++) {
            Wire wire = narrowWire(server);
            wire.send(Wire.get("/")).head();
            wire.bytes(100_000);
            wire.reset();
        }
        await("the connections to end", () -> server.status().open() == 0);
        assertEquals(3, server.status().broken());
        assertEquals(0, server.status().handlerFailures());
    }
}
