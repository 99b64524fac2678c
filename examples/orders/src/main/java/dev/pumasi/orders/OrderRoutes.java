package dev.pumasi.orders;

import dev.pumasi.http.Endpoint;
import dev.pumasi.http.Handler;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.http.Router;
import dev.pumasi.runtime.Loop;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.DatabaseException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The service's addresses: a page for people, JSON for programs. Whatever only reads is in direct style, on a green thread; placing an
 * order is in callback style, so that it can show {@link dev.pumasi.sql.Continuation}.
 */
final class OrderRoutes {

    /** @param placed when */
    record Row(long id, String customer, int totalCents, Instant placed) {}

    private record LineRow(String dish, int portions, int priceCents) {}

    private record Orders(List<Row> orders, long all) {}

    private static final int BODY_BYTES_MAX = 64 * 1024;
    private static final int ORDERS_SHOWN = 20;

    private final Database database;
    private final Checkout checkout;
    private final Response page;

    OrderRoutes(Database database, Checkout checkout) throws IOException {
        this.database = database;
        this.checkout = checkout;
        page = Response.bytes(MediaType.HTML, resource("orders.html"))
                .withHeader(
                        "Content-Security-Policy",
                        "default-src 'none'; connect-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'")
                .withHeader("X-Content-Type-Options", "nosniff");
    }

    Endpoint endpoint() throws IOException {
        Response script = Response.bytes("text/javascript; charset=utf-8", resource("orders.js"));
        Response style = Response.bytes("text/css; charset=utf-8", resource("orders.css"));
        Router router = Router.builder()
                .get("/", (Request _) -> page)
                .get("/orders.js", (Request _) -> script)
                .get("/orders.css", (Request _) -> style)
                .get(
                        "/dishes",
                        (Request _) -> answering(() -> Json.response(database.query(
                                "select name, english, price_cents, stock from dishes order by price_cents",
                                Menu.Offer.class))))
                .get(
                        "/orders",
                        (Request _) -> answering(() -> Json.response(new Orders(
                                database.query(
                                        "select id, customer, total_cents, placed from orders order by id desc limit ?",
                                        Row.class,
                                        ORDERS_SHOWN),
                                database.one("select count(*) from orders", Long.class)
                                        .orElseThrow()))))
                .get("/orders/{id}", (Request request) -> answering(() -> order(request.pathParameter("id"))))
                .get("/sold", (Request _) -> Json.response(checkout.sold()))
                .get("/status", (Request _) -> Json.response(database.status()))
                .post("/orders", this::post)
                .build();
        return Handler.untilGone(router); // nobody asks the database for a client that does not wait
    }

    /** Asks the database, and may fail as it does. */
    @FunctionalInterface
    private interface Asking {
        Response ask() throws DatabaseException;
    }

    private static Response answering(Asking asking) {
        try {
            return asking.ask();
        } catch (DatabaseException failure) {
            return Checkout.refusal(failure);
        }
    }

    private Response order(String number) throws DatabaseException {
        long id;
        try {
            id = Long.parseLong(number);
        } catch (NumberFormatException wrong) {
            return notFound();
        }
        Optional<Row> order =
                database.one("select id, customer, total_cents, placed from orders where id = ?", Row.class, id);
        if (order.isEmpty()) {
            return notFound();
        }
        List<Checkout.Position> positions = database
                .query(
                        "select dish, portions, price_cents from order_lines where order_id = ? order by dish",
                        LineRow.class,
                        id)
                .stream()
                .map(line -> new Checkout.Position(line.dish, line.portions, line.priceCents))
                .toList();
        Row row = order.get();
        return Json.response(new Checkout.Receipt(row.id, row.customer, positions, row.totalCents, row.placed));
    }

    private static Response notFound() {
        return Problem.of(404, "No such order", "There is no order of that number.")
                .response();
    }

    /**
     * The body is read on a green thread, since that may take a while. What follows runs on the loop's own thread: the main thread of the notes,
     * which everybody shares.
     */
    private void post(Request request, Responder responder) {
        if (!request.header("Content-Type", "")
                .toLowerCase(java.util.Locale.ROOT)
                .startsWith("application/json")) {
            responder.respond(Problem.of(415, "Not JSON", "Send Content-Type: application/json.")
                    .response());
            return;
        }
        if (request.contentLength() > BODY_BYTES_MAX) {
            responder.respond(tooLarge());
            return;
        }
        Optional<Loop> main = Loop.current();
        if (main.isEmpty()) {
            read(request, responder).ifPresent(body -> checkout.place(request, body, responder));
            return;
        }
        Loop loop = main.get();
        loop.spawn(() -> read(request, responder)
                .ifPresent(body -> loop.execute(() -> checkout.place(request, body, responder))));
    }

    private static Optional<byte[]> read(Request request, Responder responder) {
        try {
            InputStream stream = request.body().stream();
            byte[] body = stream.readNBytes(BODY_BYTES_MAX + 1);
            if (body.length > BODY_BYTES_MAX) {
                responder.respond(tooLarge());
                return Optional.empty();
            }
            return Optional.of(body);
        } catch (IOException gone) {
            responder.respond(Problem.of(400, "Not all of it came", "The order broke off.")
                    .response()
                    .withClose());
            return Optional.empty();
        }
    }

    private static Response tooLarge() {
        return Problem.of(413, "Too large", "An order has at most " + BODY_BYTES_MAX + " bytes.")
                .response();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(OrderRoutes.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        }
    }
}
