package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.Loop;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that clients send, and what is on the disk then. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(180)
class UploadsTest {

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private Path root;
    private Uploads uploads;
    private HttpServer server;

    @BeforeEach
    void open() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        serve(builder());
    }

    @AfterEach
    void close() {
        if (Loop.greenThreadsRunOnLoop()) {
            assertEquals(
                    0, server.loops().stream().mapToLong(loop -> loop.hops()).sum(), "hops");
        }
        server.close();
    }

    private Uploads.Builder builder() {
        return Uploads.builder(root).under("/files").keepFree(0);
    }

    private void serve(Uploads.Builder of) throws IOException {
        if (server != null) {
            server.close();
        }
        uploads = of.build();
        server = HttpServer.builder(uploads)
                .limits(HttpLimits.builder().bodyBytesMax(4_000_000).build())
                .port(0)
                .loops(2)
                .driver(driver)
                .start();
    }

    private WholeAnswer put(String target, byte[] body, String... fields) throws IOException {
        return WholeAnswer.to(server.port(), "PUT", target, body, fields);
    }

    private WholeAnswer put(String target, String body, String... fields) throws IOException {
        return put(target, body.getBytes(StandardCharsets.UTF_8), fields);
    }

    private String content(String name) throws IOException {
        return Files.readString(root.resolve(name));
    }

    /** All names in the folder, hidden ones too. */
    private List<String> names() {
        try (Stream<Path> found = Files.list(root)) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain: " + what);
            LockSupport.parkNanos(2_000_000);
        }
    }

    // ------------------------------------------------------------------------------------------- one file

    @Test
    void aFileIsMadeReplacedAndDeleted() throws IOException {
        WholeAnswer made = put("/files/a%20b.txt", "one");
        assertEquals(201, made.status());
        assertEquals("/files/a%20b.txt", made.field("location"));
        assertTrue(made.field("etag").startsWith("W/\"3-"), made.field("etag"));
        assertEquals("one", content("a b.txt"));
        assertEquals(204, put("/files/a%20b.txt", "two!").status());
        assertEquals("two!", content("a b.txt"));
        assertEquals(
                204, WholeAnswer.to(server.port(), "DELETE", "/files/a%20b.txt").status());
        assertEquals(
                404, WholeAnswer.to(server.port(), "DELETE", "/files/a%20b.txt").status());
        assertEquals(List.of(), names());
        assertEquals(new UploadStatus(2, 0, 0, 1), uploads.status());
    }

    @Test
    void aLargeOneInChunksWithoutSync() throws IOException {
        serve(builder().syncs(false));
        byte[] body = new byte[3_000_000];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) (i * 7 + i / 1000);
        }
        assertEquals(
                201,
                put("/files/large", WholeAnswer.chunked(body, 70_000), "Transfer-Encoding: chunked")
                        .status());
        assertArrayEquals(body, Files.readAllBytes(root.resolve("large")));
        assertEquals(201, put("/files/empty", "").status());
        assertEquals("", content("empty"));
    }

    @Test
    void postMakesAndDoesNotReplace() throws IOException {
        assertEquals(
                201,
                WholeAnswer.to(server.port(), "POST", "/files/x", bytes("one")).status());
        assertEquals(
                409,
                WholeAnswer.to(server.port(), "POST", "/files/x", bytes("two")).status());
        assertEquals("one", content("x"));
        WholeAnswer named = WholeAnswer.to(server.port(), "POST", "/files/", bytes("three"));
        assertEquals(201, named.status());
        assertEquals("three", content(named.field("location").substring("/files/".length())));
        serve(builder().replaces(true));
        assertEquals(
                204,
                WholeAnswer.to(server.port(), "POST", "/files/x", bytes("two")).status());
        assertEquals("two", content("x"));
    }

    @ParameterizedTest
    @CsvSource({
        "/files/.hidden, 404",
        "/files/../out, 404",
        "/files/..%2fout, 404",
        "/files/a%00b, 400",
        "/files/a%ffb, 404",
        "/files/sub/, 409",
        "/files/, 409",
        "/files/none/x, 409",
        "/files/sub, 409",
        "/files/out/x, 403",
        "/elsewhere/x, 404",
    })
    void namesThatAreNone(String target, int status) throws IOException {
        Files.createDirectory(root.resolve("sub"));
        Files.createSymbolicLink(root.resolve("out"), folder);
        assertEquals(status, put(target, "text").status());
        assertEquals(List.of("out", "sub"), names());
        assertEquals(List.of(root), listed(folder));
    }

    private static List<Path> listed(Path in) throws IOException {
        try (Stream<Path> found = Files.list(in)) {
            return found.toList();
        }
    }

    @Test
    void aLinkIsReplacedAndNotFollowed() throws IOException {
        Files.writeString(folder.resolve("outside"), "outside");
        Files.createSymbolicLink(root.resolve("link"), folder.resolve("outside"));
        assertEquals(403, put("/files/link", "text").status());
        assertEquals("outside", Files.readString(folder.resolve("outside")));
    }

    @Test
    void aNameThatIsTooLong() throws IOException {
        assertEquals(400, put("/files/" + "x".repeat(231), "text").status());
        assertEquals(201, put("/files/" + "x".repeat(230), "text").status());
    }

    @Test
    void foldersAreMadeIfThatIsWished() throws IOException {
        serve(builder().makesFolders(true));
        int status = put("/files/a/b/c.txt", "deep").status();
        if (driver.equals("nio")) { // which cannot make folders beneath an open one
            assertEquals(501, status);
            return;
        }
        assertEquals(201, status);
        assertEquals("deep", content("a/b/c.txt"));
    }

    @Test
    void onlyWhatIsAllowed() throws IOException {
        serve(builder().allow(Uploads.Action.PUT));
        for (String method : List.of("GET", "POST", "DELETE", "PATCH")) {
            WholeAnswer answer = WholeAnswer.to(server.port(), method, "/files/x");
            assertEquals(405, answer.status(), method);
            assertEquals("PUT", answer.field("allow"));
        }
        assertEquals(201, put("/files/x", "text").status());
    }

    // ------------------------------------------------------------------------------------------- conditions

    @Test
    void nobodysChangesAreLost() throws IOException {
        Path file = Files.writeString(root.resolve("x"), "old");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2024-02-29T12:34:56Z")));
        long nanos = Instant.parse("2024-02-29T12:34:56Z").getEpochSecond() * 1_000_000_000L;
        String tag = "\"3-" + Long.toHexString(nanos) + "\"";
        assertEquals(412, put("/files/x", "new", "If-Match: \"other\"").status());
        assertEquals(412, put("/files/x", "new", "If-None-Match: *").status());
        assertEquals(412, put("/files/none", "new", "If-Match: *").status());
        assertEquals(
                412,
                put("/files/x", "new", "If-Unmodified-Since: Thu, 29 Feb 2024 12:34:55 GMT")
                        .status());
        assertEquals("old", content("x"));
        assertEquals(204, put("/files/x", "new", "If-Match: " + tag).status());
        assertEquals(412, put("/files/x", "newer", "If-Match: " + tag).status());
        assertEquals(
                412,
                WholeAnswer.to(server.port(), "DELETE", "/files/x", "If-Match: " + tag)
                        .status());
        assertEquals("new", content("x"));
        assertEquals(List.of("x"), names());
    }

    @Test
    void ofManyWhoWantToMakeItOneDoes() throws Exception {
        try (ExecutorService clients = Executors.newCachedThreadPool()) {
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String text = "by " + i;
                answers.add(clients.submit(
                        () -> put("/files/one", text, "If-None-Match: *").status()));
            }
            List<Integer> statuses = new ArrayList<>();
            for (Future<Integer> answer : answers) {
                statuses.add(answer.get());
            }
            assertEquals(1, Collections.frequency(statuses, 201), statuses.toString());
            assertEquals(19, Collections.frequency(statuses, 412), statuses.toString());
        }
        assertEquals(List.of("one"), names());
    }

    // ------------------------------------------------------------------------------------------- what goes wrong

    @Test
    void aClientThatLeavesInTheMiddleLeavesNothing() throws IOException {
        Files.writeString(root.resolve("kept"), "as it was");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write(("PUT /files/kept HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(5000))
                            .getBytes(StandardCharsets.US_ASCII));
            await("a draft is there", () -> names().size() == 2);
            socket.setSoLinger(true, 0);
        }
        await("the draft is gone", () -> names().equals(List.of("kept")));
        assertEquals("as it was", content("kept"));
        await("it was counted", () -> uploads.status().broken() == 1);
    }

    @Test
    void aBodyThatIsTooLarge() throws IOException {
        assertEquals(413, put("/files/x", new byte[4_000_001]).status());
        assertEquals(
                413,
                put("/files/x", WholeAnswer.chunked(new byte[4_000_001], 100_000), "Transfer-Encoding: chunked")
                        .status());
        await("nothing is left", () -> names().isEmpty());
    }

    @Test
    void noRoomOnTheDisk() throws IOException {
        serve(builder().keepFree(Long.MAX_VALUE / 2));
        WholeAnswer answer = put("/files/x", "text");
        assertEquals(507, answer.status());
        assertEquals(List.of(), names());
        assertEquals(1, uploads.status().refused());
    }

    // ------------------------------------------------------------------------------------------- pieces

    @Test
    void aFileInPieces() throws IOException {
        WholeAnswer first = put("/files/big", "0123", "Content-Range: bytes 0-3/10");
        assertEquals(202, first.status());
        assertEquals("4", first.field("upload-offset"));
        assertEquals(List.of(".big.part-10"), names());
        assertEquals("4", put("/files/big", "", "Content-Range: bytes */10").field("upload-offset"));
        WholeAnswer gap = put("/files/big", "789", "Content-Range: bytes 7-9/10");
        assertEquals(409, gap.status());
        assertEquals("4", gap.field("upload-offset"));
        assertEquals(
                201, put("/files/big", "456789", "Content-Range: bytes 4-9/10").status());
        assertEquals("0123456789", content("big"));
        assertEquals(List.of("big"), names());
        assertEquals("0", put("/files/big", "", "Content-Range: bytes */10").field("upload-offset"));
        assertEquals(
                204, put("/files/big", "again", "Content-Range: bytes 0-4/5").status());
        assertEquals("again", content("big"));
    }

    @Test
    void whatHasComeOfAPieceIsKept() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write(("PUT /files/big HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
                                    + "Content-Range: bytes 0-9/10\r\n\r\n01234")
                            .getBytes(StandardCharsets.US_ASCII));
            await("five bytes are there", () -> sizeOf(".big.part-10") == 5);
            assertEquals(
                    409,
                    put("/files/big", "56789", "Content-Range: bytes 5-9/10").status());
            socket.setSoLinger(true, 0);
        }
        await("it goes on from there", () -> {
            try {
                return put("/files/big", "56789", "Content-Range: bytes 5-9/10").status() == 201;
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        });
        assertEquals("0123456789", content("big"));
    }

    private long sizeOf(String name) {
        try {
            return Files.size(root.resolve(name));
        } catch (IOException notThere) {
            return -1;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bytes 0-3/4x, 4",
        "bytes 3-0/4, 4",
        "bytes 0-4/4, 4",
        "bytes 0-3/*, 4",
        "bytes 0-3/9999999999999999999, 4",
        "items 0-3/4, 4",
        "bytes 0-2/4, 4",
        "bytes */4, 4",
        "bytes */0, 0",
    })
    void piecesThatAreNone(String range, int length) throws IOException {
        assertEquals(
                400,
                put("/files/x", "x".repeat(length), "Content-Range: " + range).status());
        assertEquals(List.of(), names());
    }

    @Test
    void piecesNobodyWentOnWithAreDeleted() throws IOException {
        Path old = Files.writeString(root.resolve(".gone.part-100"), "x");
        Files.setLastModifiedTime(old, FileTime.from(Instant.parse("2024-02-29T12:34:56Z")));
        assertEquals(202, put("/files/new", "0", "Content-Range: bytes 0-0/10").status());
        assertEquals(List.of(".new.part-10"), names());
    }

    // ------------------------------------------------------------------------------------------- forms

    private WholeAnswer form(String target, String body) throws IOException {
        return WholeAnswer.to(
                server.port(),
                "POST",
                target,
                body.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8),
                "Content-Type: multipart/form-data; boundary=XX");
    }

    private static String file(String name, String content) {
        return "--XX\nContent-Disposition: form-data; name=\"f\"; filename=\"" + name
                + "\"\nContent-Type: text/plain\n\n" + content + "\n";
    }

    @Test
    void aFormWithFiles() throws IOException {
        WholeAnswer answer = form(
                "/files/",
                "--XX\nContent-Disposition: form-data; name=\"comment\"\n\nhello\n" + file("a.txt", "one\ntwo")
                        + file("C:\\My Files\\품앗이.txt", "") + file("", "") + "--XX--\n");
        assertEquals(201, answer.status());
        assertEquals("/files/a.txt\n/files/%ED%92%88%EC%95%97%EC%9D%B4.txt\n", answer.text());
        assertEquals("one\r\ntwo", content("a.txt"));
        assertEquals("", content("품앗이.txt"));
        WholeAnswer one = form("/files/", file("b.txt", "b") + "--XX--");
        assertEquals("/files/b.txt", one.field("location"));
    }

    @Test
    void aFormDoesNotReplaceUnlessItMay() throws IOException {
        Files.writeString(root.resolve("a.txt"), "old");
        assertEquals(409, form("/files/", file("a.txt", "new") + "--XX--").status());
        assertEquals("old", content("a.txt"));
        assertEquals(List.of("a.txt"), names());
    }

    @ParameterizedTest
    @CsvSource({"../out.txt, 201", "..\\\\out.txt, 201", ".., 400", ".hidden, 400", "., 400", "a\tb, 400"})
    void namesInForms(String name, int status) throws IOException {
        assertEquals(status, form("/files/", file(name, "x") + "--XX--").status());
        assertEquals(status == 201 ? List.of("out.txt") : List.of(), names());
        assertEquals(List.of(root), listed(folder));
    }

    @Test
    void aFormThatBreaksOffLeavesNothing() throws IOException {
        assertEquals(
                400, form("/files/", file("a.txt", "one") + file("b.txt", "tw")).status());
        await("nothing is left", () -> names().isEmpty());
        assertEquals(400, form("/files/", "--XX--").status());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
