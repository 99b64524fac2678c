package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Where D, E and F run, and what happens on the main thread meanwhile. */
final class ContinuationTest extends OnEachDatabase {

    private record Went(String queryOn, String onwardsOn, boolean backBeforeThat) {}

    /** Asks on the loop's own thread. */
    private Went go(Continuation how) throws Exception {
        CompletableFuture<Went> went = new CompletableFuture<>();
        AtomicInteger backAgain = new AtomicInteger();
        CompletableFuture<Boolean> mayEnd = new CompletableFuture<>();
        if (how == Continuation.SYNCHRONOUS) {
            mayEnd.complete(true); // nobody could complete it
        }
        loop.execute(() -> {
            database.<String>then(
                    how,
                    session -> {
                        session.query("select 1", Integer.class);
                        mayEnd.get();
                        return Thread.currentThread().getName();
                    },
                    outcome -> {
                        String queryOn = outcome instanceof Operation.Success<String>(String name) ? name : "failed";
                        went.complete(new Went(queryOn, Thread.currentThread().getName(), backAgain.get() > 0));
                    });
            backAgain.incrementAndGet();
            mayEnd.complete(true);
        });
        return get(went);
    }

    private String main() {
        return loop.name();
    }

    @Test
    void synchronousTheMainThreadWaits() throws Exception {
        Went went = go(Continuation.SYNCHRONOUS);
        assertEquals(main(), went.onwardsOn);
        assertFalse(went.backBeforeThat);
    }

    @Test
    void theDatabaseThreadNotifiesTheMainThread() throws Exception {
        Went went = go(Continuation.NOTIFICATION);
        assertEquals(main(), went.onwardsOn);
        assertTrue(went.backBeforeThat);
        assertEquals(!place.isOnLoop(), went.queryOn.startsWith("pumasi-offload"), went.queryOn);
    }

    @Test
    void aCallbackGoesAlongToTheDatabaseThread() throws Exception {
        if (place.isOnLoop()) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> database.then(Continuation.CALLBACK, session -> session, _ -> {}));
            return;
        }
        Went went = go(Continuation.CALLBACK);
        assertTrue(went.backBeforeThat);
        assertTrue(went.onwardsOn.startsWith("pumasi-offload"), went.onwardsOn);
        assertEquals(went.queryOn, went.onwardsOn);
    }

    @Test
    void aFailureIsAnOutcome() throws Exception {
        for (Continuation how : possible()) {
            CompletableFuture<Operation.Outcome<Integer>> told = new CompletableFuture<>();
            loop.execute(() -> database.then(
                    how, session -> session.one("selec 1", Integer.class).orElseThrow(), told::complete));
            if (get(told) instanceof Operation.Failed<Integer>(DatabaseException failure)) {
                assertEquals(SqlFailure.WRONG_STATEMENT, failure.failure());
            } else {
                throw new AssertionError(how + " told " + told.join());
            }
        }
    }

    /** Else as many callbacks as there are threads would wait for each other. */
    @Test
    void whatACallbackAsksIsAskedOnItsOwnThread() throws Exception {
        if (place.isOnLoop()) {
            return;
        }
        List<CompletableFuture<String>> all = new ArrayList<>();
        for (int i = 0; i < 10 * CONNECTIONS; i++) {
            CompletableFuture<String> told = new CompletableFuture<>();
            all.add(told);
            loop.execute(() ->
                    database.then(Continuation.CALLBACK, session -> session.query("select 1", Integer.class), _ -> {
                        try {
                            String name = Thread.currentThread().getName();
                            int two = database.one("select 2", Integer.class).orElseThrow();
                            String inside = database.<String, RuntimeException>transaction(transaction -> {
                                transaction.query("select 3", Integer.class);
                                return Thread.currentThread().getName();
                            });
                            told.complete(two + " " + name.equals(inside));
                        } catch (Throwable failure) {
                            told.completeExceptionally(failure);
                        }
                    }));
        }
        for (CompletableFuture<String> each : all) {
            assertEquals("2 true", get(each));
        }
    }

    @Test
    void whatGoesWrongAfterwardsIsReported() throws Exception {
        log.expect("what continues after|a task failed|failed");
        for (Continuation how : possible()) {
            CompletableFuture<Boolean> ran = new CompletableFuture<>();
            loop.execute(() -> database.then(how, session -> session.query("select 1", Integer.class), _ -> {
                ran.complete(true);
                throw new IllegalStateException("after " + how);
            }));
            assertTrue(get(ran));
        }
        until("all are counted", () -> loop.status().failures() == possible().size());
    }

    private List<Continuation> possible() {
        return place.isOnLoop()
                ? List.of(Continuation.SYNCHRONOUS, Continuation.NOTIFICATION)
                : List.of(Continuation.values());
    }
}
