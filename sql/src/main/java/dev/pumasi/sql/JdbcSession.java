package dev.pumasi.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks through JDBC, on the calling thread, which waits as the driver waits: a database thread, or a green thread of its own. */
final class JdbcSession implements Session {

    private final Connection connection;
    private final Settings settings;
    private final Cancellation cancellation;

    JdbcSession(Connection connection, Settings settings, Cancellation cancellation) {
        this.connection = connection;
        this.settings = settings;
        this.cancellation = cancellation;
    }

    /** What is done with a statement whose parameters are bound. */
    @FunctionalInterface
    private interface Step<T> {
        T take(PreparedStatement statement) throws SQLException, DatabaseException;
    }

    @Override
    public <T> List<T> query(Query query, Class<T> row) throws DatabaseException {
        RowType<T> type = RowType.of(row);
        return run(query.sql(), Statement.NO_GENERATED_KEYS, statement -> {
            Parameters.bind(statement, query.parameters());
            statement.setMaxRows(settings.rowsMax() + 1);
            try (ResultSet rows = statement.executeQuery()) {
                RowType<T>.Reader reader = type.reader(rows, query.sql());
                List<T> all = new ArrayList<>();
                while (rows.next()) {
                    if (all.size() == settings.rowsMax()) {
                        throw new DatabaseException(
                                query.attempt(), SqlFailure.TOO_MANY_ROWS, "the limit is " + settings.rowsMax(), null);
                    }
                    all.add(reader.row());
                }
                return all;
            }
        });
    }

    @Override
    public long update(Query query) throws DatabaseException {
        return run(query.sql(), Statement.NO_GENERATED_KEYS, statement -> {
            Parameters.bind(statement, query.parameters());
            statement.execute();
            return Math.max(0, statement.getLargeUpdateCount());
        });
    }

    @Override
    public <K> K insert(Query query, Class<K> key) throws DatabaseException {
        RowType<K> type = RowType.of(key);
        return run(query.sql(), Statement.RETURN_GENERATED_KEYS, statement -> {
            Parameters.bind(statement, query.parameters());
            statement.executeUpdate();
            try (ResultSet keys = statement.getGeneratedKeys()) {
                if (!keys.next()) {
                    throw new DatabaseException(
                            query.attempt(), SqlFailure.WRONG_STATEMENT, "it generated no key", null);
                }
                return type.first(keys, query.sql()).row();
            }
        });
    }

    @Override
    public long batch(String sql, List<? extends List<? extends @Nullable Object>> parameters)
            throws DatabaseException {
        if (parameters.isEmpty()) {
            return 0;
        }
        return run(sql, Statement.NO_GENERATED_KEYS, statement -> {
            for (List<? extends @Nullable Object> values : parameters) {
                Parameters.bind(statement, values);
                statement.addBatch();
            }
            long changed = 0;
            for (int count : statement.executeBatch()) {
                changed += Math.max(0, count); // it may also say that it does not know
            }
            return changed;
        });
    }

    @Override
    public <T, X extends Exception> long stream(Query query, Class<T> row, RowConsumer<? super T, X> consumer)
            throws DatabaseException, X {
        long count = 0;
        try (Cursor<T> cursor = Cursor.open(connection, settings, cancellation, query, row)) {
            for (List<T> rows = cursor.next(cancellation); !rows.isEmpty(); rows = cursor.next(cancellation)) {
                for (T each : rows) {
                    consumer.accept(each);
                    count++;
                }
            }
        }
        return count;
    }

    private <T> T run(String sql, int keys, Step<T> step) throws DatabaseException {
        try (PreparedStatement statement = keys == Statement.RETURN_GENERATED_KEYS
                ? connection.prepareStatement(sql, keys)
                : connection.prepareStatement(sql)) {
            cancellation.begins(statement::cancel);
            try {
                return step.take(statement);
            } finally {
                cancellation.ends();
            }
        } catch (SQLException said) {
            throw Diagnosis.of(Query.attempt(sql), said);
        }
    }
}
