package dev.pumasi.orders;

import dev.pumasi.http.Request;
import dev.pumasi.http.Responder;
import dev.pumasi.http.Response;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.sql.ConstraintException;
import dev.pumasi.sql.Continuation;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.DatabaseException;
import dev.pumasi.sql.SqlFailure;
import dev.pumasi.sql.Transaction;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * How an order is placed: the notes' web server with a database thread.
 *
 * <pre>
 *   A parse   B check   C price      on the main thread: a loop
 *   the database                     where queries run
 *   D receipt   E stock   F answer   where the {@link Continuation} says
 * </pre>
 *
 * <p>{@link #place} is the three ways in one text; only the continuation differs. With {@code callback}, D, E and F run on database
 * threads, several at a time: what they share with others ({@link #sold}) must bear that.
 */
final class Checkout {

    /** What the customer gets. */
    record Receipt(long id, String customer, List<Position> positions, int totalCents, Instant placed) {}

    record Position(String dish, int portions, int priceCents) {}

    private static final System.Logger LOG = System.getLogger("dev.pumasi.orders");

    private final Database database;
    private final Menu menu;
    private final Continuation continuation;
    private final Clock clock;

    /** Portions of each dish since the start, from whatever thread. */
    private final Map<String, LongAdder> sold = new ConcurrentHashMap<>();

    Checkout(Database database, Menu menu, Continuation continuation, Clock clock) {
        this.database = database;
        this.menu = menu;
        this.continuation = continuation;
        this.clock = clock;
    }

    /** On the main thread. If the client goes meanwhile, and anybody notices, nothing is ordered. */
    void place(Request request, byte[] body, Responder responder) {
        JsonNode sent; //                                                                   A
        try {
            sent = Json.tree(body);
        } catch (JacksonException broken) {
            responder.respond(
                    Problem.of(400, "No JSON", broken.getOriginalMessage()).response());
            return;
        }
        if (sent.isMissingNode()) {
            responder.respond(Problem.of(400, "No JSON", "There is nothing.").response());
            return;
        }
        OrderCheck check = new OrderCheck(menu); //                                         B
        Optional<Order> checked = check.check(sent);
        if (checked.isEmpty()) {
            responder.respond(Problem.invalid(check.errors()).response());
            return;
        }
        Order order = checked.get();
        int totalCents = order.totalCents(); //                                             C
        Instant now = clock.instant();

        Operation<Long> placing = database.<Long>thenTransaction(
                continuation, transaction -> store(transaction, order, totalCents, now), outcome -> {
                    switch (outcome) {
                        case Operation.Success<Long>(Long id) -> {
                            Receipt receipt = receipt(id, order, totalCents, now); //       D
                            count(order); //                                                E
                            responder.respond(Json.response(receipt) //                     F
                                    .withStatus(201)
                                    .withHeader("Location", "/orders/" + id));
                        }
                        case Operation.Failed<Long>(Throwable failure) -> responder.respond(refusal(failure));
                    }
                });
        if (!placing.isDone()) { // synchronous: it has been answered already
            request.onGone(placing::cancel);
        }
    }

    private static Long store(Transaction transaction, Order order, int totalCents, Instant now)
            throws DatabaseException {
        long id = transaction.insert(
                "insert into orders (customer, total_cents, placed) values (?, ?, ?)",
                Long.class,
                order.customer(),
                totalCents,
                now);
        List<List<Object>> lines = new ArrayList<>();
        List<List<Object>> stocks = new ArrayList<>();
        for (Order.Line line : order.lines()) {
            lines.add(List.of(id, line.dish().name(), line.portions(), line.priceCents()));
            stocks.add(List.of(line.portions(), line.dish().name()));
        }
        transaction.batch("insert into order_lines (order_id, dish, portions, price_cents) values (?, ?, ?, ?)", lines);
        transaction.batch("update dishes set stock = stock - ? where name = ?", stocks);
        return id;
    }

    private static Receipt receipt(long id, Order order, int totalCents, Instant now) {
        List<Position> positions = order.lines().stream()
                .map(line -> new Position(line.dish().name(), line.portions(), line.priceCents()))
                .toList();
        return new Receipt(id, order.customer(), positions, totalCents, now);
    }

    private void count(Order order) {
        for (Order.Line line : order.lines()) {
            sold.computeIfAbsent(line.dish().name(), _ -> new LongAdder()).add(line.portions());
        }
    }

    /** Portions sold since the start. */
    Map<String, Long> sold() {
        Map<String, Long> sums = new TreeMap<>();
        sold.forEach((dish, portions) -> sums.put(dish, portions.sum()));
        return sums;
    }

    static Response refusal(Throwable failure) {
        if (failure instanceof ConstraintException violated
                && violated.failure() == SqlFailure.CHECK
                && violated.constraint().equals("enough_left")) {
            return Problem.soldOut().response();
        }
        if (failure instanceof DatabaseException known) {
            if (!known.failure().isPassing() && known.failure() != SqlFailure.CANCELLED) { // by a client that is gone
                LOG.log(System.Logger.Level.ERROR, "an order could not be placed", known);
            }
            return Problem.of(known);
        }
        if (failure instanceof OperationException ended) {
            return Problem.of(504, "Not in time", "Nothing was changed. (" + ended.failure() + ")")
                    .response();
        }
        LOG.log(System.Logger.Level.ERROR, "an order could not be placed", failure);
        return Problem.of(500, "Internal error", "Nothing was changed.").response();
    }
}
