package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What scopes come to: policies, limits, where subtasks run, what is reported. */
@ExtendWith(Rehearsal.class)
final class ScopeTest extends OnEachDriver implements Rehearsal.Play {

    private static final Duration LONG = Duration.ofDays(1);

    private LoopGroup group;
    private Loop loop;

    @Override
    @BeforeEach
    public void start() {
        group = loops(2);
        loop = group.loops().getFirst();
    }

    /** Nothing is in progress, nobody hopped; on any loop. */
    @AfterEach
    void nothingIsLeft() {
        for (Loop each : group.loops()) {
            Eventually.until(
                    "nothing is in progress on " + each, () -> each.status().interests() == 0);
            Eventually.until("no timer runs on " + each, () -> each.status().timers() == 0);
            assertNoHops(each);
        }
    }

    private Duration sleepLong() throws IOException {
        return Loop.current().orElseThrow().sleep(LONG).await();
    }

    static Failure failureOf(Operation<?> operation) {
        return assertThrows(OperationException.class, operation::value).failure();
    }

    @Test
    void allSucceedAndTheirValuesAreThereAfterTheJoin() throws Exception {
        String joined = onGreen(loop, () -> {
            try (Scope scope = Scope.open()) {
                Operation<String> soup = scope.fork(() -> {
                    loop.sleep(Duration.ofMillis(3)).await();
                    return "soup";
                });
                Operation<Integer> bowls = scope.fork(() -> loop.isCurrent() ? 2 : 0);
                assertThrows(IllegalStateException.class, soup::value, "a value before the join");
                scope.join();
                Operation<String> second = scope.fork(() -> "seconds");
                scope.join();
                return bowls.value() + " " + soup.value() + " " + second.value();
            }
        });
        assertEquals("2 soup seconds", joined);
    }

    @Test
    void theFirstFailureCancelsTheRestDownToTheKernelAndIsThrown() throws Exception {
        StreamSocket socket = connection(loop).socket();
        FileNotFoundException cause = new FileNotFoundException("no rice");
        onGreen(loop, () -> {
            try (Scope scope = Scope.open()) {
                Operation<Integer> receives = scope.fork(
                        () -> socket.receive(Buffer.allocate(10), 0, 10).await());
                Operation<Duration> sleeps = scope.fork(this::sleepLong);
                Operation<?> fails = scope.fork(() -> {
                    assertTrue(loop.interests().stream().anyMatch(what -> what.startsWith("receive")));
                    throw cause;
                });
                IOException thrown = assertThrows(IOException.class, scope::join);
                assertSame(cause, thrown.getCause());
                assertEquals(0, thrown.getSuppressed().length, "those that obeyed are no failures");
                assertTrue(receives.isDone() && sleeps.isDone() && fails.isDone());
                assertEquals(Failure.CANCELLED, failureOf(receives));
                assertEquals(Failure.CANCELLED, failureOf(sleeps));
                assertEquals(
                        List.of(),
                        loop.interests().stream()
                                .filter(what -> what.startsWith("receive") || what.startsWith("sleep"))
                                .toList());
                assertEquals(Failure.CANCELLED, failureOf(scope.fork(() -> "too late")));
            }
            return null;
        });
        assertFalse(socket.isClosed());
        socket.close();
    }

    @Test
    void uncheckedFailuresAreThrownAsTheyAreAndLaterOnesAreSuppressed() throws Exception {
        IllegalArgumentException first = new IllegalArgumentException("first");
        IllegalArgumentException second = new IllegalArgumentException("second");
        onGreen(loop, () -> {
            try (Scope scope = Scope.open()) {
                scope.fork(() -> {
                    throw first;
                });
                scope.fork(() -> {
                    try {
                        sleepLong();
                    } catch (IOException cancelled) {
                        throw second;
                    }
                });
                assertSame(first, assertThrows(IllegalArgumentException.class, scope::join));
                assertEquals(List.of(second), List.of(first.getSuppressed()));
            }
            return null;
        });
        assertEquals(0, loop.status().failures(), "thrown is not reported");
    }

