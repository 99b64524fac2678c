package dev.pumasi.sql;

import java.sql.SQLException;

/** A constraint was violated: {@link SqlFailure#UNIQUE}, {@code REFERENCE}, {@code CHECK} or {@code NOT_NULL}. */
public final class ConstraintException extends DatabaseException {

    private static final long serialVersionUID = 1L;

    private final String constraint;

    ConstraintException(String attempt, SqlFailure failure, String constraint, SQLException cause) {
        super(attempt, failure, cause);
        this.constraint = constraint;
    }

    private ConstraintException(ConstraintException original) {
        super(original);
        this.constraint = original.constraint;
    }

    /**
     * The constraint's name in lower case; of a column that must not be null, the column's. Empty where the database does not say.
     */
    public String constraint() {
        return constraint;
    }

    @Override
    public ConstraintException here() {
        return new ConstraintException(this);
    }
}
