package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.LeakWatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One and the same handler under every model there is, those with processes among them: each in one process, each in two
 * workers that share a socket, and a process for each connection. What is asked is the same, and so are the answers.
 */
@ParameterizedClass
@MethodSource("ways")
@ExtendWith(LeakWatch.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class EachWayTest {

    private static final int PATIENCE_MILLIS = 60_000;
    private static final int LARGE_BYTES = 500_000;

    /** What serves, while the tests of one way run. */
    private static @Nullable AutoCloseable server;

    private static int port;

    private final boolean keepsConnections;
    private final boolean warmsUp;

    EachWayTest(String way) {
        warmsUp = way.startsWith("preforked");
        keepsConnections = !way.endsWith("iterative");
    }

    static List<String> ways() {
        List<String> all = new ArrayList<>(Model.labels());
        Model.labels().forEach(each -> all.add("preforked " + each));
        all.add("forking");
        return all;
    }

    @BeforeParameterizedClassInvocation
    static void start(String way) throws Exception {
        ApplicationChoice application = new ApplicationChoice(SameHandler.class.getName(), List.of(), Map.of());
        InetSocketAddress anyPort = new InetSocketAddress("127.0.0.1", 0);
        String[] words = way.split(" ");
        switch (words[0]) {
            case "preforked" -> {
                WorkerSettings settings = WorkerSettings.of(application)
                        .withModel(Model.of(words[1]))
                        .withWarmUps(3);
                Supervisor started = Supervisor.of(() -> SupervisorTest.plan(2, settings))
                        .address(anyPort)
                        .start();
                server = started;
                port = started.port();
            }
            case "forking" -> {
                WorkerSettings settings = WorkerSettings.of(application);
                Forker started = Forker.start(
                        anyPort,
                        () -> WorkerPlan.of(4, SupervisorTest.java(Forked.class), settings),
                        what -> System.getLogger("test").log(System.Logger.Level.INFO, what));
                server = started;
                port = started.port();
            }
            default -> {
                var started = ServerBuilder.of(new SameHandler())
                        .model(Model.of(way))
                        .address(anyPort)
                        .start();
                server = started;
                port = started.port();
            }
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() throws Exception {
        AutoCloseable started = server;
        server = null;
        if (started != null) {
            started.close();
        }
    }

    @AfterAll
    static void stopAfterAFailure() throws Exception {
        stop();
    }

    /** One request, or several, on a connection of its own; the answer is all that comes until the end. */
    private static String exchange(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String last(String method, String target, String rest) {
        return method + " " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + rest;
    }

    private static String get(String target) {
        return last("GET", target, "\r\n");
    }

    @Test
    void bodiesOfBothKindsArrive() throws IOException {
        assertTrue(exchange(last("POST", "/p", "Content-Length: 4\r\n\r\nbody")).endsWith("\r\n\r\nPOST /p body"));
        assertTrue(exchange(last("POST", "/c", "Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"))
                .endsWith("\r\n\r\nPOST /c body"));
        String answer = exchange(last("POST", "/x", "Content-Length: 4\r\nExpect: 100-continue\r\n\r\nbody"));
        assertTrue(answer.endsWith("\r\n\r\nPOST /x body"), answer);
    }

    @Test
    void whatAWorkerAsksItselfIsToldFromWhatOthersAsk() throws IOException {
        String answer = exchange(get("/warm"));
        assertTrue(answer.matches("(?s).*\r\n\r\nfalse after " + (warmsUp ? "[1-3]" : "0")), answer);
    }

    @Test
    void answersOfEachKindArriveWhole() throws IOException {
        String small = exchange(get("/a?b"));
        assertTrue(small.startsWith("HTTP/1.1 200 OK\r\n") && small.endsWith("\r\n\r\nGET /a?b "), small);
        assertTrue(small.contains("\r\nX-Model: any\r\n") && small.contains("\r\nConnection: close\r\n"), small);
        assertTrue(exchange(get("/stream")).endsWith("c\r\nGET /stream \r\n0\r\n\r\n"));
        String large = exchange(get("/large"));
        assertEquals(LARGE_BYTES, large.length() - large.indexOf("\r\n\r\n") - 4);
        String head = exchange(last("HEAD", "/large", "\r\n"));
        assertTrue(head.contains("\r\nContent-Length: " + LARGE_BYTES + "\r\n") && head.endsWith("\r\n\r\n"), head);
    }

    @Test
    void whatIsPipelinedIsAnsweredInItsOrder() throws IOException {
        String several = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
                + get("/3");
        String answers = exchange(several);
        List<String> expected = keepsConnections ? List.of("GET /1 ", "POST /2 ab", "GET /3 ") : List.of("GET /1 ");
        int at = 0;
        for (String body : expected) {
            at = answers.indexOf("\r\n\r\n" + body, at);
            assertTrue(at > 0, () -> body + " is not there, or not in its turn: " + answers);
        }
        assertEquals(expected.size(), answers.split("HTTP/1.1 200 OK", -1).length - 1, answers);
    }

    @Test
    void aConnectionIsKeptWhereTheModelKeepsThem() throws IOException {
        try (Asker asker = new Asker(port)) {
            Asker.Answer first = asker.get("/pid");
            assertEquals(!keepsConnections, first.isLast());
            if (keepsConnections) {
                assertEquals(first.body(), asker.get("/pid").body(), "by the same process");
            }
        }
    }

    @Test
    void aHandlerThatThrowsCostsItsRequestAndNoMore() throws IOException {
        assertTrue(exchange(get("/throw")).startsWith("HTTP/1.1 500 "));
        assertTrue(exchange(get("/after")).endsWith("\r\n\r\nGET /after "));
    }

    @Test
    void whatBreaksTheProtocolIsRefusedAlike() throws IOException {
        assertTrue(exchange("rubbish\r\n\r\n").startsWith("HTTP/1.1 400 "));
        assertTrue(exchange("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").startsWith("HTTP/1.1 400 "));
        assertTrue(exchange("GET / HTTP/2.0\r\nHost: a\r\n\r\n").startsWith("HTTP/1.1 505 "));
        String smuggled = exchange(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        assertTrue(smuggled.startsWith("HTTP/1.1 400 "), smuggled);
    }

    @Test
    void aBodyThatNobodyReadsHarmsNobody() throws IOException {
        String answer = exchange(last("POST", "/unread", "Content-Length: 4\r\n\r\nbody"));
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n") && answer.endsWith("not read"), answer);
    }
}
