package dev.pumasi.sql;

import java.sql.Connection;

/** What a transaction may see of others that run at the same time (ISO 9075-2, section 4.35). */
public enum Isolation {
    READ_COMMITTED(Connection.TRANSACTION_READ_COMMITTED),
    REPEATABLE_READ(Connection.TRANSACTION_REPEATABLE_READ),
    /** As if one ran after the other; may fail with {@link SqlFailure#CONFLICT}, and is then tried again as a whole. */
    SERIALIZABLE(Connection.TRANSACTION_SERIALIZABLE);

    final int level;

    Isolation(int level) {
        this.level = level;
    }
}
