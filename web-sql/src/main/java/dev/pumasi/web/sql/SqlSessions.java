package dev.pumasi.web.sql;

import dev.pumasi.sql.ConstraintException;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.DatabaseException;
import dev.pumasi.web.SessionStore;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Sessions in a table of a database: they outlive the process, and all processes that use the same database and the same {@link
 * dev.pumasi.web.CookieKeys} share them.
 *
 * <pre>{@code
 * SqlSessions store = SqlSessions.open(database);
 * Sessions sessions = Sessions.builder(CookieKeys.of(key), store).build();
 * }</pre>
 *
 * <p><b>The table</b> is {@value #TABLE}; it is made when it is not there. A row is a session: the digest that is its key, its values in
 * one column of text ({@link StoredValues}), and three times in milliseconds, which are compared in the database and never taken from
 * its clock. Tried with PostgreSQL and H2.
 *
 * <p><b>What a request costs</b>: one statement to load it, by the primary key; to save it one, two when it is new. No transaction spans a
 * request, and no row is locked between two statements. Of two requests of one client at the same time the one that saves later
 * stays, as in every {@link SessionStore}, on whichever process it was.
 *
 * <p><b>Expiry.</b> Sessions that are over are not loaded, by the web server's own look at their times. Their rows are deleted
 * by a request that saves, at most once in {@value #SWEEP_EVERY_MILLIS} ms of each process and {@value #SWEPT_AT_ONCE_MAX} at a time, until none is
 * left; a session that is saved again meanwhile stays. If that fails the request goes on, and it is counted.
 *
 * <p><b>What it will not do</b>: keep sessions in memory besides. Who reads one waits for the database, and learns of it when the
 * database is gone ({@link DatabaseException}).
 *
 * <p>Any thread may call; a green thread parks meanwhile. Closes nothing: the database is its owner's.
 */
public final class SqlSessions implements SessionStore {

    static final String TABLE = "pumasi_sessions";

    static final long SWEEP_EVERY_MILLIS = 60_000;

    static final int SWEPT_AT_ONCE_MAX = 1_000;

    private static final String CREATE = "create table if not exists " + TABLE
            + " (session_key varchar(64) primary key, saved varchar(100000) not null, created_millis bigint not null,"
            + " seen_millis bigint not null, expires_millis bigint not null)";

    private static final String INDEX =
            "create index if not exists " + TABLE + "_expiry on " + TABLE + " (expires_millis)";

    private static final String LOAD =
            "select saved, created_millis, seen_millis from " + TABLE + " where session_key = ?";

    private static final String REPLACE = "update " + TABLE
            + " set saved = ?, created_millis = ?, seen_millis = ?, expires_millis = ? where session_key = ?";

    private static final String INSERT = "insert into " + TABLE
            + " (saved, created_millis, seen_millis, expires_millis, session_key) values (?, ?, ?, ?, ?)";

    private static final String DELETE = "delete from " + TABLE + " where session_key = ?";

    /** The condition stands there twice: a row that was saved again since the inner one looked must not go. */
    private static final String SWEEP = "delete from " + TABLE
            + " where expires_millis <= ? and session_key in (select session_key from " + TABLE
            + " where expires_millis <= ? order by expires_millis fetch first " + SWEPT_AT_ONCE_MAX + " rows only)";

    record Row(String saved, long createdMillis, long seenMillis) {}

    private final Database database;
    private final AtomicLong nextSweepMillis = new AtomicLong();
    private final LongAdder swept = new LongAdder();
    private final LongAdder sweepFailures = new LongAdder();

    private SqlSessions(Database database) {
        this.database = database;
    }

    /**
     * Sessions in that database, whose table is made if it is not there. Parks a green thread, blocks any other.
     *
     * @throws DatabaseException if the database cannot be reached, or this user may neither use nor make the table
     */
    public static SqlSessions open(Database database) throws DatabaseException {
        try {
            database.update(CREATE);
            database.update(INDEX);
        } catch (DatabaseException refused) {
            // Two processes that begin at once both make it, and PostgreSQL tells one of them; or this user may only
            // use it.
            try {
                database.one(LOAD, Row.class, "");
            } catch (DatabaseException notThere) {
                refused.addSuppressed(notThere);
                throw refused;
            }
        }
        return new SqlSessions(database);
    }

    @Override
    public @Nullable Stored load(String key) throws IOException {
        Row row = database.one(LOAD, Row.class, key).orElse(null);
        return row == null ? null : new Stored(StoredValues.read(row.saved), row.createdMillis, row.seenMillis);
    }

    @Override
    public void save(String key, Stored session, long expiresMillis) throws IOException {
        Map<String, String> values = session.values();
        Object[] row = {StoredValues.write(values), session.createdMillis(), session.seenMillis(), expiresMillis, key};
        if (database.update(REPLACE, row) == 0) {
            try {
                database.update(INSERT, row);
            } catch (ConstraintException madeMeanwhile) {
                database.update(REPLACE, row);
            }
        }
        sweepIfDue(session.seenMillis());
    }

    @Override
    public void delete(String key) throws IOException {
        database.update(DELETE, key);
    }

    private void sweepIfDue(long nowMillis) {
        long due = nextSweepMillis.get();
        if (nowMillis < due || !nextSweepMillis.compareAndSet(due, nowMillis + SWEEP_EVERY_MILLIS)) {
            return;
        }
        try {
            long gone = database.update(SWEEP, nowMillis, nowMillis);
            swept.add(gone);
            if (gone == SWEPT_AT_ONCE_MAX) {
                nextSweepMillis.set(nowMillis); // there are more: the next one that saves goes on
            }
        } catch (DatabaseException failure) {
            sweepFailures.increment();
        }
    }

    /** How many rows of expired sessions this one has deleted. Any thread. */
    public long swept() {
        return swept.sum();
    }

    /** How often that has failed; the next is a minute later. Any thread. */
    public long sweepFailures() {
        return sweepFailures.sum();
    }
}
