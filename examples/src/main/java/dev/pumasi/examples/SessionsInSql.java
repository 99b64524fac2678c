package dev.pumasi.examples;

import dev.pumasi.http.ClientRequest;
import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Field;
import dev.pumasi.http.HttpClient;
import dev.pumasi.http.HttpServer;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.sql.Database;
import dev.pumasi.web.CookieKeys;
import dev.pumasi.web.Sessions;
import dev.pumasi.web.sql.SqlSessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Sessions in a database (S27): what a guest has ordered is there when the server has been restarted, and at another server beside it. The
 * database is H2, in a folder that is deleted at the end, so nothing needs to be installed.
 */
final class SessionsInSql {

    private static final String COOKIE = "session";

    /** What the guest was told, one after another; and how many sessions the database held in the end. */
    record Facts(List<String> told, long rows) {}

    private SessionsInSql() {}

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static Facts run(Story story, String driver) throws Exception {
        Path folder = Files.createTempDirectory("pumasi-sessions");
        byte[] key = new byte[CookieKeys.KEY_BYTES_MIN];
        new SecureRandom().nextBytes(key); // in earnest it comes from outside, and stays the same
        try (Database database = Database.embedded(folder, "sessions").open();
                LoopGroup loops =
                        LoopGroup.start("guests", 1, Drivers.choose(driver).factory());
                HttpClient client = HttpClient.builder().on(loops.loops()).open()) {
            List<String> told = new ArrayList<>();
            Guest guest = new Guest(client, told, story);

            story.tell("a server, and a guest who orders");
            try (Kitchen kitchen = new Kitchen(database, key, driver)) {
                guest.asks(kitchen, "/order?dish=soup");
                guest.asks(kitchen, "/order?dish=rice");
            }

            story.tell("it is stopped; the next one has the same database and the same key");
            try (Kitchen kitchen = new Kitchen(database, key, driver);
                    Kitchen beside = new Kitchen(database, key, driver)) {
                guest.asks(kitchen, "/");
                story.tell("and one beside it");
                guest.asks(beside, "/order?dish=spam");
                guest.asks(kitchen, "/");

                story.tell("a cookie that somebody has made up");
                new Guest(client, told, story, COOKIE + "=made.up").asks(kitchen, "/");

                long rows = rows(database);
                story.tell("sessions in the database: " + rows);
                guest.asks(kitchen, "/leave");
                guest.asks(beside, "/");
                return new Facts(told, rows);
            }
        } finally {
            delete(folder);
        }
    }

    /** A server of its own, as another process would have it. */
    private static final class Kitchen implements AutoCloseable {

        private final Sessions sessions;
        private final HttpServer server;

        Kitchen(Database database, byte[] key, String driver) throws IOException {
            // In earnest with secure(true), where clients come by TLS.
            sessions = Sessions.builder(CookieKeys.of(key), SqlSessions.open(database))
                    .name(COOKIE)
                    .build();
            Router routes = Router.builder()
                    .get(
                            "/",
                            sessions.around((_, session) ->
                                    Response.text(session.get("orders").orElse("nothing"))))
                    .get("/order", sessions.around((request, session) -> {
                        String dish = request.queryParameter("dish").orElse("nothing");
                        String orders = session.get("orders")
                                .map(before -> before + ", " + dish)
                                .orElse(dish);
                        session.put("orders", orders);
                        return Response.text(orders);
                    }))
                    .get("/leave", sessions.around((_, session) -> {
                        session.end();
                        return Response.text("good bye");
                    }))
                    .build();
            server = HttpServer.builder(routes).driver(driver).loops(1).port(0).start();
        }

        @Override
        public void close() {
            server.close();
            sessions.close();
        }
    }

    /** A client that keeps its cookie. */
    private static final class Guest {

        private final HttpClient client;
        private final List<String> told;
        private final Story story;
        private String cookie;

        Guest(HttpClient client, List<String> told, Story story) {
            this(client, told, story, "");
        }

        Guest(HttpClient client, List<String> told, Story story, String cookie) {
            this.client = client;
            this.told = told;
            this.story = story;
            this.cookie = cookie;
        }

        void asks(Kitchen kitchen, String target) throws IOException {
            ClientRequest request = ClientRequest.get("http://127.0.0.1:" + kitchen.server.port() + target);
            if (!cookie.isEmpty()) {
                request = request.withFields(List.of(new Field("Cookie", cookie)));
            }
            try (ClientResponse answer = client.send(request)) {
                String text = answer.status() == 200 ? answer.body().text() : "status " + answer.status();
                answer.header("Set-Cookie").ifPresent(set -> cookie = set.substring(0, set.indexOf(';')));
                told.add(text);
                story.tell("  " + target + " -> " + text);
            }
        }
    }

    private static long rows(Database database) throws IOException {
        return database.one("select count(*) from pumasi_sessions", Long.class).orElseThrow();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
