package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Router;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered, for files that stay as they are. */
@OnEachDriver
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(180)
class StaticFilesTest {

    private static final String PAGE = "<!doctype html><title>품앗이</title>";
    /** Those that cannot leave it to the kernel to stay beneath a folder. */
    private static final Set<String> FOLLOWS_NO_LINKS = Set.of("nio");

    private static final String SECRET = "nobody may read this";

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private ServedFolder served;

    @BeforeEach
    void open() throws IOException {
        Path root = Files.createDirectory(folder.resolve("root"));
        Files.writeString(folder.resolve("secret.txt"), SECRET);
        served = new ServedFolder(root, driver, StaticFiles.CACHE_BYTES_DEFAULT);
        served.write("index.html", PAGE);
        served.write("ten.txt", "0123456789");
        served.write("empty.txt", "");
        served.write("with space & 100%.css", "a{}");
        served.write("sub/index.html", "sub");
        served.write("sub/deep/data.json", "{}");
        served.write("bare/picture.png", "png");
        served.write(".env", SECRET);
        served.write(".git/config", SECRET);
        served.write(".well-known/security.txt", "Contact: us");
    }

    @AfterEach
    void close() {
        served.close();
    }

    // ------------------------------------------------------------------------------------------- what is there

    @Test
    void aFileWithAllThatIsSaidAboutIt() throws IOException {
        for (int round = 0; round < 2; round++) { // read, then kept
            RawClient.Answer answer = served.get("/ten.txt");
            assertEquals(200, answer.status());
            assertEquals("0123456789", answer.text());
            assertEquals("text/plain; charset=utf-8", answer.field("content-type"));
            assertEquals("10", answer.field("content-length"));
            assertEquals("bytes", answer.field("accept-ranges"));
            assertEquals("nosniff", answer.field("x-content-type-options"));
            assertEquals(ServedFolder.LAST_MODIFIED, answer.field("last-modified"));
            assertTrue(answer.field("etag").matches("\"a-[0-9a-f]+\""), answer.field("etag"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/, text/html; charset=utf-8",
        "/index.html?v=1, text/html; charset=utf-8",
        "//index.html, text/html; charset=utf-8",
        "/sub/, text/html; charset=utf-8",
        "/sub/../ten.txt, text/plain; charset=utf-8",
        "/empty.txt, text/plain; charset=utf-8",
        "/with%20space%20&%20100%25.css, text/css; charset=utf-8",
        "/sub/deep/data.json, application/json",
        "/bare/picture.png, image/png",
        "/.well-known/security.txt, text/plain; charset=utf-8",
        "http://localhost/ten.txt, text/plain; charset=utf-8",
    })
    void isFound(String target, String type) throws IOException {
        RawClient.Answer answer = served.get(target);
        assertEquals(200, answer.status());
        assertEquals(type, answer.field("content-type"));
    }

    @ParameterizedTest
    @CsvSource({
        "/sub, /sub/",
        "/sub/deep?a=b&c, /sub/deep/?a=b&c",
        "//sub, /sub/",
        "/./sub, /sub/",
        "/x/..//sub, /sub/",
    })
    void aFolderWithoutASlashIsRedirectedWithinThisServer(String target, String location) throws IOException {
        RawClient.Answer answer = served.get(target);
        assertEquals(301, answer.status());
        assertEquals(location, answer.field("location"));
    }

    @Test
    void headSaysTheSameWithoutTheBody() throws IOException {
        served.write("large.bin", new byte[300_000]);
        try (RawClient client = served.client()) {
            for (String target : List.of("/ten.txt", "/large.bin", "/missing", "/sub")) {
                RawClient.Answer got = client.ask("GET", target);
                RawClient.Answer headed = client.ask("HEAD", target);
                assertEquals(got.status(), headed.status());
                got.fields().remove("date");
                headed.fields().remove("date");
                assertEquals(got.fields(), headed.fields());
            }
            RawClient.Answer ranged = client.ask("HEAD", "/ten.txt", "Range: bytes=1-2");
            assertEquals(200, ranged.status(), "a range means something with GET alone");
        }
    }

    @Test
    void otherMethodsAreRefused() throws IOException {
        for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "get")) {
            RawClient.Answer answer = served.ask(method, "/ten.txt");
            assertEquals(405, answer.status());
            assertEquals("GET, HEAD", answer.field("allow"));
        }
    }

