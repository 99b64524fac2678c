package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Clock;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class NamesTest extends OnEachDriver {

    private static final InetAddress FOUR = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress FOUR_TOO = InetAddress.ofLiteral("192.0.2.2");
    private static final InetAddress SIX = InetAddress.ofLiteral("2001:db8::1");

    /** Counts what it is asked, and answers when it is let. */
    private static final class Source implements NameSource {

        final AtomicInteger asked = new AtomicInteger();
        final Set<String> threads = ConcurrentHashMap.newKeySet();
        final Semaphore answers = new Semaphore(0);

        @Override
        public List<InetAddress> lookUp(String name) throws UnknownHostException {
            asked.incrementAndGet();
            threads.add(Thread.currentThread().getName());
            answers.acquireUninterruptibly();
            if (name.startsWith("unknown")) {
                throw new UnknownHostException(name);
            }
            if (name.startsWith("broken")) {
                throw new IllegalStateException("a defect of the source");
            }
            return name.startsWith("empty") ? List.of() : List.of(FOUR, FOUR_TOO, SIX);
        }

        Source free() {
            answers.release(1 << 20);
            return this;
        }
    }

    private final Source source = new Source();

    @AfterEach
    void letGo() {
        source.free();
    }

    private Names names(NamesSettings settings) {
        return closing(Names.open(settings, source));
    }

    private static Failure failureOf(Operation<?> operation) {
        return assertThrows(OperationException.class, operation::await).failure();
    }

    @Test
    void whatIsWrittenOutNeverLeavesTheLoop() throws Exception {
        Loop loop = loop();
        Names names = names(NamesSettings.DEFAULT);
        onLoop(loop, () -> {
            for (String known : List.of("127.0.0.1", "::1", "localhost", "nobody.invalid", "not a name")) {
                assertTrue(names.resolve(loop, known).isDone(), known + " is answered inside the call");
            }
            return null;
        });
        assertEquals(
                List.of(InetAddress.ofLiteral("10.1.2.3")),
                names.resolve(loop, "10.1.2.3").await());
        assertEquals(
                List.of("::1", "127.0.0.1"),
                texts(names.resolve(loop, "localhost").await()));
        assertEquals(Failure.NAME_UNKNOWN, failureOf(names.resolve(loop, "nobody.invalid")));
        assertEquals(0, source.asked.get());
        assertEquals(0, names.status().threads());
    }

    private static List<String> texts(List<InetAddress> addresses) {
        return addresses.stream()
                .map(address -> address.getHostAddress().replace("0:0:0:0:0:0:0:1", "::1"))
                .toList();
    }

    @Test
    void theJdksResolverIsAskedOffTheLoop() throws Exception {
        Loop loop = loop();
        Names names = closing(Names.open(NamesSettings.DEFAULT, name -> {
            assertTrue(Thread.currentThread().getName().startsWith("pumasi-names-"));
            return NameSource.JDK.lookUp("localhost"); // the only name that every machine can resolve
        }));
        List<InetAddress> addresses =
                onGreen(loop, () -> names.resolve(loop, "anything.example").await());
        assertTrue(addresses.stream().allMatch(InetAddress::isLoopbackAddress), addresses.toString());
        assertNoHops(loop);
    }

    @Test
    void tenThousandLookUpsOfOneNameAreOneQuery() throws Exception {
        LoopGroup loops = loops(2);
        Names names = names(NamesSettings.DEFAULT);
        int count = 10_000;
        List<CompletableFuture<List<InetAddress>>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Loop loop = loops.next();
            CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
            answers.add(answer);
            loop.spawn(() ->
                    complete(answer, () -> names.resolve(loop, "db.example").await()));
        }
        Eventually.until(
                "all wait",
                () -> loops.loops().stream()
                                .mapToLong(loop -> loop.status().interests())
                                .sum()
                        == count);
        source.free();
        for (CompletableFuture<List<InetAddress>> answer : answers) {
            assertEquals(List.of(SIX, FOUR, FOUR_TOO), get(answer));
        }
        assertEquals(1, source.asked.get());
        NamesStatus status = names.status();
        assertEquals(1, status.asked());
        assertEquals(count - 1, status.joined());
        for (Loop loop : loops.loops()) {
            assertNoHops(loop);
            assertEquals(0, loop.status().interests());
            assertEquals(0, loop.status().timers());
        }
    }

    @Test
    void answersAreUsedAgainForAWhileAndRefusalsForAShorterOne() throws Exception {
        Loop loop = loop();
        AtomicLong nowNanos = new AtomicLong(Long.MAX_VALUE - 5); // nanoseconds have no origin, and wrap
        Clock clock = new Clock() {
            @Override
            public long nanoTime() {
                return nowNanos.get();
            }

            @Override
            public long currentTimeMillis() {
                return 0;
            }
        };
        Names names = closing(Names.open(
                NamesSettings.DEFAULT.withTtl(Duration.ofSeconds(30), Duration.ofSeconds(5)), source.free(), clock));
        assertAsked(1, () -> names.resolve(loop, "a.example").await());
        assertAsked(0, () -> names.resolve(loop, "A.Example").await());
        assertAsked(1, () -> failureOf(names.resolve(loop, "unknown.example")));
        assertAsked(0, () -> assertEquals(Failure.NAME_UNKNOWN, failureOf(names.resolve(loop, "unknown.example"))));
        nowNanos.addAndGet(Duration.ofSeconds(6).toNanos());
        assertAsked(0, () -> names.resolve(loop, "a.example").await());
        assertAsked(1, () -> failureOf(names.resolve(loop, "unknown.example")));
        nowNanos.addAndGet(Duration.ofSeconds(25).toNanos());
        assertAsked(1, () -> names.resolve(loop, "a.example").await());
        names.forget();
        assertAsked(1, () -> names.resolve(loop, "a.example").await());
    }

    private void assertAsked(int times, org.junit.jupiter.api.function.Executable body) throws Exception {
        int before = source.asked.get();
        try {
            body.execute();
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
        assertEquals(times, source.asked.get() - before, "asked");
    }

    @Test
    void theCacheIsBounded() throws Exception {
        Loop loop = loop();
        Names names = names(NamesSettings.DEFAULT.withLookUps(4, 1 << 20));
        source.free();
        List<String> sameSet = new ArrayList<>();
        for (int i = 0; sameSet.size() <= Names.WAYS; i++) {
            if (Names.setOf("h" + i) == 7) {
                sameSet.add("h" + i);
            }
        }
        for (String name : sameSet) {
            names.resolve(loop, name).await();
        }
        assertAsked(0, () -> names.resolve(loop, sameSet.getLast()).await());
        assertAsked(1, () -> names.resolve(loop, sameSet.getFirst()).await());
    }

    @Test
    void failuresAreTypedAndSayWhatToDo() throws Exception {
        Loop loop = loop();
        Names names = names(NamesSettings.DEFAULT);
        source.free();
        OperationException unknown = assertThrows(
                OperationException.class,
                () -> names.resolve(loop, "unknown.example").await());
        assertEquals(Failure.NAME_UNKNOWN, unknown.failure());
        assertInstanceOf(UnknownHostException.class, rootOf(unknown));
        assertTrue(unknown.getMessage().startsWith("cannot resolve unknown.example: "), unknown.getMessage());
        assertEquals(Failure.NAME_UNKNOWN, failureOf(names.resolve(loop, "empty.example")));
        OperationException broken = assertThrows(
                OperationException.class,
                () -> names.resolve(loop, "broken.example").await());
        assertEquals(Failure.IO, broken.failure());
        assertEquals("a defect of the source", rootOf(broken).getMessage());
        OperationException malformed = assertThrows(
                OperationException.class,
                () -> names.resolve(loop, "a\r\nHost: b").await());
        assertEquals(Failure.NAME_MALFORMED, malformed.failure());
        assertTrue(malformed.getMessage().chars().noneMatch(Character::isISOControl), malformed.getMessage());
    }

    private static Throwable rootOf(Throwable failure) {
        return failure.getCause() == null ? failure : rootOf(failure.getCause());
    }

    @Test
    void aFamilyCanBeChosen() throws Exception {
        Loop loop = loop();
        source.free();
        assertEquals(
                List.of(FOUR, SIX, FOUR_TOO),
                names(NamesSettings.DEFAULT.withChoice(AddressChoice.IPV4_FIRST))
                        .resolve(loop, "a")
                        .await());
        assertEquals(
                List.of(FOUR, FOUR_TOO),
                names(NamesSettings.DEFAULT.withChoice(AddressChoice.IPV4_ONLY))
                        .resolve(loop, "a")
                        .await());
        Names six = names(NamesSettings.DEFAULT.withChoice(AddressChoice.IPV6_ONLY));
        assertEquals(List.of(SIX), six.resolve(loop, "a").await());
        assertEquals(List.of("::1"), texts(six.resolve(loop, "localhost").await()));
    }

    @Test
    void aResolverThatHangsHoldsFewThreadsAndNobodyLonger() throws Exception {
        Loop loop = loop();
        Names names =
                names(NamesSettings.DEFAULT.withLimit(Duration.ofMillis(50)).withLookUps(2, 3));
        // Two hang, three wait for a thread, the sixth is refused; others of the same names join them.
        List<Operation<List<InetAddress>>> hanging = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int before = i;
            hanging.add(names.resolve(loop, "h" + i));
            Eventually.until(
                    "it hangs or waits",
                    () -> source.asked.get() == Math.min(2, before + 1)
                            && names.status().waiting() == Math.max(0, before - 1));
        }
        assertEquals(Failure.REJECTED, failureOf(names.resolve(loop, "h5")));
        hanging.add(names.resolve(loop, "h0"));
        for (Operation<?> operation : hanging) {
            assertEquals(Failure.TIMED_OUT, failureOf(operation));
        }
        assertEquals(2, names.status().threads());
        assertEquals(0, loop.status().interests());
        assertEquals(0, loop.status().timers());
        source.free();
        Eventually.until("nothing waits", () -> names.status().waiting() == 0);
        Eventually.until("nothing hangs", () -> names.status().looking() == 0);
        assertEquals(2, source.asked.get(), "what found no thread in time is not asked for");
        assertEquals(3, names.resolve(loop, "h5").await().size());
    }

    @Test
    void aLookUpCanBeCancelledWhileItHangs() throws Exception {
        Loop loop = loop();
        Names names = names(NamesSettings.DEFAULT);
        Operation<List<InetAddress>> one = names.resolve(loop, "a.example");
        Operation<List<InetAddress>> other = names.resolve(loop, "a.example");
        Operation<List<InetAddress>> limited = names.resolve(loop, "a.example").within(Duration.ofMillis(1));
        one.cancel();
        assertEquals(Failure.CANCELLED, failureOf(one));
        assertEquals(Failure.TIMED_OUT, failureOf(limited));
        source.free();
        assertEquals(3, other.await().size());
        assertEquals(1, source.asked.get());
    }

    @Test
    void aLoopEndsWhileALookUpHangs() throws Exception {
        LoopGroup loops = LoopGroup.start("short", 1, factory());
        Names names = names(NamesSettings.DEFAULT);
        Operation<List<InetAddress>> hanging = names.resolve(loops.next(), "a.example");
        Eventually.until("it hangs", () -> source.asked.get() == 1);
        loops.close();
        assertEquals(Failure.CLOSED, failureOf(hanging));
    }

    @Test
    void closingFailsWhatIsInProgress() throws Exception {
        Loop loop = loop();
        Names names = Names.open(NamesSettings.DEFAULT.withLookUps(1, 10), source);
        Operation<List<InetAddress>> hanging = names.resolve(loop, "a.example");
        Eventually.until("it hangs", () -> source.asked.get() == 1);
        Operation<List<InetAddress>> waiting = names.resolve(loop, "b.example");
        Eventually.until("it waits", () -> names.status().waiting() == 1);
        names.close();
        assertEquals(Failure.CLOSED, failureOf(hanging));
        assertEquals(Failure.CLOSED, failureOf(waiting));
        assertEquals(Failure.CLOSED, failureOf(names.resolve(loop, "c.example")));
        source.free();
        Eventually.until("its thread leaves", () -> names.status().threads() == 0);
    }

    @Test
    void theSharedOneStaysOpen() throws Exception {
        Loop loop = loop();
        Names.shared().close();
        assertSame(Names.shared(), Names.shared());
        Failure failure = failureOf(Names.shared().resolve(loop, "nobody.invalid"));
        assertEquals(Failure.NAME_UNKNOWN, failure);
    }

    /** Many names, many loops, answers that are forgotten at once: nothing is lost, nothing hops. */
    @Test
    void aStormOfNames() throws Exception {
        LoopGroup loops = loops(2);
        Names names = closing(Names.open(
                NamesSettings.DEFAULT.withTtl(Duration.ZERO, Duration.ZERO).withLookUps(4, 100_000), source.free()));
        int threads = 200;
        CountDownLatch done = new CountDownLatch(threads);
        AtomicInteger right = new AtomicInteger();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Loop loop = loops.next();
            loop.spawn(() -> {
                for (int round = 0; round < 20; round++) {
                    String name = (round % 3 == 0 ? "unknown" : "host") + (number + round) % 50;
                    try {
                        right.addAndGet(names.resolve(loop, name).await().size() == 3 ? 1 : 0);
                    } catch (Exception refused) {
                        right.addAndGet(name.startsWith("unknown") ? 1 : 0);
                    }
                }
                done.countDown();
            });
        }
        assertTrue(done.await(60, java.util.concurrent.TimeUnit.SECONDS));
        assertEquals(threads * 20, right.get());
        assertTrue(source.threads.size() <= 4, source.threads.toString());
        for (Loop loop : loops.loops()) {
            assertNoHops(loop);
            assertEquals(0, loop.status().interests());
        }
    }
}
