package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bodies that are buffers, and bodies with ranges of files in them. */
@OnEachServer
class HttpServerFileTest extends Served {

    @TempDir
    Path folder;

    private static byte[] pattern(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 17 + (i >> 8));
        }
        return bytes;
    }

    /** Opened by the handler, as its answer is made; closed by the body, written or not. */
    private record FileBody(AsyncFile file, int from, int to, AtomicInteger closed) implements BodyWriter {

        @Override
        public void writeTo(BodyOutput out) throws IOException {
            try {
                out.write(new byte[] {'<'});
                out.write(file, from, to - from);
                out.write(new byte[] {'>'});
            } finally {
                discard();
            }
        }

        @Override
        public void discard() {
            file.close();
            closed.incrementAndGet();
        }
    }

    private Handler handler(Path path, int from, int to, AtomicInteger closed) {
        return request -> {
            AsyncFile file = request.loop().files().open(path, AsyncFile.Option.READ);
            FileBody body = new FileBody(file, from, to, closed);
            return request.path().equals("/known")
                    ? Response.stream(MediaType.OCTETS, to - from + 2L, body)
                    : Response.stream(MediaType.OCTETS, body);
        };
    }

    private static byte[] expected(byte[] bytes, int from, int to) {
        byte[] expected = new byte[to - from + 2];
        expected[0] = '<';
        System.arraycopy(bytes, from, expected, 1, to - from);
        expected[expected.length - 1] = '>';
        return expected;
    }

    @ParameterizedTest
    @EnumSource(Style.class)
    void aBufferIsABody(Style style) throws IOException {
        for (int size : new int[] {0, 1, 4096, 4097, 8192, 65_536, 1_000_000}) {
            byte[] body = pattern(size);
            Buffer buffer = Buffer.of(body);
            Wire wire = wire(serve(style.of(request -> Response.bytes(MediaType.TEXT, buffer))));
            wire.send(Wire.get("/").repeat(5) + "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + Wire.get("/"));
            for (int i = 0; i < 5; i++) {
                Wire.Answer answer = wire.answer();
                assertEquals(Optional.of("" + size), answer.header("Content-Length"));
                assertArrayEquals(body, answer.body());
            }
            assertEquals(Optional.of("" + size), wire.answerToHead().header("Content-Length"));
            assertArrayEquals(body, wire.answer().body());
        }
    }

    @Test
    void aClientThatReadsSlowlyGetsAllOfABuffer() throws IOException {
        byte[] body = pattern(3_000_000);
        Buffer buffer = Buffer.of(body);
        Wire wire = narrowWire(serve(Handler.nonBlocking(request -> Response.bytes(MediaType.TEXT, buffer))));
        wire.send(Wire.get("/") + Wire.get("/"));
        assertArrayEquals(body, wire.answer().body());
        assertArrayEquals(body, wire.answer().body());
    }

    @Test
    void rangesOfFilesWithAndWithoutALength() throws IOException {
        byte[] bytes = pattern(3_000_000);
        Path path = Files.write(folder.resolve("file"), bytes);
        int[][] ranges = {{0, 0}, {0, 1}, {10, 5000}, {1000, bytes.length}, {0, bytes.length}};
        AtomicInteger closed = new AtomicInteger();
        for (int[] range : ranges) {
            Wire wire = wire(serve(handler(path, range[0], range[1], closed)));
            byte[] expected = expected(bytes, range[0], range[1]);
            wire.send(Wire.get("/known") + Wire.get("/chunked") + Wire.get("/known"));
            assertArrayEquals(expected, wire.answer().body());
            Wire.Answer chunked = wire.answer();
            assertEquals(Optional.of("chunked"), chunked.header("Transfer-Encoding"));
            assertArrayEquals(expected, chunked.body());
            assertArrayEquals(expected, wire.answer().body());
        }
        await("the files to be closed", () -> closed.get() == 3 * ranges.length);
    }

    @Test
    void aBodyThatIsNotWrittenIsGivenBack() throws IOException {
        Path path = Files.write(folder.resolve("file"), pattern(1000));
        AtomicInteger closed = new AtomicInteger();
        Wire wire = wire(serve(handler(path, 0, 1000, closed)));
        wire.send("HEAD /known HTTP/1.1\r\nHost: x\r\n\r\n");
        assertEquals(Optional.of("1002"), wire.answerToHead().header("Content-Length"));
        await("the body to be given back", () -> closed.get() == 1);
    }

    @Test
    void aClientThatGoesAwayEndsIt() throws IOException {
        Path path = Files.write(folder.resolve("file"), pattern(20_000_000));
        AtomicInteger closed = new AtomicInteger();
        Server server = serve(handler(path, 0, 20_000_000, closed));
        for (int i = 0; i < 5; i++) {
            Wire wire = narrowWire(server);
            wire.send(Wire.get("/known"));
            assertEquals(1000, wire.bytes(1000).length);
            wire.reset();
        }
        await("the files to be closed", () -> closed.get() == 5);
        assertEquals(0, server.status().handlerFailures());
    }

    @Test
    void aFileThatIsShorterEndsTheConnectionAndIsCounted(LogWatch log) throws IOException {
        log.expect("the body of the answer to GET /known failed");
        byte[] bytes = pattern(10_000);
        Path path = Files.write(folder.resolve("file"), bytes);
        AtomicInteger closed = new AtomicInteger();
        Server server = serve(handler(path, 0, 20_000, closed));
        Wire wire = wire(server);
        wire.send(Wire.get("/known"));
        assertEquals(Optional.of("20002"), wire.head().header("Content-Length"));
        byte[] there = wire.bytes(10_001);
        assertArrayEquals(Arrays.copyOf(expected(bytes, 0, 10_000), 10_001), there);
        wire.expectEndOrReset();
        await("it to be closed", () -> closed.get() == 1);
        await("it to be counted", () -> server.status().handlerFailures() == 1);
    }
}
