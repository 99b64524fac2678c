package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Scope;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** All of its effect or none; and what constraints and locks say. */
final class TransactionTest extends OnEachDatabase {

    @BeforeEach
    void tables() throws Exception {
        create(
                "dishes (id int constraint dishes_key primary key, name varchar(20) not null,"
                        + " price int constraint fair_price check (price < 100))",
                "orders (id int primary key, dish int constraint known_dish references dishes (id))");
        onGreen(() -> database.update("insert into dishes values (1, 'soup', 5)"));
    }

    private String dishes() throws Exception {
        return String.join(",", onGreen(() -> database.query("select name from dishes order by id", String.class)));
    }

    @Test
    void itIsCommittedWhenItsBodyReturns() throws Exception {
        String said = onGreen(() -> database.<String, RuntimeException>transaction(transaction -> {
            transaction.update("insert into dishes values (2, 'rice', 2)");
            assertEquals(
                    2, transaction.query("select id from dishes", Integer.class).size());
            return "done";
        }));
        assertEquals("done", said);
        assertEquals("soup,rice", dishes());
    }

    @Test
    void itIsRolledBackWhenItsBodyThrows() throws Exception {
        IOException thrown = assertThrows(
                IOException.class,
                () -> onGreen(() -> database.<String, IOException>transaction(transaction -> {
                    transaction.update("insert into dishes values (2, 'rice', 2)");
                    throw new IOException("the client has gone");
                })));
        assertEquals("the client has gone", thrown.getMessage());
        assertEquals("soup", dishes());
    }

    /** PostgreSQL refuses the rest by itself, H2 would commit it. */
    @Test
    void aSwallowedFailureRollsBackAsWell() throws Exception {
        DatabaseException thrown = assertThrows(
                DatabaseException.class,
                () -> onGreen(() -> database.<String, RuntimeException>transaction(transaction -> {
                    transaction.update("insert into dishes values (2, 'rice', 2)");
                    assertThrows(
                            ConstraintException.class,
                            () -> transaction.update("insert into dishes values (2, 'spam', 2)"));
                    return "as if nothing had happened";
                })));
        assertEquals(SqlFailure.ROLLED_BACK, thrown.failure());
        assertEquals("soup", dishes());
    }

    @Test
    void aNestedPartMayFailByItself() throws Exception {
        onGreen(() -> database.<Boolean, RuntimeException>transaction(transaction -> {
            transaction.update("insert into dishes values (2, 'rice', 2)");
            ConstraintException refused = assertThrows(
                    ConstraintException.class,
                    () -> transaction.nested(part -> {
                        part.update("insert into dishes values (3, 'tea', 1)");
                        return part.update("insert into dishes values (1, 'stew', 1)");
                    }));
            assertEquals(SqlFailure.UNIQUE, refused.failure());
            transaction.nested(part -> part.update("insert into dishes values (4, 'spam', 4)"));
            return true;
        }));
        assertEquals("soup,rice,spam", dishes());
    }

    @Test
    void oneInsideAnotherIsRefused() throws Exception {
        onGreen(() -> database.<Boolean, RuntimeException>transaction(transaction -> {
            for (org.junit.jupiter.api.function.Executable attempt :
                    java.util.List.<org.junit.jupiter.api.function.Executable>of(
                            () -> database.transaction(_ -> true), () -> database.check())) {
                IllegalStateException refused = assertThrows(IllegalStateException.class, attempt);
                assertTrue(refused.getMessage().contains("use the transaction, not the database"));
            }
            return true;
        }));
    }

    @Test
    void itIsOverWhenItsBodyIs() throws Exception {
        AtomicReference<Transaction> escaped = new AtomicReference<>();
        onGreen(() -> database.<Boolean, RuntimeException>transaction(transaction -> {
            escaped.set(transaction);
            return true;
        }));
        onGreen(() -> assertThrows(
                IllegalStateException.class, () -> escaped.get().update("insert into dishes values (2, 'rice', 2)")));
    }

    @Test
    void aWholeTransactionRunsWhereQueriesRun() throws Exception {
        String thread = onGreen(() -> database.startTransaction(loop, transaction -> {
                    transaction.update("insert into dishes values (2, 'rice', 2)");
                    return Thread.currentThread().getName();
                })
                .await());
        assertEquals(!place.isOnLoop(), thread.startsWith("pumasi-offload"), thread);
        IOException thrown = assertThrows(
                IOException.class,
                () -> onGreen(() -> database.startTransaction(loop, transaction -> {
                            transaction.update("insert into dishes values (3, 'spam', 2)");
                            throw new IOException("no");
                        })
                        .await()));
        assertEquals("no", thrown.getMessage());
        assertEquals("soup,rice", dishes());
    }

    @Test
    void aViolatedConstraintIsNamed() throws Exception {
        assertEquals( // H2 says "PRIMARY KEY" of a key that is a number
                place.isPostgres() ? "dishes_key" : "",
                violation(SqlFailure.UNIQUE, "insert into dishes values (1, 'stew', 3)"));
        assertEquals("known_dish", violation(SqlFailure.REFERENCE, "insert into orders values (1, 99)"));
        assertEquals("fair_price", violation(SqlFailure.CHECK, "insert into dishes values (2, 'caviar', 100)"));
        assertEquals("name", violation(SqlFailure.NOT_NULL, "insert into dishes values (2, null, 1)"));
        onGreen(() -> database.update("insert into orders values (1, 1)"));
        assertEquals("known_dish", violation(SqlFailure.REFERENCE, "delete from dishes"));
    }

