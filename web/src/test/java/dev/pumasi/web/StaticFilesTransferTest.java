package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import dev.pumasi.testkit.Seed;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/** Large files, many clients, and files that change. */
@OnEachDriver
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(180)
class StaticFilesTransferTest {

    private static final int BIG_BYTES = 20 * 1024 * 1024;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    private final Seed seed = Seed.fromCommandLine();
    private final Random random = new Random(seed.value());
    private ServedFolder served;

    @BeforeEach
    void open() throws IOException {
        served = new ServedFolder(folder, driver, StaticFiles.CACHE_BYTES_DEFAULT);
    }

    @AfterEach
    void close() {
        served.close();
    }

    @Test
    void aBigFileArrivesAsItIs() throws Exception {
        byte[] bytes = bytes(BIG_BYTES + 12_345);
        served.write("big.bin", bytes);
        byte[] expected = digest(bytes);
        atOnce(4, () -> {
            RawClient.Answer answer = served.get("/big.bin");
            assertEquals(bytes.length, answer.body().length);
            assertArrayEquals(expected, digest(answer.body()), seed::toString);
            return null;
        });
        assertEquals(0, served.hops());
    }

    @Test
    void manyClientsOnKeptConnections() throws Exception {
        List<byte[]> contents = new ArrayList<>();
        for (int size : new int[] {0, 1, 4095, 8192, 65_536, 65_537, 200_000}) {
            contents.add(bytes(size));
            served.write(size + ".bin", contents.getLast());
        }
        atOnce(16, () -> {
            try (RawClient client = served.client()) {
                for (int round = 0; round < 50; round++) {
                    byte[] expected = contents.get(round % contents.size());
                    RawClient.Answer answer = client.ask("GET", "/" + expected.length + ".bin");
                    assertArrayEquals(expected, answer.body(), seed::toString);
                }
            }
            return null;
        });
        assertEquals(0, served.hops());
    }

    @Test
    void aFileThatIsReplacedWhileItIsSentArrivesAsItWas() throws Exception {
        byte[] before = bytes(BIG_BYTES);
        Path file = served.write("big.bin", before);
        try (RawClient client = served.client()) {
            client.send("GET", "/big.bin");
            client.head();
            byte[] first = client.body().readNBytes(100_000); // so it is open
            Path other = Files.write(folder.resolve("other"), bytes(1000));
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
            byte[] rest = client.body().readNBytes(before.length - first.length);
            MessageDigest all = MessageDigest.getInstance("SHA-256");
            all.update(first);
            assertArrayEquals(digest(before), all.digest(rest), seed::toString);
            long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
            while (client.ask("GET", "/big.bin").body().length != 1000) {
                assertTrue(System.nanoTime() < deadlineNanos, "the new one was never seen");
            }
        }
    }

    @Test
    void aFileThatGrowsIsCutAtTheAnnouncedLength() throws Exception {
        byte[] before = bytes(BIG_BYTES);
        Path file = served.write("big.bin", before);
        try (RawClient client = served.client()) {
            client.send("GET", "/big.bin");
            client.head();
            byte[] first = client.body().readNBytes(100_000);
            Files.write(file, bytes(500_000), StandardOpenOption.APPEND);
            client.body().readNBytes(before.length - first.length);
            assertEquals(404, client.ask("GET", "/missing").status(), "the next answer follows at once");
        }
    }

    @Test
    void aFileThatShrinksEndsTheConnection(LogWatch log) throws Exception {
        log.expect("the body of the answer to GET /big.bin failed");
        Path file = served.write("big.bin", bytes(BIG_BYTES));
        try (RawClient client = served.client()) {
            client.send("GET", "/big.bin");
            client.head();
            client.body().readNBytes(100_000);
            try (RandomAccessFile truncated = new RandomAccessFile(file.toFile(), "rw")) {
                truncated.setLength(1_000_000);
            }
            assertThrows(IOException.class, () -> {
                if (client.body().readNBytes(BIG_BYTES).length < BIG_BYTES - 100_000) {
                    throw new EOFException("as it should");
                }
            });
        }
        assertEquals(200, served.get("/big.bin").status());
    }

    @Test
    void aClientThatLeavesCostsNothing() throws Exception {
        served.write("big.bin", bytes(BIG_BYTES));
        for (int i = 0; i < 20; i++) {
            try (RawClient client = served.client()) {
                client.send("GET", "/big.bin");
                InputStream body = client.head().status() == 200 ? client.body() : InputStream.nullInputStream();
                assertEquals(1000, body.readNBytes(1000).length);
            }
        }
        // LeakWatch sees to it that no file stays open.
    }

    @Test
    void aClientThatDoesNotReadHoldsUpNobody() throws Exception {
        served.write("big.bin", bytes(BIG_BYTES));
        served.write("page.html", "page");
        List<RawClient> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                slow.add(served.client());
                slow.getLast().send("GET", "/big.bin");
                assertEquals(200, slow.getLast().head().status());
            }
            assertEquals("page", served.get("/page.html").text());
            assertEquals(BIG_BYTES, served.get("/big.bin").body().length);
        } finally {
            for (RawClient client : slow) {
                client.close();
            }
        }
    }

    @Test
    void whatIsKeptInMemoryFollowsTheFile() throws Exception {
        Path file = served.write("page.html", "old");
        assertEquals("old", served.get("/page.html").text());
        Files.writeString(file, "new");
        eventually("/page.html", 200, "new");
        // Written twice within a moment, with the same length: the time of the last write may be the same.
        Files.writeString(file, "one");
        eventually("/page.html", 200, "one");
        Files.writeString(file, "two");
        eventually("/page.html", 200, "two");
        served.write("page.html", "3rd"); // back to a time long ago
        eventually("/page.html", 200, "3rd");
        Files.delete(file);
        eventually("/page.html", 404, "404 Not Found\n");
        served.write("page.html", bytes(100_000));
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (served.get("/page.html").body().length != 100_000) {
            assertTrue(System.nanoTime() < deadlineNanos, "it was never seen");
        }
    }

    @Test
    void withoutACacheEveryRequestSeesTheFile() throws Exception {
        try (ServedFolder uncached = new ServedFolder(folder, driver, 0)) {
            for (int i = 0; i < 100; i++) {
                uncached.write("count.txt", Integer.toString(i));
                Files.writeString(folder.resolve("count.txt"), Integer.toString(i));
                assertEquals(Integer.toString(i), uncached.get("/count.txt").text());
            }
        }
    }

    private void eventually(String target, int status, String text) throws IOException {
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        RawClient.Answer answer = served.get(target);
        while (answer.status() != status || !answer.text().equals(text)) {
            assertTrue(System.nanoTime() < deadlineNanos, "still " + answer.status() + " " + answer.text());
            answer = served.get(target);
        }
    }

    private static void atOnce(int clients, Callable<?> client) throws Exception {
        List<FutureTask<?>> tasks = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            FutureTask<?> task = new FutureTask<>(client);
            tasks.add(task);
            Thread.ofPlatform().name("client-" + i).start(task);
        }
        for (FutureTask<?> task : tasks) {
            task.get();
        }
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] digest(byte[] bytes) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }
}
