package dev.pumasi.sql;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Scope;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A relational database behind the loop: JDBC in direct style, on a bounded number of connections.
 *
 * <pre>{@code
 * record Order(long id, String dish, int count) {}
 *
 * List<Order> open = database.query("select id, dish, count from orders where state = ?", Order.class, State.OPEN);
 *
 * database.transaction(tx -> {
 *     tx.update("update stock set count = count - ? where dish = ?", order.count(), order.dish());
 *     return tx.insert("insert into orders (dish, count) values (?, ?)", Long.class, order.dish(), order.count());
 * });
 * }</pre>
 *
 * <p><b>Where queries run</b> is a setting ({@link Placement}) and changes nothing else. {@code offloaded}: database threads block for the
 * caller; any JDBC driver. {@code onLoop}: PostgreSQL's driver runs on the caller's own loop, on sockets that park a green thread; no second
 * thread takes part.
 *
 * <p><b>Where the caller goes on</b>: in direct style on its own thread, at the next line. {@link #start} gives an {@link Operation} with all of its
 * ways to learn the outcome. {@link #then} chooses among the three of the notes with one argument, {@link Continuation}.
 *
 * <p><b>Admission</b>. As many jobs run as there are connections. So many more wait, so long; the rest fails at once with {@link
 * RefusedException}, which knows when to try again. Ten thousand requests at a time cost a pool of ten connections nothing.
 *
 * <p><b>Cancelling</b>: an interrupt, the deadline of a {@link Scope}, {@link Operation#cancel} and {@code statementMax} cancel the statement in the
 * database. The caller is told when the driver has confirmed that, so its connection is whole and free; if the database stays
 * silent for {@code cancelMax}, the connection is cut and replaced. What ended before it could be cancelled has its outcome.
 *
 * <p><b>Transactions</b> run their body on the caller's thread and its statements where queries run. They commit when the body
 * returns and roll back when it throws. One inside another of the same database is refused (a second connection would be needed, and ten of
 * those would wait for each other for ever): pass the {@link Transaction} on, and use {@link Transaction#nested}. The same holds for asking the database
 * itself inside one of its transactions.
 *
 * <p><b>Orderings.</b> What a job wrote is visible to whoever learns of its outcome: by the loop's queue, or, in a callback, because it is the same
 * thread. A connection is given back before its job is over, and the next is let in after that.
 *
 * <p><b>Failures</b> are {@link DatabaseException}s: why ({@link SqlFailure}), what was tried, what to do. A connection that broke is
 * noticed when it is used next, or by the pool; nothing is tried again by itself, since only the caller knows whether that would do harm.
 *
 * <p><b>What it will not do.</b> It maps no object graphs, builds no statements, keeps no cache, and sends no two statements of one connection at
 * once. It has no threads that wait for rows nobody takes: a stream is fetched piece by piece, by the one who consumes it.
 *
 * <p>Any thread may call, except a loop's own outside of green threads, which must not wait; there {@link #start} and {@link #then} are right. A
 * thread that belongs to no loop waits with the help of a small loop of the database's own.
 */
public final class Database implements Session, AutoCloseable {

    /** Threads for what may block and must not wait for a database thread: cancelling, and waiting for a pool that lost its connections. */
    private static final int ASIDE_THREADS = 8;

    private static final int ASIDE_WAITING_MAX = 4096;

    /** On the loop that helps threads without one: they are who prepares tables, not who serves. */
    private static final int OWN_CONNECTIONS_MAX = 2;

    private static final String WORK = "ask the database";
    private static final String TRANSACTION = "run a transaction";

    /** The database whose thread the caller is, with its admission: inside a callback. */
    private static final ScopedValue<Database> THREAD_OF = ScopedValue.newInstance();

    private final Settings settings;
    private final Offload aside = Offload.open("sql-aside", ASIDE_THREADS, ASIDE_WAITING_MAX);
    private final Lane.@Nullable OnThreads threads;
    private final ConcurrentHashMap<Loop, Lane.OnLoop> loops = new ConcurrentHashMap<>();

    /** For callers without a loop. Opened at the first need. */
    private volatile @Nullable LoopGroup own;

    private volatile boolean closed;
    private final Figures.Offer figures;

    Database(Settings settings) {
        this.settings = settings;
        threads = settings.placement() instanceof Placement.Offloaded
                ? new Lane.OnThreads(name(), settings, aside)
                : null;
        figures = Figures.offer(this, database -> List.of(database.row()));
    }

    /** The database at this URL, with the defaults of {@link DatabaseBuilder}. Does not connect yet. */
    public static Database open(String url) {
        return builder(url).open();
    }

    /** To say more about it before it is opened. */
    public static DatabaseBuilder builder(String url) {
        return new DatabaseBuilder(url);
    }

    /** An H2 database in files of this name in {@code folder}, which only this process can open. It needs no installation. */
    public static DatabaseBuilder embedded(Path folder, String name) {
        return new DatabaseBuilder(DatabaseBuilder.embedded(folder, name));
    }

    /**
     * Fails if the database cannot be reached, or does not let this user in. Waits as {@link #query} does.
     *
     * @throws RefusedException with {@link SqlFailure#UNREACHABLE} or {@link SqlFailure#DENIED}
     */
    public void check() throws DatabaseException {
        query("select 1", Integer.class);
    }

    // ------------------------------------------------------------------------------------------- direct style

    @Override
    public <T> List<T> query(Query query, Class<T> row) throws DatabaseException {
        return ask(query, session -> session.query(query, row));
    }

    @Override
    public long update(Query query) throws DatabaseException {
        return ask(query, session -> session.update(query));
    }

    @Override
    public <K> K insert(Query query, Class<K> key) throws DatabaseException {
        return ask(query, session -> session.insert(query, key));
    }

    @Override
    public long batch(String sql, List<? extends List<? extends @Nullable Object>> parameters)
            throws DatabaseException {
        return ask(new Query(sql, List.of()), session -> session.batch(sql, parameters));
    }

    @Override
    public <T, X extends Exception> long stream(Query query, Class<T> row, RowConsumer<? super T, X> consumer)
            throws DatabaseException, X {
        return transaction(transaction -> transaction.stream(query, row, consumer));
    }

    /**
     * Runs {@code body} in a transaction: on the calling thread, while its statements run where queries run.
     *
     * @throws X what the body throws; everything is rolled back then
     * @throws DatabaseException if a statement fails and the body lets that pass; if the commit fails, with {@link SqlFailure#COMMIT_UNKNOWN}
     *     where the connection broke in it
     * @throws IllegalStateException inside another transaction of this database
     */
    public <T, X extends Exception> T transaction(Transaction.Body<T, X> body) throws DatabaseException, X {
        return transact(null, body);
    }

    /** As {@link #transaction(Transaction.Body)}, at that level of isolation instead of the database's own. */
    public <T, X extends Exception> T transaction(Isolation isolation, Transaction.Body<T, X> body)
            throws DatabaseException, X {
        return transact(isolation, body);
    }

    // ------------------------------------------------------------------------------------------- as an operation

    /**
     * Starts {@code work}, all of it where queries run, with each statement committed by itself. Any thread; never waits.
     *
     * @param loop on which the operation ends
     * @return yields what the work does; fails with what it throws, with {@link RefusedException} if it was not let in; is cancelled in the
     *     database
     */
    public <T> Operation<T> start(Loop loop, Work<T> work) {
        return submit(loop, WORK, inSession(work), null);
    }

    /** As {@link #start}, all of it in one transaction. */
    public <T> Operation<T> startTransaction(Loop loop, Transaction.Body<T, Exception> body) {
        return submit(loop, TRANSACTION, inTransaction(body), null);
    }

    /**
     * Runs {@code work} where queries run, and {@code next} with its outcome where {@code how} says. Waits only if that is {@link
     * Continuation#SYNCHRONOUS}; meant for a loop's own thread, so that all three can be compared. What {@code next} throws is reported by the
     * loop. Work that was not let in has no database thread: {@code next} then runs on the loop.
     *
     * @return the work, for who wants to cancel it, such as when a client has gone; {@code next} learns of that
     * @throws IllegalArgumentException for {@link Continuation#CALLBACK} where queries run on loops
     */
    public <T> Operation<T> then(Continuation how, Work<T> work, Consumer<? super Operation.Outcome<T>> next) {
        return then(how, WORK, inSession(work), next);
    }

    /** As {@link #then}, all of the work in one transaction. */
    public <T> Operation<T> thenTransaction(
            Continuation how, Transaction.Body<T, Exception> body, Consumer<? super Operation.Outcome<T>> next) {
        return then(how, TRANSACTION, inTransaction(body), next);
    }

    private <T> Operation<T> then(
            Continuation how, String attempt, Job.Body<T> body, Consumer<? super Operation.Outcome<T>> next) {
        return switch (how) {
            case SYNCHRONOUS -> {
                Loop other = ownLoop();
                Operation<T> operation = submit(other, attempt, body, null);
                operation.toStage().toCompletableFuture().handle((_, _) -> true).join();
                try {
                    next.accept(operation.poll().orElseThrow());
                } catch (Throwable failure) {
                    Loop.current().orElse(other).report("what continues after a query", failure);
                }
                yield operation;
            }
            case CALLBACK -> {
                if (threads == null) {
                    throw new IllegalArgumentException(
                            "queries of " + settings + " run on loops: there is no database thread to call back on");
                }
                AtomicBoolean told = new AtomicBoolean();
                Operation<T> operation = submit(home(), attempt, body, outcome -> {
                    told.set(true);
                    ScopedValue.where(THREAD_OF, this).run(() -> next.accept(outcome));
                });
                operation.onDone(outcome -> {
                    if (!told.get()) {
                        next.accept(outcome);
                    }
                });
                yield operation;
            }
            case NOTIFICATION -> {
                Operation<T> operation = submit(home(), attempt, body, null);
                operation.onDone(next);
                yield operation;
            }
        };
    }

    // ------------------------------------------------------------------------------------------- about it

    /** Figures, as of about now. */
    public DatabaseStatus status() {
        int connections = 0;
        int inUse = 0;
        int waiting = 0;
        long admitted = 0;
        long refusedAtOnce = 0;
        long refusedLate = 0;
        for (Lane lane : lanes()) {
            connections += lane.pool.connections();
            inUse += lane.pool.inUse();
            waiting += lane.admission.waiting();
            admitted += lane.admission.admissions();
            refusedAtOnce += lane.admission.refusedAtOnce();
            refusedLate += lane.admission.refusedLate();
        }
        return new DatabaseStatus(connections, inUse, waiting, admitted, refusedAtOnce, refusedLate);
    }

    /** For the live page and the metrics. */
    private Figures.Row row() {
        DatabaseStatus now = status();
        return new Figures.Row(
                "database",
                toString(),
                List.of(
                        Figures.Figure.level("connections", now.connections()),
                        Figures.Figure.level("in_use", now.inUse()),
                        Figures.Figure.level("waiting", now.waiting()),
                        Figures.Figure.count("admitted", now.admitted()),
                        Figures.Figure.count("refused_at_once", now.refusedAtOnce()),
                        Figures.Figure.count("refused_late", now.refusedLate())));
    }

    public Placement placement() {
        return settings.placement();
    }

    /** Its URL, without settings and secrets. */
    @Override
    public String toString() {
        return settings.printableUrl();
    }

    /** Takes no more work, waits some seconds for what runs, and closes the connections. Blocks; not for a loop's thread. */
    @Override
    public void close() {
        figures.close();
        closed = true;
        lanes().forEach(Lane::close);
        aside.close();
        LoopGroup mine;
        synchronized (this) {
            mine = own;
        }
        if (mine != null) {
            mine.close();
        }
    }

    // ------------------------------------------------------------------------------------------- inside

    private <T> T ask(Query query, Work<T> work) throws DatabaseException {
        if (isCallersThread()) {
            return onThisThread(
                    query,
                    connection ->
                            known(query, () -> work.run(new JdbcSession(connection, settings, Cancellation.NONE))));
        }
        return await(query, submit(home(), query, inSession(work), null));
    }

    private <T> Operation<T> submit(
            Loop loop, Object attempt, Job.Body<T> body, @Nullable Consumer<? super Operation.Outcome<T>> callback) {
        requireUsable();
        return Job.alone(loop, lane(loop), settings, attempt, callback, body).within(settings.statementMax());
    }

    private <T> Job.Body<T> inSession(Work<T> work) {
        return (connection, cancellation) -> work.run(new JdbcSession(connection, settings, cancellation));
    }

    private <T> Job.Body<T> inTransaction(Transaction.Body<T, Exception> body) {
        return (connection, cancellation) -> inPlace(connection, cancellation, null, body);
    }

    private <T, X extends Exception> T transact(@Nullable Isolation isolation, Transaction.Body<T, X> body)
            throws DatabaseException, X {
        requireUsable();
        if (isCallersThread()) {
            return onThisThread(TRANSACTION, connection -> inPlace(connection, Cancellation.NONE, isolation, body));
        }
        Loop home = home();
        String begin = "begin a transaction";
        Job.Lease lease = await(begin, Job.lease(home, lane(home), settings, begin, (connection, _) -> {
            Transaction.begin(connection, isolation);
            return true;
        }));
        Transaction transaction = new Transaction(this, settings, new Transaction.Steps() {
            @Override
            public <S> S take(Object attempt, Job.Body<S> step) throws DatabaseException {
                return await(
                        attempt, Job.on(lease, home, settings, attempt, step).within(settings.statementMax()));
            }
        });
        return run(
                transaction,
                body,
                () -> {
                    if (Thread.currentThread().isInterrupted()) {
                        throw told("commit", Scope.whyInterrupted(), null);
                    }
                },
                () -> await("commit", Job.last(lease, home, settings, "commit", (connection, _) -> {
                    Transaction.commit(connection);
                    return true;
                })),
                () -> await("roll back", Job.last(lease, home, settings, "roll back", (connection, _) -> {
                    connection.rollback();
                    return true;
                })));
    }

    /** A transaction on the calling thread from beginning to end: where queries run. */
    private <T, X extends Exception> T inPlace(
            Connection connection,
            Cancellation cancellation,
            @Nullable Isolation isolation,
            Transaction.Body<T, X> body)
            throws DatabaseException, X {
        try {
            Transaction.begin(connection, isolation);
        } catch (SQLException said) {
            throw Diagnosis.of("begin a transaction", said);
        }
        Transaction transaction = new Transaction(this, settings, new Transaction.Steps() {
            @Override
            public <S> S take(Object attempt, Job.Body<S> step) throws DatabaseException {
                return known(attempt, () -> step.run(connection, cancellation));
            }
        });
        return run(
                transaction,
                body,
                () -> {
                    if (cancellation.isRequested()) {
                        throw new DatabaseException("commit", SqlFailure.CANCELLED, null);
                    }
                },
                () -> known("commit", () -> {
                    Transaction.commit(connection);
                    return true;
                }),
                () -> known("roll back", () -> {
                    connection.rollback();
                    return true;
                }));
    }

    /** What ends a transaction. */
    @FunctionalInterface
    private interface Ending {
        void take() throws DatabaseException;
    }

    private <T, X extends Exception> T run(
            Transaction transaction, Transaction.Body<T, X> body, Ending check, Ending commit, Ending rollback)
            throws DatabaseException, X {
        Operation.Outcome<T> outcome;
        try {
            T value =
                    ScopedValue.where(Transaction.CURRENT, transaction).<T, Exception>call(() -> body.run(transaction));
            transaction.requireUnbroken();
            check.take();
            outcome = new Operation.Success<>(value);
        } catch (Throwable failure) {
            outcome = new Operation.Failed<>(failure);
        } finally {
            transaction.end();
        }
        switch (outcome) {
            case Operation.Success<T>(T value) -> {
                commit.take();
                return value;
            }
            case Operation.Failed<T>(Throwable failure) -> {
                try {
                    rollback.take();
                } catch (DatabaseException broken) {
                    failure.addSuppressed(broken); // the database rolls back what it hears no more of
                }
                switch (failure) {
                    case DatabaseException known -> throw known;
                    case RuntimeException unchecked -> throw unchecked;
                    case Error error -> throw error;
                    default -> {
                        @SuppressWarnings("unchecked") // the body throws nothing else
                        X theirs = (X) failure;
                        throw theirs;
                    }
                }
            }
        }
    }

    /** What is done with a connection on the calling thread. */
    @FunctionalInterface
    private interface Use<T, X extends Exception> {
        T with(Connection connection) throws DatabaseException, X;
    }

    /** The caller is a database thread, and has been let in already. */
    private <T, X extends Exception> T onThisThread(Object attempt, Use<T, X> use) throws DatabaseException, X {
        Lane lane = threads;
        if (lane == null) {
            throw new IllegalStateException("no database thread");
        }
        Connection connection = known(attempt, lane::take);
        try {
            return use.with(connection);
        } finally {
            lane.giveBack(connection);
        }
    }

    /** Something that JDBC does, with failures as ours. */
    private static <T> T known(Object attempt, Callable<T> body) throws DatabaseException {
        try {
            return body.call();
        } catch (DatabaseException | RuntimeException failure) {
            throw failure;
        } catch (SQLException said) {
            throw Diagnosis.of(attempt.toString(), said);
        } catch (Exception failure) {
            throw new DatabaseException(attempt.toString(), SqlFailure.OTHER, failure);
        }
    }

    private <T> T await(Object attempt, Operation<T> operation) throws DatabaseException {
        try {
            return operation.await();
        } catch (DatabaseException failure) {
            throw failure;
        } catch (OperationException failure) {
            throw told(attempt, failure.failure(), failure);
        } catch (IOException failure) {
            throw new DatabaseException(
                    attempt.toString(), SqlFailure.OTHER, String.valueOf(failure.getMessage()), failure);
        }
    }

    /** What it means for a statement that an operation of the loop failed so. */
    private static DatabaseException told(Object attempt, Failure why, @Nullable Throwable cause) {
        SqlFailure failure = switch (why) {
            case TIMED_OUT -> SqlFailure.TIMED_OUT;
            case CANCELLED -> SqlFailure.CANCELLED;
            case CLOSED -> SqlFailure.CLOSED;
            default -> SqlFailure.OTHER;
        };
        return new DatabaseException(attempt.toString(), failure, cause);
    }

    private boolean isCallersThread() {
        return THREAD_OF.isBound() && THREAD_OF.get() == this;
    }

    private void requireUsable() {
        if (closed) {
            throw new IllegalStateException("the database " + settings.printableUrl() + " was closed");
        }
        if (Transaction.isInside(this)) {
            throw new IllegalStateException(
                    "inside a transaction of this database: use the transaction, not the database;"
                            + " and Transaction.nested for a part that may fail by itself");
        }
    }

    private Loop home() {
        return Loop.current().orElseGet(this::ownLoop);
    }

    private Loop ownLoop() {
        LoopGroup mine = own;
        return (mine == null ? openOwn() : mine).next();
    }

    private synchronized LoopGroup openOwn() {
        LoopGroup mine = own;
        if (closed) {
            throw new IllegalStateException("the database " + settings.printableUrl() + " was closed");
        }
        if (mine == null) {
            mine = LoopGroup.start("pumasi-sql", 1, Drivers.AUTO);
            own = mine;
        }
        return mine;
    }

    private Lane lane(Loop loop) {
        if (threads != null) {
            return threads;
        }
        Lane.OnLoop known = loops.get(loop);
        if (known != null) {
            return known;
        }
        LoopGroup mine = own;
        boolean forOthers = mine != null && mine.loops().contains(loop);
        Settings here = forOthers ? settings.onLoopWithAtMost(OWN_CONNECTIONS_MAX) : settings;
        Lane.OnLoop fresh = new Lane.OnLoop(loop, name() + "-" + loop.name(), here, aside);
        Lane.OnLoop there = loops.putIfAbsent(loop, fresh);
        return there == null ? fresh : there;
    }

    private List<Lane> lanes() {
        List<Lane> all = new ArrayList<>(loops.values());
        if (threads != null) {
            all.add(threads);
        }
        return all;
    }

    private static String name() {
        return "pumasi-sql";
    }
}