    @Test
    void whereAllMayEndEachHasItsOwnOutcome() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.builder().allEnd()) {
                Operation<String> fails = scope.fork(() -> {
                    throw new IOException("burnt");
                });
                Operation<String> succeeds = scope.fork(() -> {
                    loop.sleep(Duration.ofMillis(2)).await();
                    return "done";
                });
                scope.join();
                assertEquals("done", succeeds.value());
                assertEquals(
                        "burnt",
                        assertThrows(IOException.class, fails::value).getCause().getMessage());
            }
            return null;
        });
        assertEquals(0, loop.status().failures(), "asked for is not reported");
    }

    @Test
    void theFirstSuccessWinsAndTheOthersAreCancelled() throws Exception {
        String won = onGreen(loop, () -> {
            try (Race<String> race = Scope.builder().firstSuccess()) {
                Operation<String> slow = race.fork(() -> sleepLong().toString());
                race.fork(() -> {
                    throw new IOException("out of breath");
                });
                race.fork(() -> {
                    loop.sleep(Duration.ofMillis(2)).await();
                    return "hare";
                });
                String winner = race.join();
                assertEquals(Failure.CANCELLED, failureOf(slow));
                assertTrue(race.isCancelled());
                return winner;
            }
        });
        assertEquals("hare", won);
        assertEquals(0, loop.status().failures());
    }

    @Test
    void whereNobodyWinsTheFirstFailureIsThrown() throws Exception {
        onGreen(loop, () -> {
            try (Race<String> race = Scope.builder().firstSuccess()) {
                for (String name : List.of("one", "two", "three")) {
                    race.fork(() -> {
                        throw new IOException(name);
                    });
                }
                IOException thrown = assertThrows(IOException.class, race::join);
                assertEquals("one", thrown.getMessage());
                assertEquals(
                        List.of("two", "three"),
                        List.of(thrown.getSuppressed()).stream()
                                .map(Throwable::getMessage)
                                .toList());
            }
            try (Race<String> race = Scope.builder().firstSuccess()) {
                assertThrows(IllegalStateException.class, race::join, "nobody took part");
            }
            return null;
        });
    }

    @Test
    void theFirstEndDecidesWhateverItIs() throws Exception {
        onGreen(loop, () -> {
            try (Race<String> race = Scope.builder().firstEnd()) {
                race.fork(() -> sleepLong().toString());
                race.fork(() -> {
                    throw new IOException("stumbled");
                });
                assertEquals(
                        "stumbled", assertThrows(IOException.class, race::join).getMessage());
            }
            try (Race<Integer> race = Scope.builder().firstEnd()) {
                race.fork(() -> 1);
                race.fork(() -> 2);
                assertEquals(1, race.join());
            }
            return null;
        });
    }

    @Test
    void aMistakeInARaceIsReportedEvenIfAnotherWins() throws Exception {
        onGreen(loop, () -> {
            try (Race<String> race = Scope.builder().firstSuccess()) {
                race.fork(() -> {
                    throw new IllegalStateException("a mistake");
                });
                race.fork(() -> "won");
                return race.join();
            }
        });
        assertEquals(1, loop.status().failures());
        assertTrue(heard.take().getFirst().contains("for whose outcome nobody asked"));
    }

    @Test
    void atMostSoManyRunAtOnceAndForkWaits() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        int sum = onGreen(loop, () -> {
            List<Operation<Integer>> all = new ArrayList<>();
            try (Scope scope = Scope.builder().limit(3).on(group).open()) {
                for (int i = 0; i < 20; i++) {
                    int number = i;
                    all.add(scope.fork(() -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        Loop.current().orElseThrow().sleep(Duration.ofMillis(1)).await();
                        running.decrementAndGet();
                        return number;
                    }));
                }
                scope.join();
            }
            int total = 0;
            for (Operation<Integer> one : all) {
                total += one.value();
            }
            return total;
        });
        assertEquals(190, sum);
        assertEquals(3, most.get());
    }

    @Test
    void forkingGivesUpWaitingForRoomWhenTheScopeIsCancelled() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.builder().limit(2).open()) {
                scope.fork(this::sleepLong);
                scope.fork(() -> {
                    loop.sleep(Duration.ofMillis(2)).await();
                    throw new IOException("first");
                });
                Operation<?> refused = scope.fork(() -> "never");
                assertEquals(Failure.CANCELLED, failureOf(refused));
                assertEquals(
                        "first", assertThrows(IOException.class, scope::join).getMessage());
            }
            return null;
        });
    }

    @Test
    void subtasksRunOnOtherLoopsAndEndOnTheOpeners() throws Exception {
        Queue<Loop> ran = new ConcurrentLinkedQueue<>(); // a concurrent map has monitors, and they hop
        Queue<Boolean> calledBackAtHome = new ConcurrentLinkedQueue<>();
        onGreen(loop, () -> {
            try (Scope scope = Scope.builder().on(group).open()) {
                for (int i = 0; i < 100; i++) {
                    scope.fork(() -> {
                                Loop here = Loop.current().orElseThrow();
                                here.sleep(Duration.ofNanos(1)).await();
                                return ran.add(here);
                            })
                            .onDone(outcome -> calledBackAtHome.add(loop.isCurrent()));
                }
                scope.join();
            }
            return null;
        });
        assertEquals(Set.copyOf(group.loops()), Set.copyOf(ran));
        Eventually.until("all are called back", () -> calledBackAtHome.size() == 100);
        assertFalse(calledBackAtHome.contains(false));
    }

    @Test
    void aPlatformThreadOpensOneOnAGroup() throws Exception {
        try (Scope scope =
                Scope.builder().on(group).within(Duration.ofSeconds(60)).open()) {
            Operation<String> one =
                    scope.fork(() -> Loop.current().orElseThrow().name());
            Operation<String> other =
                    scope.fork(() -> Loop.current().orElseThrow().name());
            Operation<Boolean> green = scope.fork(() -> Thread.currentThread().isVirtual());
            scope.join();
            assertEquals(Set.of("test-0", "test-1"), Set.of(one.value(), other.value()));
            assertTrue(green.value());
        }
        try (Scope scope = Scope.builder().on(group).open()) {
            Operation<?> fails = scope.fork(() -> {
                throw new IOException("no");
            });
            Operation<?> sleeps = scope.fork(this::sleepLong);
            assertThrows(IOException.class, scope::join);
            assertEquals(Failure.CANCELLED, failureOf(sleeps));
            assertTrue(fails.isDone());
        }
        assertFalse(Thread.currentThread().isInterrupted());
    }

    @Test
    void closingWithoutJoiningCancelsAndWaits() throws Exception {
        AtomicInteger ended = new AtomicInteger();
        for (boolean elsewhere : List.of(false, true)) {
            AtomicInteger begun = new AtomicInteger();
            onGreen(loop, () -> {
                try (Scope scope =
                        elsewhere ? Scope.builder().on(group.loops().getLast()).open() : Scope.open()) {
                    for (int i = 0; i < 10; i++) {
                        scope.fork(() -> {
                            begun.incrementAndGet();
                            try {
                                return sleepLong();
                            } finally {
                                ended.incrementAndGet();
                            }
                        });
                    }
                    while (begun.get() < 10) {
                        Thread.yield();
                    }
                }
                return null;
            });
        }
        assertEquals(20, ended.get());
    }

    @Test
    void whatTheBlockThrowsIsNotHiddenByTheScope() throws Exception {
        IOException thrown = assertThrows(
                IOException.class,
                () -> onGreen(loop, () -> {
                    try (Scope scope = Scope.open()) {
                        scope.fork(this::sleepLong);
                        throw new IOException("in the block");
                    }
                }));
        assertEquals("in the block", thrown.getMessage());
    }

    @Test
    void aFailureForWhichNobodyAsksIsReported() throws Exception {
        onGreen(loop, () -> {
            try (Scope scope = Scope.builder().allEnd()) {
                scope.fork(() -> {
                    throw new IOException("unheard");
                });
                Operation<?> heardOf = scope.fork(() -> {
                    throw new IOException("heard");
                });
                scope.join();
                assertTrue(heardOf.poll().isPresent());
            }
            return null;
        });
        assertEquals(1, loop.status().failures());
        List<String> log = heard.take();
        assertEquals(1, log.size());
        assertTrue(log.getFirst().contains("a subtask for whose outcome nobody asked"), log.getFirst());
    }

    @Test
    void thousandsOfFailuresAreBoundedAndAllAreCounted() throws Exception {
        int failures = 10 * Scope.FAILURES_KEPT_MAX;
        onGreen(loop, () -> {
            try (Scope scope = Scope.builder().allEnd()) {
                for (int i = 0; i < failures; i++) {
                    scope.fork(() -> {
                        throw new IOException("one of many");
                    });
                }
                scope.join();
            }
            return null;
        });
        assertEquals(failures, loop.status().failures());
        assertFalse(heard.take().isEmpty());
    }

    @Test
    void scopesInsideScopesAreCancelledWithThem() throws Exception {
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        onGreen(loop, () -> {
            try (Scope outer = Scope.builder().on(group).open()) {
                for (int i = 0; i < 4; i++) {
                    outer.fork(() -> {
                        try (Scope inner = Scope.builder().on(group).open()) {
                            for (int j = 0; j < 4; j++) {
                                inner.fork(() -> {
                                    begun.incrementAndGet();
                                    try {
                                        return sleepLong();
                                    } finally {
                                        ended.incrementAndGet();
                                    }
                                });
                            }
                            loop.sleep(Duration.ofMillis(1)).await(); // of a loop that is perhaps another
                            inner.join();
                        }
                    });
                }
                outer.fork(() -> {
                    while (begun.get() < 16) {
                        loop.sleep(Duration.ofMillis(1)).await();
                    }
                    throw new IOException("over");
                });
                assertEquals(
                        "over", assertThrows(IOException.class, outer::join).getMessage());
            }
            return null;
        });
        assertEquals(16, ended.get());
    }

    @Test
    void aScopeLeftOpenIsClosedWithTheOneAroundItAndThatIsAnError() throws Exception {
        onGreen(loop, () -> {
            AtomicInteger ended = new AtomicInteger();
            Scope outer = Scope.open();
            Scope inner = Scope.open();
            inner.fork(() -> {
                try {
                    return sleepLong();
                } finally {
                    ended.incrementAndGet();
                }
            });
            loop.sleep(Duration.ofMillis(1)).await();
            assertThrows(IllegalStateException.class, outer::close);
            assertEquals(1, ended.get());
            assertThrows(IllegalStateException.class, () -> inner.fork(() -> 1));
            inner.close();
            outer.close();
            try (Scope scope = Scope.open()) {
                Operation<?> careless = scope.fork(() -> Scope.open().fork(this::sleepLong));
                assertThrows(IllegalStateException.class, scope::join);
                assertThrows(IllegalStateException.class, careless::value);
            }
            return null;
        });
    }

    @Test
    void misuseFailsAtOnce() throws Exception {
        assertThrows(IllegalStateException.class, Scope::open, "on a thread without a loop");
        assertThrows(IllegalStateException.class, () -> onLoop(loop, Scope::open), "on the loop's own thread");
        assertThrows(IllegalArgumentException.class, () -> Scope.builder().limit(0), "nobody could run");
        onGreen(loop, () -> {
            Scope scope = Scope.open();
            Operation<?> stranger = scope.fork(() -> scope.fork(() -> 1));
            assertThrows(IllegalStateException.class, scope::join);
            assertTrue(stranger.isDone());
            scope.close();
            scope.close();
            assertThrows(IllegalStateException.class, scope::join);
            assertThrows(IllegalStateException.class, () -> scope.fork(() -> 1));
            return null;
        });
    }

    @Test
    void anOperationOfOneLoopIsAwaitedOnAnotherWithoutAHop() throws Exception {
        Loop other = group.loops().getLast();
        CountDownLatch begun = new CountDownLatch(1);
        Operation<Duration> nap = loop.sleep(Duration.ofMillis(5));
        assertEquals(Duration.ofMillis(5), onGreen(other, () -> {
            begun.countDown();
            return nap.await();
        }));
        StreamSocket socket = connection(loop).socket();
        assertThrows(
                OperationException.class,
                () -> onGreen(other, () -> {
                    loop.sleep(Duration.ofMillis(5)).onDone(over -> socket.close());
                    return socket.read(new byte[1], 0, 1);
                }));
        assertEquals(0, begun.getCount());
    }
}
