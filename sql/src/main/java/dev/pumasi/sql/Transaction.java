package dev.pumasi.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction's statements are run through. It is committed when its body returns, and rolled back when the body throws, is
 * cancelled, or has swallowed the failure of one of its statements: a transaction has all of its effect or none.
 *
 * <p>It belongs to its body: used afterwards, or by two threads at once, it fails with {@link IllegalStateException}.
 */
public final class Transaction implements Session {

    /** What a transaction is for. */
    @FunctionalInterface
    public interface Body<T, X extends Exception> {
        T run(Transaction transaction) throws DatabaseException, X;
    }

    /** Runs one step of it where queries run, and waits for it. */
    interface Steps {
        <T> T take(Object attempt, Job.Body<T> step) throws DatabaseException;
    }

    /** The one around the caller, if there is one. */
    static final ScopedValue<Transaction> CURRENT = ScopedValue.newInstance();

    private final Database database;
    private final Settings settings;
    private final Steps steps;
    private final @Nullable Transaction outer;
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile boolean over;
    private volatile boolean failed;

    Transaction(Database database, Settings settings, Steps steps) {
        this.database = database;
        this.settings = settings;
        this.steps = steps;
        outer = CURRENT.isBound() ? CURRENT.get() : null;
    }

    /** Whether the caller is inside a transaction of that database. */
    static boolean isInside(Database database) {
        for (Transaction each = CURRENT.isBound() ? CURRENT.get() : null; each != null; each = each.outer) {
            if (each.database == database) {
                return true;
            }
        }
        return false;
    }

    @Override
    public <T> List<T> query(Query query, Class<T> row) throws DatabaseException {
        return step(
                query,
                (connection, cancellation) -> new JdbcSession(connection, settings, cancellation).query(query, row));
    }

    @Override
    public long update(Query query) throws DatabaseException {
        return step(
                query, (connection, cancellation) -> new JdbcSession(connection, settings, cancellation).update(query));
    }

    @Override
    public <K> K insert(Query query, Class<K> key) throws DatabaseException {
        return step(
                query,
                (connection, cancellation) -> new JdbcSession(connection, settings, cancellation).insert(query, key));
    }

    @Override
    public long batch(String sql, List<? extends List<? extends @Nullable Object>> parameters)
            throws DatabaseException {
        return step(
                new Query(sql, List.of()),
                (connection, cancellation) ->
                        new JdbcSession(connection, settings, cancellation).batch(sql, parameters));
    }

    @Override
    public <T, X extends Exception> long stream(Query query, Class<T> row, RowConsumer<? super T, X> consumer)
            throws DatabaseException, X {
        Cursor<T> cursor =
                step(query, (connection, cancellation) -> Cursor.open(connection, settings, cancellation, query, row));
        boolean whole = false;
        try {
            long count = 0;
            List<T> rows;
            do {
                rows = step(query, (_, cancellation) -> cursor.next(cancellation));
                for (T each : rows) {
                    consumer.accept(each);
                    count++;
                }
            } while (!rows.isEmpty());
            whole = true;
            return count;
        } finally {
            if (whole || !failed) {
                step(query, (_, _) -> {
                    cursor.close();
                    return true;
                });
            }
        }
    }

    /**
     * A part that may fail without the rest: behind a savepoint, to which it is rolled back when {@code part} throws. What it throws goes on to
     * the caller, who may catch it and go on with the transaction.
     */
    public <T, X extends Exception> T nested(Body<T, X> part) throws DatabaseException, X {
        requireUnbroken();
        Savepoint savepoint = step("set a savepoint", (connection, _) -> connection.setSavepoint());
        boolean done = false;
        try {
            T value = part.run(this);
            requireUnbroken();
            done = true;
            return value;
        } finally {
            boolean keep = done;
            failed = false;
            step(keep ? "release a savepoint" : "roll back to a savepoint", (connection, _) -> {
                if (keep) {
                    connection.releaseSavepoint(savepoint);
                } else {
                    connection.rollback(savepoint);
                }
                return true;
            });
        }
    }

    /** Its body is over; must not be used any more. */
    void end() {
        over = true;
    }

    /** Fails if a statement has failed and its body did not. */
    void requireUnbroken() throws DatabaseException {
        if (failed) {
            throw new DatabaseException("commit", SqlFailure.ROLLED_BACK, null);
        }
    }

    private <T> T step(Object attempt, Job.Body<T> step) throws DatabaseException {
        if (over) {
            throw new IllegalStateException("this transaction is over: use it inside its body only");
        }
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("a transaction does one thing at a time, and another thread is using it");
        }
        boolean well = false;
        try {
            T value = steps.take(attempt, step);
            well = true;
            return value;
        } finally {
            failed |= !well;
            busy.set(false);
        }
    }

    /** Begins one on a connection that is free. Where queries run. */
    static void begin(Connection connection, @Nullable Isolation isolation) throws SQLException {
        if (isolation != null) {
            connection.setTransactionIsolation(isolation.level);
        }
        connection.setAutoCommit(false);
    }

    /** Where queries run. */
    static void commit(Connection connection) throws SQLException, DatabaseException {
        try {
            connection.commit();
        } catch (SQLException said) {
            SqlFailure why = Diagnosis.failure(said);
            if (why == SqlFailure.CONNECTION_LOST) {
                throw new DatabaseException("commit", SqlFailure.COMMIT_UNKNOWN, said);
            }
            throw said;
        }
    }
}
