package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.http.Handler;
import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.http.Server;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One and the same handler under every model: the same answers, and what each model promises about threads. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ModelsTest {

    private static final int PATIENCE_MILLIS = 60_000;

    /** Echoes the target and the body; streams it under /stream. */
    private static final Handler ECHO = request -> {
        String text = request.method() + " " + request.target() + " "
                + (request.contentLength() == 0 ? "" : request.body().text());
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return request.path().equals("/stream")
                ? Response.stream(MediaType.TEXT, out -> out.write(bytes))
                : Response.bytes(MediaType.TEXT, bytes);
    };

    private static Server start(Model model, Handler handler) throws IOException {
        return ServerBuilder.of(handler).model(model).port(0).loops(2).start();
    }

    /** One request on a connection of its own; the answer is all that comes until the end. */
    private static String exchange(Server server, String request) throws IOException {
        try (Socket socket = connected(server)) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Socket connected(Server server) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress("localhost", server.port()), PATIENCE_MILLIS);
        return socket;
    }

    private static String get(String target) {
        return "GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    }

    @ParameterizedTest
    @EnumSource
    void everyModelGivesTheSameAnswers(Model model) throws IOException {
        try (Server server = start(model, ECHO)) {
            assertTrue(exchange(server, get("/a?b")).endsWith("\r\n\r\nGET /a?b "));
            String post = "POST /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";
            assertTrue(exchange(server, post).endsWith("\r\n\r\nPOST /p body"));
            String chunked = "POST /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n";
            assertTrue(exchange(server, chunked).endsWith("\r\n\r\nPOST /c body"));
            assertTrue(exchange(server, get("/stream")).endsWith("c\r\nGET /stream \r\n0\r\n\r\n"));
            assertTrue(exchange(server, "rubbish\r\n\r\n").startsWith("HTTP/1.1 400 "));
            assertTrue(exchange(server, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                    .startsWith("HTTP/1.1 400 "));
            assertEquals(4, server.status().requests());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHandlerThatThrowsIsAnsweredWith500AndTheServerLives(Model model, LogWatch log) throws IOException {
        log.expect("failed; it is counted from now on");
        try (Server server = start(model, request -> {
            if (request.path().equals("/recurse")) {
                return recurse(0);
            }
            throw new IllegalStateException("on purpose");
        })) {
            assertTrue(exchange(server, get("/throw")).startsWith("HTTP/1.1 500 "));
            assertTrue(exchange(server, get("/recurse")).startsWith("HTTP/1.1 500 "));
            assertTrue(exchange(server, get("/throw")).startsWith("HTTP/1.1 500 "));
            assertEquals(3, server.status().handlerFailures());
        }
    }

    private static Response recurse(long depth) {
        Response deeper = recurse(depth + 1);
        return depth == 0 ? deeper : deeper.withStatus(500);
    }

    @ParameterizedTest
    @EnumSource
    void manyClientsAtOnceAreAllAnswered(Model model) throws Exception {
        int clients = 32;
        int requests = 25;
        try (Server server = start(model, ECHO);
                ExecutorService pool = Executors.newFixedThreadPool(clients)) {
            List<Future<Integer>> done = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                String client = "/" + i + "/";
                done.add(pool.submit(() -> talk(server, client, requests)));
            }
            for (Future<Integer> each : done) {
                assertEquals(requests, each.get());
            }
            assertEquals(clients * requests, server.status().requests());
        }
    }

    /** Keeps its connection as long as the server does, and makes another when that ends it. */
    private static int talk(Server server, String client, int requests) throws IOException {
        int answered = 0;
        while (answered < requests) {
            try (Socket socket = connected(server)) {
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                boolean kept = true;
                while (kept && answered < requests) {
                    String target = client + answered;
                    socket.getOutputStream()
                            .write(("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.UTF_8));
                    assertEquals("HTTP/1.1 200 OK", in.readLine());
                    int length = 0;
                    for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
                        if (line.startsWith("Content-Length: ")) {
                            length = Integer.parseInt(line.substring(16));
                        }
                        kept &= !line.equals("Connection: close");
                    }
                    char[] body = new char[length];
                    int filled = 0;
                    while (filled < length) {
                        filled += in.read(body, filled, length - filled);
                    }
                    assertEquals("GET " + target + " ", new String(body));
                    answered++;
                }
            }
        }
        return answered;
    }

    /** Regression: a file of another loop was sent by its number, which means another file to another driver, or none. */
    @ParameterizedTest
    @EnumSource
    void aFileIsSentWhateverTheDriver(Model model, @TempDir Path folder) throws IOException {
        byte[] bytes = new byte[200_000];
        new Random(model.ordinal()).nextBytes(bytes);
        Path path = Files.write(folder.resolve("file"), bytes);
        Handler sends = request -> {
            AsyncFile file = request.loop().files().open(path, AsyncFile.Option.READ);
            return Response.stream(MediaType.OCTETS, bytes.length, out -> {
                try (file) {
                    out.write(file, 0, bytes.length);
                }
            });
        };
        for (String driver : List.of("auto", "nio")) {
            try (Server server = ServerBuilder.of(sends)
                            .model(model)
                            .driver(driver)
                            .loops(1)
                            .port(0)
                            .start();
                    Socket socket = connected(server)) {
                socket.getOutputStream().write(get("/").getBytes(StandardCharsets.UTF_8));
                byte[] answer = socket.getInputStream().readAllBytes();
                int from = answer.length - bytes.length;
                assertTrue(from > 0, () -> driver + ": " + new String(answer, StandardCharsets.ISO_8859_1));
                assertArrayEquals(bytes, Arrays.copyOfRange(answer, from, answer.length), driver);
            }
        }
    }

    /** Which model lets how many handlers run at the same time. */
    @ParameterizedTest
    @EnumSource(names = {"THREADED", "PRETHREADED", "WORKER_POOL", "GREEN"})
    void handlersThatWaitOverlap(Model model) throws Exception {
        CountDownLatch bothInside = new CountDownLatch(2);
        try (Server server = start(model, request -> {
                    bothInside.countDown();
                    boolean met = bothInside.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                    return Response.text(met ? "met" : "alone");
                });
                ExecutorService pool = Executors.newFixedThreadPool(2)) {
            Future<String> one = pool.submit(() -> exchange(server, get("/")));
            Future<String> other = pool.submit(() -> exchange(server, get("/")));
            assertTrue(one.get().endsWith("met"));
            assertTrue(other.get().endsWith("met"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ITERATIVE", "EVENT_LOOP"})
    void handlersRunOneAfterAnotherWhereThereIsOneThread(Model model) throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        int[] inside = new int[2];
        Handler handler = request -> {
            threads.add(Thread.currentThread());
            inside[0]++;
            inside[1] = Math.max(inside[1], inside[0]);
            inside[0]--;
            return Response.ok();
        };
        try (Server server =
                        ServerBuilder.of(handler).model(model).loops(1).port(0).start();
                ExecutorService pool = Executors.newFixedThreadPool(8)) {
            List<Future<String>> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                all.add(pool.submit(() -> exchange(server, get("/"))));
            }
            for (Future<String> each : all) {
                assertTrue(each.get().startsWith("HTTP/1.1 200 "));
            }
        }
        assertEquals(1, threads.size());
        assertEquals(1, inside[1]);
    }

    @ParameterizedTest
    @EnumSource
    void stoppingEndsIdleConnectionsAndAnswersTheOthers(Model model, LogWatch log) throws Exception {
        log.allow("has not turned|turns again"); // in the event-loop model its handler holds it
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        Server server = start(model, request -> {
            if (request.path().equals("/slow")) {
                entered.countDown();
                leave.await();
            }
            return Response.text("answered");
        });
        boolean oneAtATime = model == Model.ITERATIVE;
        try (Socket idle = oneAtATime ? new Socket() : connected(server);
                Socket busy = connected(server);
                ExecutorService pool = Executors.newSingleThreadExecutor()) {
            busy.getOutputStream().write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            entered.await();
            Future<?> stopped = pool.submit(() -> server.stop(Duration.ofMillis(PATIENCE_MILLIS)));
            if (!oneAtATime && model != Model.EVENT_LOOP) { // whose loop may be the one that waits in the handler
                assertEquals(-1, idle.getInputStream().read());
            }
            leave.countDown();
            String answer = new String(busy.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(answer.endsWith("answered"), answer);
            busy.close(); // whoever has been answered is given two seconds to do so
            stopped.get();
        }
        assertEquals(0, server.status().open());
    }

    @ParameterizedTest
    @EnumSource(names = {"ITERATIVE", "THREADED", "PRETHREADED"})
    void aSlowClientIsToldSoAndHoldsItsThreadNoLonger(Model model) throws Exception {
        HttpLimits limits = HttpLimits.builder().headTimeoutMillis(2_000).build();
        try (Server server = ServerBuilder.of(ECHO)
                        .model(model)
                        .limits(limits)
                        .threads(1)
                        .port(0)
                        .start();
                Socket slow = connected(server)) {
            slow.getOutputStream().write("GET / HT".getBytes(StandardCharsets.UTF_8));
            String answer = exchange(server, get("/next"));
            assertTrue(answer.endsWith("GET /next "), answer);
            String refusal = new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(refusal.startsWith("HTTP/1.1 408 "), refusal);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"THREADED", "PRETHREADED"})
    void anIdleConnectionGivesItsThreadToThoseWhoWait(Model model) throws Exception {
        try (Server server =
                        ServerBuilder.of(ECHO).model(model).threads(1).port(0).start();
                Socket idle = connected(server)) {
            idle.getOutputStream().write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(idle.getInputStream(), StandardCharsets.UTF_8));
            assertEquals("HTTP/1.1 200 OK", in.readLine());
            assertTrue(exchange(server, get("/2")).endsWith("GET /2 "));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPortInUseIsSaidAndNothingIsLeft(Model model) throws IOException {
        try (Server first = start(model, ECHO)) {
            ServerBuilder second = ServerBuilder.of(ECHO).model(model).port(first.port());
            IOException refused = assertThrows(IOException.class, second::start);
            assertTrue(refused.getMessage().contains("in use"), refused.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aModelIsFoundByItsName(Model model) {
        assertEquals(model, Model.of(model.label()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Green", "green ", "fork"})
    void anUnknownNameIsRefusedWithAllThatThereAre(String name) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Model.of(name));
        Model.labels().forEach(label -> assertTrue(refused.getMessage().contains(label)));
    }

    /** Where somebody can look while a handler waits, it is broken off when its client is gone; elsewhere it goes on to its end. */
    @ParameterizedTest
    @EnumSource(names = {"GREEN", "WORKER_POOL", "THREADED", "PRETHREADED", "ITERATIVE"})
    void aClientThatGoes(Model model) throws Exception {
        boolean noticed = model == Model.GREEN || model == Model.WORKER_POOL;
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        CompletableFuture<String> end = new CompletableFuture<>();
        Handler waiting = Handler.untilGone(request -> {
            begun.countDown();
            try {
                if (noticed) {
                    request.loop().sleep(Duration.ofHours(1)).await();
                } else {
                    gone.await();
                }
                end.complete("its end");
            } catch (OperationException broken) {
                end.complete(broken.failure().name());
                throw broken;
            }
            return Response.ok();
        });
        try (Server server = start(model, waiting)) {
            try (Socket client = connected(server)) {
                client.getOutputStream().write(get("/").getBytes(StandardCharsets.UTF_8));
                begun.await();
            }
            gone.countDown();
            assertEquals(noticed ? "CANCELLED" : "its end", end.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
        }
    }
}
