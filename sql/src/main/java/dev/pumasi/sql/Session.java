package dev.pumasi.sql;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Asks a database, in direct style: each method returns when it has the answer. A green thread parks meanwhile, a platform thread blocks;
 * a loop's own thread must not call ({@link IllegalStateException}).
 *
 * <p><b>Rows</b> are records: a column belongs to the component of the same name, whatever the case and without underscores, so {@code
 * unit_price} to {@code unitPrice}. Each component needs a column; other columns are passed over. Where a column may be null, its component is
 * an {@link Optional} or annotated {@code @Nullable}. A single column can be asked for by its type ({@code Long.class}). Types: numbers,
 * {@code boolean}, {@link String}, {@code byte[]}, {@link java.math.BigDecimal}, {@link java.util.UUID}, {@link java.time.Instant}, {@link
 * java.time.OffsetDateTime}, {@link java.time.LocalDate}, {@code LocalTime}, {@code LocalDateTime}, enums by name.
 *
 * <p><b>Parameters</b> take the places of {@code ?}, in order, and are of the same types, null, or an {@link Optional}. They are handed to the
 * database beside the statement and are never part of its text.
 *
 * <p>A type that is no row's, or a parameter that is no value, fails with {@link IllegalArgumentException}.
 */
public sealed interface Session permits Database, Transaction, JdbcSession {

    /**
     * All rows, in order.
     *
     * @throws DatabaseException with {@link SqlFailure#TOO_MANY_ROWS} if there are more than the database's {@code rowsMax}
     */
    <T> List<T> query(Query query, Class<T> row) throws DatabaseException;

    /** How many rows it changed. */
    long update(Query query) throws DatabaseException;

    /** As {@link #update}, and the key that the database gave the new row: its identity column, which must be the table's first. */
    <K> K insert(Query query, Class<K> key) throws DatabaseException;

    /**
     * The same statement for each of these lists of parameters, sent together.
     *
     * @return how many rows they changed, all together
     */
    long batch(String sql, List<? extends List<? extends @Nullable Object>> parameters) throws DatabaseException;

    /**
     * Hands the rows to {@code consumer}, one after another, however many there are: at most {@code fetchRows} of them are in memory, and no
     * more are fetched until those are consumed. Holds its connection, and a snapshot in the database, until it returns.
     *
     * @return how many there were
     * @throws X what the consumer throws; the rest is not fetched then
     */
    <T, X extends Exception> long stream(Query query, Class<T> row, RowConsumer<? super T, X> consumer)
            throws DatabaseException, X;

    /** As {@link #query(Query, Class)}. */
    default <T> List<T> query(String sql, Class<T> row, @Nullable Object... parameters) throws DatabaseException {
        return query(Query.of(sql, parameters), row);
    }

    /**
     * The row, or empty if there is none.
     *
     * @throws DatabaseException with {@link SqlFailure#TOO_MANY_ROWS} if there are several
     */
    default <T> Optional<T> one(String sql, Class<T> row, @Nullable Object... parameters) throws DatabaseException {
        Query query = Query.of(sql, parameters);
        List<T> rows = query(query, row);
        if (rows.size() > 1) {
            throw new DatabaseException(
                    query.attempt(), SqlFailure.TOO_MANY_ROWS, rows.size() + " instead of one", null);
        }
        return rows.isEmpty() ? Optional.empty() : Optional.of(rows.getFirst());
    }

    /** As {@link #update(Query)}. */
    default long update(String sql, @Nullable Object... parameters) throws DatabaseException {
        return update(Query.of(sql, parameters));
    }

    /** As {@link #insert(Query, Class)}. */
    default <K> K insert(String sql, Class<K> key, @Nullable Object... parameters) throws DatabaseException {
        return insert(Query.of(sql, parameters), key);
    }
}
