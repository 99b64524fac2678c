package dev.pumasi.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.core.BaseConnection;

/**
 * A result that is fetched piece by piece. PostgreSQL does that inside a transaction only, so it opens one where there is none. Each method
 * runs where queries run; one at a time, but not always on the same thread.
 */
final class Cursor<T> implements AutoCloseable {

    private final Connection connection;
    private final boolean ownTransaction;
    private final PreparedStatement statement;
    private final ResultSet rows;
    private final RowType<T>.Reader reader;
    private final Query query;
    private final int fetchRows;
    private boolean ended;

    private Cursor(
            Connection connection,
            boolean ownTransaction,
            PreparedStatement statement,
            ResultSet rows,
            RowType<T>.Reader reader,
            Query query,
            int fetchRows) {
        this.connection = connection;
        this.ownTransaction = ownTransaction;
        this.statement = statement;
        this.rows = rows;
        this.reader = reader;
        this.query = query;
        this.fetchRows = fetchRows;
    }

    static <T> Cursor<T> open(
            Connection connection, Settings settings, Cancellation cancellation, Query query, Class<T> row)
            throws DatabaseException {
        RowType<T> type = RowType.of(row);
        try {
            boolean ownTransaction = connection.getAutoCommit();
            if (ownTransaction) {
                connection.setAutoCommit(false);
            }
            PreparedStatement statement = connection.prepareStatement(query.sql());
            try {
                Parameters.bind(statement, query.parameters());
                statement.setFetchSize(settings.fetchRows());
                cancellation.begins(statement::cancel);
                try {
                    ResultSet rows = statement.executeQuery();
                    RowType<T>.Reader reader = type.reader(rows, query.sql());
                    return new Cursor<>(
                            connection, ownTransaction, statement, rows, reader, query, settings.fetchRows());
                } finally {
                    cancellation.ends();
                }
            } catch (SQLException | DatabaseException | RuntimeException failure) {
                abandon(statement, connection, ownTransaction, failure);
                throw failure;
            }
        } catch (SQLException said) {
            throw Diagnosis.of(query.attempt(), said);
        }
    }

    /** The next rows, as many as are fetched at once; empty at the end. */
    List<T> next(Cancellation cancellation) throws DatabaseException {
        List<T> some = new ArrayList<>();
        if (ended) {
            return some;
        }
        try {
            cancellation.begins(this::cancelFetch);
            try {
                while (some.size() < fetchRows && !ended) {
                    if (rows.next()) {
                        some.add(reader.row());
                    } else {
                        ended = true;
                    }
                }
            } finally {
                cancellation.ends();
            }
            return some;
        } catch (SQLException said) {
            throw Diagnosis.of(query.attempt(), said);
        }
    }

    /** PostgreSQL's driver thinks that a statement is over when its first rows have come. */
    private void cancelFetch() throws SQLException {
        if (connection.isWrapperFor(BaseConnection.class)) {
            connection.unwrap(BaseConnection.class).cancelQuery();
        } else {
            statement.cancel();
        }
    }

    /** Its own transaction takes effect if all rows were fetched: the statement may have changed something as well. */
    @Override
    public void close() throws DatabaseException {
        try {
            rows.close();
            statement.close();
            if (ownTransaction) {
                if (ended) {
                    connection.commit();
                } else {
                    connection.rollback();
                }
                connection.setAutoCommit(true);
            }
        } catch (SQLException said) {
            throw Diagnosis.of(query.attempt(), said);
        }
    }

    private static void abandon(
            PreparedStatement statement, Connection connection, boolean ownTransaction, Exception failure) {
        try {
            statement.close();
            if (ownTransaction) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException broken) {
            failure.addSuppressed(broken); // the pool looks at the connection when it comes back
        }
    }
}
