package dev.pumasi.sql;

/** Why a database did not do what it was asked, with what can be done about it. */
public enum SqlFailure {
    UNREACHABLE("the database cannot be reached", "check its URL, and that it runs and takes connections"),
    DENIED("the database refuses this user", "check user, password and grants"),
    REFUSED("too many wait for a connection already", "try again later, or allow more connections"),
    NO_CONNECTION("no connection became free in time", "try again later, or allow more connections or more time"),
    CONNECTION_LOST(
            "the connection broke meanwhile",
            "find out whether it had an effect if it changes something, then try again"),
    COMMIT_UNKNOWN(
            "the connection broke during the commit, and whether it took effect is not known",
            "look whether what it changed is there, then try again"),
    CANCELLED("it was cancelled", "nothing to do: somebody asked for it"),
    TIMED_OUT("it took too long", "try again, allow more time, or see what slows it down (explain)"),
    CLOSED("the database is closed, or its loop is", "do not use it after closing it"),
    LOCKED("somebody else holds a lock for too long", "try again, or look for the transaction that does not end"),
    DEADLOCK("it and others waited for each other's locks", "try again; lock in the same order everywhere"),
    CONFLICT("others changed the same data at the same time", "try the whole transaction again"),
    ROLLED_BACK(
            "one of its statements had failed, so it was rolled back",
            "let the failure end the transaction, or run what may fail in Transaction.nested"),
    UNIQUE("there is one with the same key already", "choose another key, or update the one that is there"),
    REFERENCE("it refers to something that is not there, or is referred to", "insert in order, delete in reverse"),
    CHECK("a value is not allowed there", "see the constraint's condition"),
    NOT_NULL("a value is missing", "give one"),
    WRONG_VALUE("a value does not fit", "see its column's type and length"),
    WRONG_STATEMENT("the statement is wrong", "check it against the schema"),
    WRONG_ROW("a row does not fit the type it is asked as", "change the type, or the statement's columns"),
    TOO_MANY_ROWS("there are more rows than were asked for", "limit the statement, or stream the rows"),
    FULL("the database has no room left", "free disk or memory on its machine"),
    OTHER("the database failed", "see its message and its log");

    private final String cause;
    private final String remedy;

    SqlFailure(String cause, String remedy) {
        this.cause = cause;
        this.remedy = remedy;
    }

    /** What happened, as part of a sentence. */
    public String cause() {
        return cause;
    }

    /** What to do about it, as part of a sentence. */
    public String remedy() {
        return remedy;
    }

    /** Whether the same may succeed a little later without anybody's changing anything. */
    public boolean isPassing() {
        return switch (this) {
            case UNREACHABLE, REFUSED, NO_CONNECTION, CONNECTION_LOST, TIMED_OUT, LOCKED, DEADLOCK, CONFLICT, FULL ->
                true;
            case DENIED,
                    COMMIT_UNKNOWN,
                    CANCELLED,
                    CLOSED,
                    ROLLED_BACK,
                    UNIQUE,
                    REFERENCE,
                    CHECK,
                    NOT_NULL,
                    WRONG_VALUE,
                    WRONG_STATEMENT,
                    WRONG_ROW,
                    TOO_MANY_ROWS,
                    OTHER -> false;
        };
    }

    /** Whether it is a constraint's. */
    boolean isConstraint() {
        return switch (this) {
            case UNIQUE, REFERENCE, CHECK, NOT_NULL -> true;
            default -> false;
        };
    }
}
