package dev.pumasi.sql;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.concurrent.Callable;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** What the pool asks for connections. */
final class PlainDataSource implements DataSource {

    private final Callable<Connection> connect;
    private final String name;
    private int loginSeconds;

    PlainDataSource(Callable<Connection> connect, String name) {
        this.connect = connect;
        this.name = name;
    }

    @Override
    public Connection getConnection() throws SQLException {
        try {
            return connect.call();
        } catch (SQLException | RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new SQLException(failure.getMessage(), "08001", failure);
        }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the user is said once, when the database is opened");
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) {
        // The driver has a logger of its own.
    }

    @Override
    public void setLoginTimeout(int seconds) {
        loginSeconds = seconds; // the driver keeps connectTimeout, which needs no thread
    }

    @Override
    public int getLoginTimeout() {
        return loginSeconds;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("this is no " + type.getName());
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }

    @Override
    public String toString() {
        return name;
    }
}