    private String violation(SqlFailure failure, String sql) {
        ConstraintException refused =
                assertThrows(ConstraintException.class, () -> onGreen(() -> database.update(sql)));
        assertEquals(failure, refused.failure(), refused.getMessage());
        assertTrue(refused.sqlState().orElseThrow().startsWith("23"));
        return refused.constraint();
    }

    @Test
    void whoWaitsTooLongForALockIsTold() throws Exception {
        try (Database impatient = builder().lockMax(Duration.ofMillis(100)).open()) {
            CompletableFuture<Boolean> locked = new CompletableFuture<>();
            CompletableFuture<Boolean> enough = new CompletableFuture<>();
            CompletableFuture<Boolean> holder = begin(
                    loop,
                    () -> database.<Boolean, Exception>transaction(transaction -> {
                        transaction.update("update dishes set price = 6 where id = 1");
                        locked.complete(true);
                        return enough.get();
                    }));
            get(locked);
            DatabaseException late = assertThrows(
                    DatabaseException.class,
                    () -> onGreen(() -> impatient.update("update dishes set price = 7 where id = 1")));
            assertEquals(SqlFailure.LOCKED, late.failure(), late.getMessage());
            assertTrue(late.failure().isPassing());
            enough.complete(true);
            get(holder);
            assertEquals(1, onGreen(() -> impatient.update("update dishes set price = price + 1 where id = 1")));
            assertEquals(
                    7,
                    onGreen(() -> database.one("select price from dishes", Integer.class))
                            .orElseThrow());
        }
    }

    @Test
    void aCircleOfLocksIsBroken() throws Exception {
        onGreen(() -> database.update("insert into dishes values (2, 'rice', 2)"));
        CompletableFuture<Boolean> one = new CompletableFuture<>();
        CompletableFuture<Boolean> two = new CompletableFuture<>();
        CompletableFuture<Boolean> first = begin(loop, () -> crossed(1, 2, one, two));
        CompletableFuture<Boolean> second = begin(loop, () -> crossed(2, 1, two, one));
        int broken = 0;
        for (CompletableFuture<Boolean> each : java.util.List.of(first, second)) {
            try {
                get(each);
            } catch (DatabaseException failure) {
                assertEquals(SqlFailure.DEADLOCK, failure.failure(), failure.getMessage());
                broken++;
            }
        }
        assertEquals(1, broken);
    }

    private boolean crossed(int mine, int yours, CompletableFuture<Boolean> have, CompletableFuture<Boolean> others)
            throws Exception {
        return database.<Boolean, Exception>transaction(transaction -> {
            transaction.update("update dishes set price = 1 where id = ?", mine);
            have.complete(true);
            others.get();
            transaction.update("update dishes set price = 1 where id = ?", yours);
            return true;
        });
    }

    @Test
    void whoIsInterruptedChangesNothing() throws Exception {
        CompletableFuture<Thread> inside = new CompletableFuture<>();
        CompletableFuture<Boolean> ended = begin(
                loop,
                () -> database.<Boolean, Exception>transaction(transaction -> {
                    transaction.update("insert into dishes values (2, 'rice', 2)");
                    inside.complete(Thread.currentThread());
                    return transaction.query(endless(), Integer.class).isEmpty();
                }));
        Thread client = get(inside);
        until("it asks for ever", () -> database.status().inUse() == 1);
        loop.execute(client::interrupt);
        DatabaseException told = assertThrows(DatabaseException.class, () -> get(ended));
        assertEquals(SqlFailure.CANCELLED, told.failure(), told.getMessage());
        assertEquals("soup", dishes());
    }

    @Test
    void afterItsDeadlineNothingIsCommitted() throws Exception {
        DatabaseException late = assertThrows(
                DatabaseException.class,
                () -> onGreen(() -> {
                    try (Scope scope = Scope.open(Duration.ofMillis(150))) {
                        return database.<Boolean, Exception>transaction(transaction -> {
                            transaction.update("insert into dishes values (2, 'rice', 2)");
                            while (!Thread.currentThread().isInterrupted()) {
                                Thread.yield(); // computes, and never waits
                            }
                            return scope.isCancelled();
                        });
                    }
                }));
        assertEquals(SqlFailure.TIMED_OUT, late.failure(), late.getMessage());
        assertEquals("soup", dishes());
    }

    @Test
    void isolationIsTheDatabasesBusiness() throws Exception {
        CompletableFuture<Boolean> one = new CompletableFuture<>();
        CompletableFuture<Boolean> two = new CompletableFuture<>();
        CompletableFuture<Boolean> first = begin(loop, () -> summed(2, one, two));
        CompletableFuture<Boolean> second = begin(loop, () -> summed(3, two, one));
        int conflicts = 0;
        for (CompletableFuture<Boolean> each : java.util.List.of(first, second)) {
            try {
                get(each);
            } catch (DatabaseException failure) {
                assertEquals(SqlFailure.CONFLICT, failure.failure(), failure.getMessage());
                conflicts++;
            }
        }
        // H2's "serializable" is a snapshot, which lets this pass (write skew).
        assertEquals(place.isPostgres() ? 1 : 0, conflicts);
        assertInstanceOf(String.class, dishes());
    }

    private boolean summed(int id, CompletableFuture<Boolean> have, CompletableFuture<Boolean> others)
            throws Exception {
        return database.<Boolean, Exception>transaction(Isolation.SERIALIZABLE, transaction -> {
            int sum = transaction
                    .one("select cast(sum(price) as int) from dishes", Integer.class)
                    .orElseThrow();
            have.complete(true);
            others.get();
            transaction.update("insert into dishes values (?, 'sum', ?)", id, sum);
            return true;
        });
    }
}
