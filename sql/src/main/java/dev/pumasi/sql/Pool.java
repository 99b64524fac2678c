package dev.pumasi.sql;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Some open connections: HikariCP, which keeps as many as there may be, looks at them now and then, and replaces those that broke. Nobody
 * waits in it for a connection that is in use, since {@link Admission} stands before it; only for one that is being made.
 */
final class Pool implements AutoCloseable {

    /** How a connection is made; the pool's own thread asks. */
    @FunctionalInterface
    interface Connecting {
        Connection connect(Callable<Connection> plain) throws Exception;
    }

    private static final int SECOND_MILLIS = 1000;

    /**
     * A server that runs a statement looks each second whether its client is still there. Else a connection that was cut, because
     * a cancellation did not get through, would leave its statement running to its end. PostgreSQL 14 has it; before, this
     * selects nothing.
     */
    private static final String NOTICES_GONE = "; select set_config(name, '" + SECOND_MILLIS
            + "', false) from pg_settings where name = 'client_connection_check_interval'";

    /** It tells of each start and stop; whoever wants to hear that gives its logger a level. Kept, or its level would be forgotten. */
    private static final Logger TALKATIVE = Logger.getLogger("com.zaxxer.hikari");

    static {
        if (TALKATIVE.getLevel() == null) {
            TALKATIVE.setLevel(Level.WARNING);
        }
    }

    private final String name;
    private final Settings settings;
    private final Connecting connecting;

    /** Written under this object's monitor, by threads that may block; read by any. */
    private volatile @Nullable HikariDataSource source;

    private volatile boolean closed;

    Pool(String name, Settings settings, Connecting connecting) {
        this.name = name;
        this.settings = settings;
        this.connecting = connecting;
    }

    /**
     * A connection, if more are there than others are about to take: then it does not wait. Null otherwise.
     *
     * @param others how many may be in {@link #take} at this moment
     */
    @Nullable
    Connection idle(int others) throws SQLException {
        HikariDataSource open = source;
        return open != null && open.getHikariPoolMXBean().getIdleConnections() > others ? open.getConnection() : null;
    }

    /** A connection; waits at most {@code connectMax} for one that is being made. Blocks. */
    Connection take() throws SQLException {
        HikariDataSource open = source;
        return (open == null ? open() : open).getConnection();
    }

    /** Whether somebody blocks in {@link #take}, so that giving back may block too. */
    boolean isAwaited() {
        HikariDataSource open = source;
        return open != null && open.getHikariPoolMXBean().getThreadsAwaitingConnection() > 0;
    }

    /** Never to be used again: it was cut. */
    void evict(Connection connection) {
        HikariDataSource open = source;
        if (open != null) {
            open.evictConnection(connection);
        }
    }

    int connections() {
        HikariDataSource open = source;
        return open == null ? 0 : open.getHikariPoolMXBean().getTotalConnections();
    }

    int inUse() {
        HikariDataSource open = source;
        return open == null ? 0 : open.getHikariPoolMXBean().getActiveConnections();
    }

    private synchronized HikariDataSource open() throws SQLException {
        if (closed) {
            throw new SQLTransientConnectionException("the database was closed", "08003");
        }
        HikariDataSource open = source;
        if (open == null) {
            open = new HikariDataSource(config());
            source = open;
        }
        return open;
    }

    private HikariConfig config() throws SQLException {
        Driver driver = driver();
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(
                new PlainDataSource(() -> connecting.connect(() -> connect(driver)), settings.printableUrl()));
        config.setMaximumPoolSize(settings.placement().connections());
        config.setConnectionTimeout(settings.connectMax().toMillis());
        config.setValidationTimeout(Math.max(250, Math.min(settings.connectMax().toMillis(), 5 * SECOND_MILLIS)));
        config.setInitializationFailTimeout(-1); // it fills up when the database is there, whenever that is
        config.setAutoCommit(true);
        long lockMillis = settings.lockMax().toMillis();
        if (settings.isPostgres()) {
            config.setConnectionInitSql("set lock_timeout = " + lockMillis + NOTICES_GONE);
        } else if (settings.isH2()) {
            config.setConnectionInitSql("set lock_timeout " + lockMillis);
        }
        return config;
    }

    /** By hand where it is known: the JDK's list holds the drivers of its own class loader only, and an application may have another. */
    private Driver driver() throws SQLException {
        if (settings.isPostgres()) {
            return new org.postgresql.Driver();
        }
        return settings.isH2() ? new org.h2.Driver() : DriverManager.getDriver(settings.url());
    }

    private Connection connect(Driver driver) throws SQLException {
        Properties properties = new Properties();
        if (!settings.user().isEmpty()) {
            properties.setProperty("user", settings.user());
            properties.setProperty("password", settings.password());
        }
        if (settings.isPostgres()) {
            int connectSeconds = Math.max(1, (int) settings.connectMax().toSeconds());
            properties.setProperty("connectTimeout", Integer.toString(connectSeconds));
            properties.setProperty("cancelSignalTimeout", Integer.toString(connectSeconds));
            properties.setProperty("ApplicationName", name);
            properties.setProperty("tcpKeepAlive", "true");
            // A statement is prepared in the server at its first use: it will be used again, on the same connection.
            properties.setProperty("prepareThreshold", "1");
            if (settings.placement() instanceof Placement.OnLoop) {
                properties.setProperty("socketFactory", "dev.pumasi.runtime.LoopSocketFactory");
            }
        }
        Connection connection = driver.connect(settings.url(), properties);
        if (connection == null) {
            throw new SQLException("the driver does not take this URL", "08001");
        }
        return connection;
    }

    @Override
    public synchronized void close() {
        closed = true;
        HikariDataSource open = source;
        if (open != null) {
            open.close();
        }
    }
}
