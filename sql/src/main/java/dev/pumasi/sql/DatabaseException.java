package dev.pumasi.sql;

import dev.pumasi.runtime.Rethrown;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A database did not do what it was asked: what was tried, why not, and what to do. The driver's own exception, where there is one, is
 * behind it. Its message is for logs: it has the database's own words in it, which may quote values.
 */
public sealed class DatabaseException extends IOException implements Rethrown
        permits ConstraintException, RefusedException {

    private static final long serialVersionUID = 1L;

    private final String attempt;
    private final SqlFailure failure;

    DatabaseException(String attempt, SqlFailure failure, @Nullable Throwable cause) {
        this(attempt, failure, "", cause);
    }

    /** @param detail more about it, or empty */
    DatabaseException(String attempt, SqlFailure failure, String detail, @Nullable Throwable cause) {
        super(message(attempt, failure, detail, cause), cause);
        this.attempt = attempt;
        this.failure = failure;
    }

    private static String message(String attempt, SqlFailure failure, String detail, @Nullable Throwable cause) {
        String more = detail.isEmpty() && cause instanceof SQLException said ? firstLine(said) : detail;
        return "cannot " + attempt + ": " + failure.cause() + (more.isBlank() ? "" : " (" + more.strip() + ")") + " — "
                + failure.remedy();
    }

    /** Behind it drivers repeat the statement, or where it broke. */
    private static String firstLine(SQLException said) {
        return String.valueOf(said.getMessage()).lines().findFirst().orElse("").replaceFirst("; SQL statement:$", "");
    }

    /** For {@link #here}: the same words. */
    DatabaseException(DatabaseException original) {
        super(original.getMessage(), original);
        this.attempt = original.attempt;
        this.failure = original.failure;
    }

    /** Why. */
    public final SqlFailure failure() {
        return failure;
    }

    /** What the database calls it (SQLSTATE, five characters), if it was the database that said so. */
    public final Optional<String> sqlState() {
        for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException said && said.getSQLState() != null) {
                return Optional.of(said.getSQLState());
            }
        }
        return Optional.empty();
    }

    final String attempt() {
        return attempt;
    }

    @Override
    public DatabaseException here() {
        return new DatabaseException(this);
    }
}
