package dev.pumasi.web.sql;

import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.sql.Database;
import dev.pumasi.web.CookieKeys;
import dev.pumasi.web.Sessions;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A server with sessions, in this process or in one of its own; and what a client of it sees. */
final class SessionProcess implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    private final Process process;
    private final int port;

    private SessionProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static Router routes(Sessions sessions) {
        return Router.builder()
                .get("/put", sessions.around((request, session) -> {
                    session.put("dish", request.queryParameter("dish").orElse(""));
                    return Response.text("put");
                }))
                .get(
                        "/get",
                        sessions.around((request, session) ->
                                Response.text(session.get("dish").orElse("none"))))
                .get("/login", sessions.around((request, session) -> {
                    session.renew();
                    return Response.text("in");
                }))
                .get("/logout", sessions.around((request, session) -> {
                    session.end();
                    return Response.text("out");
                }))
                .build();
    }

    /** The answer's body; what it sets as a cookie stands before it, with a blank between. */
    static String ask(int port, String path, String cookie) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            String head = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + (cookie.isEmpty() ? "" : "Cookie: " + cookie + "\r\n") + "\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            int set = answer.indexOf("Set-Cookie: ");
            return set < 0 ? body : answer.substring(set + 12, answer.indexOf(';', set)) + " " + body;
        }
    }

    /** Starts one on that database, and returns when it serves. */
    static SessionProcess start(String url, String user, String password) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SessionProcess.class.getName(),
                        url,
                        user,
                        password)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = process.inputReader();
        String line = out.readLine();
        if (line == null) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("a server with sessions did not start");
        }
        return new SessionProcess(process, Integer.parseInt(line));
    }

    String ask(String path, String cookie) throws IOException {
        return ask(port, path, cookie);
    }

    @Override
    public void close() throws Exception {
        process.destroyForcibly().waitFor();
        process.inputReader().close();
        process.outputWriter().close();
    }

    public static void main(String[] arguments) throws Exception {
        Database database = Database.builder(arguments[0])
                .user(arguments[1])
                .password(arguments[2])
                .open();
        Sessions sessions = Sessions.builder(CookieKeys.of(new byte[32]), SqlSessions.open(database))
                .build();
        HttpServer server = HttpServer.builder(routes(sessions)).port(0).start();
        System.out.println(server.port());
        System.out.flush();
        // It ends with the one that has started it, however that ends.
        while (System.in.read() >= 0) {
            Thread.onSpinWait();
        }
        Runtime.getRuntime().halt(0);
    }
}
