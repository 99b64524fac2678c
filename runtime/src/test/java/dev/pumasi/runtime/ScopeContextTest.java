package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which scoped values a subtask sees. */
final class ScopeContextTest extends OnEachDriver {

    private static final ScopedValue<String> USER = ScopedValue.newInstance();
    private static final ScopedValue<Integer> REQUEST = ScopedValue.newInstance();

    private LoopGroup group;
    private Loop loop;

    @BeforeEach
    void start() {
        group = loops(2);
        loop = group.loops().getFirst();
    }

    private static String seen() {
        return USER.orElse("nobody") + " " + REQUEST.orElse(0);
    }

    private <T> T as(String user, Callable<T> body) throws Exception {
        return ScopedValue.where(USER, user).call(body::call);
    }

    @Test
    void thoseBoundWhereTheScopeWasOpenedOnWhateverLoop() throws Exception {
        assertTrue(Bindings.areInherited(), "as wherever green threads run on their loop");
        for (Loop at : group.loops()) {
            assertEquals(
                    List.of("ann 7", "ann 7", "ann 8"),
                    onGreen(
                            loop,
                            () -> as(
                                    "ann",
                                    () -> ScopedValue.where(REQUEST, 7).call(() -> {
                                        try (Scope scope =
                                                Scope.builder().on(at).open()) {
                                            Operation<String> child = scope.fork(ScopeContextTest::seen);
                                            Operation<String> grandchild = scope.fork(() -> {
                                                try (Scope inner = Scope.builder()
                                                        .on(group)
                                                        .open()) {
                                                    Operation<String> seen = inner.fork(ScopeContextTest::seen);
                                                    inner.join();
                                                    return seen.value();
                                                }
                                            });
                                            Operation<String> rebound = scope.fork(() -> ScopedValue.where(REQUEST, 8)
                                                    .call(ScopeContextTest::seen));
                                            scope.join();
                                            return List.of(child.value(), grandchild.value(), rebound.value());
                                        }
                                    }))));
        }
        assertEquals("nobody 0", onGreen(loop, ScopeContextTest::seen), "and nobody else does");
    }

    @Test
    void thoseGivenToTheScopeAreSeenWhateverIsInherited() throws Exception {
        assertEquals(
                "ben 9",
                onGreen(
                        loop,
                        () -> as("ann", () -> {
                            try (Scope scope = Scope.builder()
                                    .where(USER, "ben")
                                    .where(REQUEST, 9)
                                    .open()) {
                                Operation<String> child = scope.fork(ScopeContextTest::seen);
                                scope.join();
                                assertEquals("ann 0", seen());
                                return child.value();
                            }
                        })));
    }

    @Test
    void forkingUnderBindingsThatWouldEndBeforeTheSubtaskIsAMistake() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.open()) {
                assertThrows(IllegalStateException.class, () -> as("ann", () -> scope.fork(() -> 1)));
                Operation<String> child = scope.fork(ScopeContextTest::seen);
                scope.join();
                assertEquals("nobody 0", child.value());
            }
            return null;
        });
    }

    @Test
    void aPlatformThreadsAreInheritedToo() throws Exception {
        assertEquals("ann 0", as("ann", () -> {
            try (Scope scope = Scope.builder().on(group).open()) {
                Operation<String> child = scope.fork(() -> {
                    loop.sleep(java.time.Duration.ofMillis(1)).await(); // parked and resumed
                    return seen();
                });
                scope.join();
                return child.value();
            }
        }));
        assertFalse(USER.isBound());
    }
}
