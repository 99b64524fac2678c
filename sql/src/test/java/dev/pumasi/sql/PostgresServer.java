package dev.pumasi.sql;

import dev.pumasi.testkit.Postgres;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One PostgreSQL for all test classes of this module, from the first that needs one until the last test is over. */
final class PostgresServer implements BeforeAllCallback {

    private static volatile Postgres running;

    static Postgres running() {
        return running;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        running = context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(
                        Postgres.class,
                        _ -> {
                            try {
                                return Postgres.start();
                            } catch (Exception failure) {
                                throw new AssertionError("PostgreSQL does not start", failure);
                            }
                        },
                        Postgres.class);
    }
}