    // ------------------------------------------------------------------------------------------- what is not

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/missing",
                "/ten.txt/",
                "/ten.txt/x",
                "/sub/missing/x",
                "/bare/",
                "/TEN.TXT",
                "/index.html%20",
                "/ten.txt%2F",
                "/sub%2Findex.html",
                "/~root",
                "/*"
            })
    void isNotFound(String target) throws IOException {
        RawClient.Answer answer = served.get(target);
        assertEquals(404, answer.status());
        assertEquals("404 Not Found\n", answer.text());
    }

    /** Each of these reads a file elsewhere on some server that was once in use. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../secret.txt",
                "/../../../../../../../../etc/passwd",
                "/sub/../../secret.txt",
                "/%2e%2e/secret.txt",
                "/%2E%2E/secret.txt",
                "/.%2e/secret.txt",
                "/%2e./secret.txt",
                "/..%2fsecret.txt",
                "/%2e%2e%2fsecret.txt",
                "/..%5csecret.txt",
                "/%2e%2e%5csecret.txt",
                "/..\\secret.txt",
                "/%252e%252e/secret.txt",
                "/%252e%252e%252fsecret.txt",
                "/..%252fsecret.txt",
                "/%c0%ae%c0%ae/secret.txt",
                "/..%c0%afsecret.txt",
                "/%e0%80%ae%e0%80%ae/secret.txt",
                "/%uff0e%uff0e/secret.txt",
                "/..;/secret.txt",
                "/;/../secret.txt",
                "/....//secret.txt",
                "/..../secret.txt",
                "/.../secret.txt",
                "/..%00/secret.txt",
                "/secret.txt%00",
                "/..%0d%0a/secret.txt",
                "/sub/..%2f..%2fsecret.txt",
                "/sub/%2e%2e/%2e%2e/secret.txt",
                "//etc/passwd",
                "/%2fetc/passwd",
                "/%2fetc%2fpasswd",
                "/file:///etc/passwd",
                "http://localhost/../secret.txt",
                "http://localhost//etc/passwd",
                "/./../secret.txt",
                "/sub/./.././../secret.txt",
                "/~/../secret.txt",
                "/.env",
                "/%2eenv",
                "/.git/config",
                "/%2egit/config",
                "/sub/../.env",
                "/.git",
                "/.git/",
                "/.",
                "/..",
                "/..?/",
                "/.well-known/../.env",
                "/.well-known/%2e%2e/%2egit/config",
                "/ten.txt%00.html",
                "/proc/self/environ",
                "/dev/zero",
                "/sub/index.html/../../../secret.txt",
                "/C:/secret.txt",
                "/ten.txt::$DATA"
            })
    void nothingLeadsOutOrToWhatIsHidden(String target) throws IOException {
        RawClient.Answer answer = served.get(target);
        assertFalse(answer.text().contains(SECRET), answer::text);
        assertFalse(answer.text().contains("root:"), answer::text);
        boolean isRoot = Set.of("/.", "/..", "/..?/").contains(target);
        if (isRoot) {
            assertEquals(PAGE, answer.text());
        } else {
            assertTrue(Set.of(400, 404).contains(answer.status()), () -> "status " + answer.status());
        }
    }

    @Test
    void namesThatAreTooLong() throws IOException {
        assertEquals(404, served.get("/" + "x".repeat(300)).status());
        assertEquals(404, served.get("/" + "x/".repeat(3000) + "x").status());
    }

    @Test
    void linksAreFollowedWithinTheFolderOnly() throws IOException {
        Path root = served.root;
        Files.createSymbolicLink(root.resolve("inside.txt"), Path.of("ten.txt"));
        Files.createSymbolicLink(root.resolve("folder"), Path.of("sub"));
        Files.createSymbolicLink(root.resolve("outside.txt"), folder.resolve("secret.txt"));
        Files.createSymbolicLink(root.resolve("relative.txt"), Path.of("../secret.txt"));
        Files.createSymbolicLink(root.resolve("up"), Path.of(".."));
        Files.createSymbolicLink(root.resolve("hidden.txt"), Path.of(".env"));
        Files.createSymbolicLink(root.resolve("dangling"), Path.of("nowhere"));
        Files.createSymbolicLink(root.resolve("circle"), Path.of("circle"));
        Files.createSymbolicLink(
                Files.createDirectory(root.resolve("linked")).resolve("index.html"), folder.resolve("secret.txt"));

        if (FOLLOWS_NO_LINKS.contains(driver)) {
            for (String target : List.of("/inside.txt", "/folder/", "/folder", "/hidden.txt")) {
                assertEquals(403, served.get(target).status(), target);
            }
        } else {
            assertEquals("0123456789", served.get("/inside.txt").text());
            assertEquals("sub", served.get("/folder/").text());
            assertEquals("/folder/", served.get("/folder").field("location"));
            assertEquals(SECRET, served.get("/hidden.txt").text(), "who makes such a link means it");
        }
        for (String target : List.of("/outside.txt", "/relative.txt", "/up/secret.txt", "/up", "/up/", "/linked/")) {
            RawClient.Answer answer = served.get(target);
            assertEquals(403, answer.status(), target);
            assertEquals("403 Forbidden\n", answer.text());
        }
        for (String target : List.of("/dangling", "/circle")) {
            assertTrue(Set.of(403, 404).contains(served.get(target).status()), target);
        }
    }

    /** Nothing that others do to the folder at the same time leads out of it. */
    @Test
    void aLinkThatIsPutInTheWayLeadsNowhere() throws Exception {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.writeString(outside.resolve("page.txt"), SECRET);
        Path inside = Files.createDirectory(served.root.resolve("inside"));
        Files.writeString(inside.resolve("page.txt"), "page");
        Path aside = served.root.resolve("aside");
        Path link = Files.createSymbolicLink(served.root.resolve("link"), outside);
        AtomicBoolean over = new AtomicBoolean();
        Thread swapping = Thread.ofPlatform().start(() -> {
            try {
                while (!over.get()) {
                    Files.move(inside, aside, StandardCopyOption.ATOMIC_MOVE);
                    Files.move(link, inside, StandardCopyOption.ATOMIC_MOVE);
                    Files.move(inside, link, StandardCopyOption.ATOMIC_MOVE);
                    Files.move(aside, inside, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        });
        int found = 0;
        try (ServedFolder uncached = new ServedFolder(served.root, driver, 0);
                RawClient client = uncached.client()) {
            // As often as it takes if the one who swaps stands still at the wrong moment.
            for (int i = 0; i < 2_000 || found == 0 && i < 1_000_000; i++) {
                RawClient.Answer answer = client.ask("GET", "/inside/page.txt");
                // 503 where a file's status is that of its path (nio), and so never stays the same.
                assertTrue(Set.of(200, 403, 404, 503).contains(answer.status()), () -> "status " + answer.status());
                assertFalse(answer.text().contains(SECRET));
                found += answer.status() == 200 ? 1 : 0;
            }
        } finally {
            over.set(true);
            swapping.join();
        }
        assertTrue(found > 0, "the page was never there");
    }

    @Test
    void theFolderItselfMayBeALinkThatIsSwitched() throws Exception {
        Path one = Files.createDirectory(folder.resolve("release-1"));
        Path two = Files.createDirectory(folder.resolve("release-2"));
        Files.writeString(one.resolve("a.txt"), "one");
        Files.writeString(two.resolve("a.txt"), "two");
        Path current = Files.createSymbolicLink(folder.resolve("current"), one);
        try (ServedFolder linked = new ServedFolder(current, driver, 0)) {
            assertEquals("one", linked.get("/a.txt").text());
            Files.delete(current);
            Files.createSymbolicLink(current, two);
            assertEquals("two", linked.get("/a.txt").text());
        }
    }

    @Test
    void onlyOrdinaryFilesAreServed() throws Exception {
        Path fifo = served.root.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Path socket = served.root.resolve("socket");
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            assertTrue(Set.of(403, 404).contains(served.get("/fifo").status()));
            assertTrue(Set.of(403, 404).contains(served.get("/socket").status()));
        }
    }

    /** Root may read everything; what is not readable to others must be refused to them. */
    @Test
    void aFileThatMayNotBeRead() throws IOException {
        Path small = served.write("small.txt", "closed");
        Path large = served.write("large.txt", new byte[FileTree.SMALL_BYTES_MAX + 1]);
        for (Path file : List.of(small, large)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
            assertEquals(
                    Files.isReadable(file) ? 200 : 403,
                    served.get("/" + file.getFileName()).status());
        }
    }

    // ------------------------------------------------------------------------------------------- conditions

    /** {@code T} stands for the file's entity tag, {@code D} for its date. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "304 | If-None-Match: T",
                "304 | If-None-Match: W/T",
                "304 | If-None-Match: *",
                "304 | If-None-Match: \"x\", W/\"a,b\" , T",
                "200 | If-None-Match: \"x\", \"y\"",
                "200 | If-None-Match: x",
                "200 | If-None-Match: \"x",
                "304 | If-Modified-Since: D",
                "304 | If-Modified-Since: Fri, 01 Jan 2027 00:00:00 GMT",
                "304 | If-Modified-Since: Thursday, 29-Feb-24 12:34:56 GMT",
                "304 | If-Modified-Since: Thu Feb 29 12:34:56 2024",
                "200 | If-Modified-Since: Thu, 29 Feb 2024 12:34:55 GMT",
                "200 | If-Modified-Since: the other day",
                "200 | If-None-Match: \"x\"; If-Modified-Since: D",
                "304 | If-None-Match: T; If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
                "200 | If-Match: T",
                "200 | If-Match: *",
                "412 | If-Match: \"x\"",
                "412 | If-Match: W/T",
                "200 | If-Unmodified-Since: D",
                "412 | If-Unmodified-Since: Thu, 29 Feb 2024 12:34:55 GMT",
                "200 | If-Unmodified-Since: the other day",
                "200 | If-Match: T; If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
                "304 | If-Match: T; If-None-Match: T",
                "412 | If-Match: \"x\"; If-None-Match: T",
                "304 | If-Unmodified-Since: D; If-Modified-Since: D",
                "304 | If-None-Match: T; Range: bytes=0-1",
                "412 | If-Match: \"x\"; Range: bytes=0-1",
                "206 | If-Match: T; Range: bytes=0-1",
                "206 | If-Range: T; Range: bytes=0-1",
                "206 | If-Range: D; Range: bytes=0-1",
                "200 | If-Range: \"x\"; Range: bytes=0-1",
                "200 | If-Range: W/T; Range: bytes=0-1",
                "200 | If-Range: Fri, 01 Jan 2027 00:00:00 GMT; Range: bytes=0-1",
                "200 | If-Range: \"x\"; Range: bytes=10-",
                "200 | If-Range: T",
            })
    void conditions(int status, String fields) throws IOException {
        served.write("large.bin", new byte[FileTree.SMALL_BYTES_MAX + 1]);
        for (String target : List.of("/ten.txt", "/large.bin")) {
            String tag = served.get(target).field("etag");
            String[] lines = fields.replaceAll("(?<=[ /])T(?=[ ;,]|$)", tag)
                    .replaceAll(" D(?=;|$)", " " + ServedFolder.LAST_MODIFIED)
                    .split("; ");
            RawClient.Answer answer = served.get(target, lines);
            assertEquals(status, answer.status(), () -> String.join("; ", lines));
            if (status == 304) {
                assertEquals(tag, answer.field("etag"));
                assertEquals(0, answer.body().length);
                assertFalse(answer.fields().containsKey("content-type"));
            }
        }
    }

    @Test
    void whatIsNotThereHasNoConditions() throws IOException {
        assertEquals(404, served.get("/missing", "If-None-Match: *").status());
        assertEquals(404, served.get("/missing", "If-Match: \"x\"").status());
    }

    @Test
    void aFileWrittenJustNowHasWeakValidators() throws IOException {
        Path file = served.write("new.txt", "0123456789");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(3600)));
        RawClient.Answer answer = served.get("/new.txt");
        assertTrue(answer.field("etag").startsWith("W/\""), answer.field("etag"));
        long modified = HttpDate.parse(answer.field("last-modified"), 0).orElseThrow();
        long date = HttpDate.parse(answer.field("date"), 0).orElseThrow();
        assertTrue(modified <= date + 1, "Last-Modified lies ahead of Date");
        assertEquals(
                304,
                served.get("/new.txt", "If-None-Match: " + answer.field("etag")).status());
        assertEquals(
                200,
                served.get("/new.txt", "Range: bytes=0-1", "If-Range: " + answer.field("etag"))
                        .status());
        assertEquals(
                200,
                served.get("/new.txt", "Range: bytes=0-1", "If-Range: " + answer.field("last-modified"))
                        .status());
    }

    // ------------------------------------------------------------------------------------------- ranges

    @Test
    void rangesOfSmallAndLargeFiles() throws IOException {
        byte[] large = new byte[200_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31 >> 3);
        }
        served.write("large.bin", large);
        served.write("small.bin", Arrays.copyOf(large, 1000));
        for (String target : List.of("/small.bin", "/large.bin")) {
            byte[] all = served.get(target).body();
            int size = all.length;
            int[][] ranges = {
                {0, 0}, {0, 9}, {5, size - 1}, {size - 1, size - 1}, {0, size - 1}, {size / 2, size / 2 + 99}
            };
            for (int[] range : ranges) {
                RawClient.Answer answer = served.get(target, "Range: bytes=" + range[0] + "-" + range[1]);
                assertEquals(206, answer.status());
                assertEquals("bytes " + range[0] + "-" + range[1] + "/" + size, answer.field("content-range"));
                assertEquals("application/octet-stream", answer.field("content-type"));
                assertArrayEquals(Arrays.copyOfRange(all, range[0], range[1] + 1), answer.body());
            }
            RawClient.Answer beyond = served.get(target, "Range: bytes=" + size + "-");
            assertEquals(416, beyond.status());
            assertEquals("bytes */" + size, beyond.field("content-range"));
            assertEquals(200, served.get(target, "Range: lines=1-2").status());
            assertEquals(
                    200,
                    served.get(target, "Range: bytes=1-2", "Range: bytes=3-4").status());
        }
        assertEquals(200, served.get("/empty.txt", "Range: bytes=0-").status());
    }

    @Test
    void severalRanges() throws IOException {
        byte[] large = new byte[200_000];
        Arrays.fill(large, 100_000, 200_000, (byte) 'z');
        served.write("large.txt", large);
        for (String target : List.of("/ten.txt", "/large.txt")) {
            byte[] all = served.get(target).body();
            int size = all.length;
            RawClient.Answer answer = served.get(target, "Range: bytes=0-1, -2,4-5");
            assertEquals(206, answer.status());
            String type = answer.field("content-type");
            assertTrue(type.startsWith("multipart/byteranges; boundary="), type);
            String boundary = type.substring(type.indexOf('=') + 1);
            StringBuilder expected = new StringBuilder();
            for (int from : new int[] {0, size - 2, 4}) {
                expected.append(from == 0 ? "--" : "\r\n--")
                        .append(boundary)
                        .append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ")
                        .append(from + "-" + (from + 1) + "/" + size + "\r\n\r\n")
                        .append((char) all[from])
                        .append((char) all[from + 1]);
            }
            expected.append("\r\n--").append(boundary).append("--\r\n");
            assertEquals(expected.toString(), answer.text());
            assertFalse(answer.fields().containsKey("content-range"));
            assertTrue(answer.fields().containsKey("etag"));
        }
        assertEquals(
                200, served.get("/ten.txt", "Range: bytes=" + "0-0,".repeat(17)).status());
        assertEquals(200, served.get("/large.txt", "Range: bytes=0-,0-").status());
    }

    // ------------------------------------------------------------------------------------------- settings

    @Test
    void belowAPathOfARouter() throws IOException {
        try (HttpServer server = HttpServer.builder(Router.builder()
                                .get(
                                        "/static/*",
                                        StaticFiles.builder(served.root)
                                                .under("/static")
                                                .build())
                                .build())
                        .port(0)
                        .loops(1)
                        .driver(driver)
                        .start();
                RawClient client = new RawClient(server.port())) {
            assertEquals(PAGE, client.ask("GET", "/static/").text());
            assertEquals("0123456789", client.ask("GET", "/static/ten.txt").text());
            assertEquals("/static/sub/", client.ask("GET", "/static/sub").field("location"));
            assertEquals(404, client.ask("GET", "/ten.txt").status());
            assertEquals(404, client.ask("GET", "/static/../ten.txt").status());
        }
    }

    @Test
    void badSettingsAreRefusedAtOnce() {
        assertThrows(
                NoSuchFileException.class,
                () -> StaticFiles.builder(folder.resolve("no")).build());
        assertThrows(
                NotDirectoryException.class,
                () -> StaticFiles.builder(folder.resolve("secret.txt")).build());
        StaticFiles.Builder builder = StaticFiles.builder(folder);
        assertThrows(IllegalArgumentException.class, () -> builder.cacheBytes(-1));
        assertThrows(IllegalArgumentException.class, () -> builder.under("/.hidden"));
    }
}
