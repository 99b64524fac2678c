package dev.pumasi.sql;

import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What a driver's exception means. By its SQLSTATE: the classes of the standard (ISO 9075-2, section 24), PostgreSQL's own
 * (appendix A of its manual), and H2's, which are its error codes written out ({@code org.h2.api.ErrorCode}).
 */
final class Diagnosis {

    /** H2 names the constraint inside its message only: {@code "PUBLIC.ORDERS_PKEY ON …"}, {@code "FK_X: PUBLIC.…"}. */
    private static final Pattern H2_CONSTRAINT =
            Pattern.compile("(?:violation:|column) \"(?:[^\".:]+\\.)?([^\".: ]+?)(?:_INDEX_[0-9A-F]+)?(?: ON |: |\")");

    private Diagnosis() {}

    static DatabaseException of(String attempt, SQLException said) {
        SQLException first = first(said);
        SqlFailure failure = failure(first);
        return failure.isConstraint()
                ? new ConstraintException(attempt, failure, constraint(first), first)
                : new DatabaseException(attempt, failure, first);
    }

    /** A batch's exception says which part of it failed, and the next one why. */
    private static SQLException first(SQLException said) {
        SQLException next = said instanceof BatchUpdateException ? said.getNextException() : null;
        return next == null ? said : next;
    }

    static SqlFailure failure(SQLException said) {
        String state = said.getSQLState();
        if (state == null || state.length() != 5) {
            return said instanceof SQLTimeoutException ? SqlFailure.TIMED_OUT : SqlFailure.OTHER;
        }
        return switch (state) {
            case "08001", "08004", "57P03", "53300" -> SqlFailure.UNREACHABLE;
            case "57P01", "57P02", "57P05", "25P03", "90067", "90121", "90098" -> SqlFailure.CONNECTION_LOST;
            case "42501", "90096" -> SqlFailure.DENIED;
            case "23505" -> SqlFailure.UNIQUE;
            case "23503", "23506", "23001" -> SqlFailure.REFERENCE;
            case "23502" -> SqlFailure.NOT_NULL;
            case "23513", "23514", "23P01", "23000" -> SqlFailure.CHECK;
            case "55P03", "HYT00", "50200" -> SqlFailure.LOCKED;
            case "40P01" -> SqlFailure.DEADLOCK;
            case "40001" ->
                said.getMessage() != null && said.getMessage().startsWith("Deadlock")
                        ? SqlFailure.DEADLOCK
                        : SqlFailure.CONFLICT;
            case "90131" -> SqlFailure.CONFLICT;
            case "57014", "90051" -> SqlFailure.CANCELLED;
            case "25P02" -> SqlFailure.ROLLED_BACK;
            default -> ofClass(state.substring(0, 2));
        };
    }

    private static SqlFailure ofClass(String firstTwo) {
        return switch (firstTwo) {
            case "08" -> SqlFailure.CONNECTION_LOST;
            case "28" -> SqlFailure.DENIED;
            case "22" -> SqlFailure.WRONG_VALUE;
            case "23" -> SqlFailure.CHECK;
            case "07", "42", "0A" -> SqlFailure.WRONG_STATEMENT;
            case "40" -> SqlFailure.CONFLICT;
            case "53" -> SqlFailure.FULL;
            default -> SqlFailure.OTHER;
        };
    }

    private static String constraint(SQLException said) {
        String name = said instanceof PSQLException postgres ? named(postgres.getServerErrorMessage()) : null;
        if (name == null && said.getMessage() != null) {
            Matcher matcher = H2_CONSTRAINT.matcher(said.getMessage());
            name = matcher.find() ? matcher.group(1) : null;
        }
        return name == null ? "" : name.toLowerCase(Locale.ROOT);
    }

    private static @Nullable String named(@Nullable ServerErrorMessage server) {
        if (server == null) {
            return null;
        }
        return server.getConstraint() != null ? server.getConstraint() : server.getColumn();
    }
}
