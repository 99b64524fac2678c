package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Race;
import dev.pumasi.runtime.Scope;
import dev.pumasi.runtime.Ticker;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The code of docs/structured-concurrency.md and docs/time.md: each Java block stands here, white space aside, and works. */
@ExtendWith({LeakWatch.class, LogWatch.class})
final class SnippetsOnScopesTest {

    private static final ScopedValue<String> USER = ScopedValue.newInstance();

    record Page(String user, List<String> orders) {}

    /** A service that takes its time. */
    record Shop(Loop loop) {

        String user(int id) throws IOException {
            loop.sleep(Duration.ofMillis(id)).await();
            return "user " + id;
        }

        List<String> orders(int id) throws IOException {
            loop.sleep(Duration.ofMillis(1)).await();
            return List.of("soup", "rice");
        }

        String ask(String mirror) throws IOException {
            loop.sleep(Duration.ofMinutes(mirror.length() - "near".length())).await();
            return mirror;
        }

        void sendReceipt(int id) throws IOException {
            loop.sleep(Duration.ofMillis(id)).await();
            throw new IOException("no paper");
        }
    }

    static Page page(Shop shop, int id) throws IOException {
        try (Scope scope = Scope.open(Duration.ofSeconds(10))) {
            Operation<String> user = scope.fork(() -> shop.user(id));
            Operation<List<String>> orders = scope.fork(() -> shop.orders(id));
            scope.join();
            return new Page(user.value(), orders.value());
        }
    }

    static String fastest(Shop shop, List<String> mirrors) throws IOException {
        try (Race<String> race = Scope.builder().within(Duration.ofSeconds(10)).firstSuccess()) {
            for (String mirror : mirrors) {
                race.fork(() -> shop.ask(mirror));
            }
            return race.join();
        }
    }

    static int whatCameInTime(Shop shop, List<Integer> ids) throws IOException {
        List<Operation<String>> users = new ArrayList<>();
        try (Scope scope =
                Scope.builder().within(Duration.ofSeconds(2)).limit(10).allEnd()) {
            for (int id : ids) {
                users.add(scope.fork(() -> shop.user(id))); // waits while ten run
            }
            scope.join();
        }
        return (int) users.stream()
                .filter(user -> user.poll().orElseThrow() instanceof Operation.Success)
                .count();
    }

    static String slow(Loop loop) throws IOException {
        try (Scope scope = Scope.open(Duration.ofMillis(20))) {
            loop.sleep(Duration.ofHours(1)).await(); // the opener's own: fails after 20 ms
            return "late";
        } catch (OperationException failure) {
            return failure.failure() + ", and no interrupt is left: "
                    + Thread.currentThread().isInterrupted();
        }
    }

    static String asUser(String name) throws IOException {
        try (Scope scope = Scope.builder().where(USER, name).open()) {
            Operation<String> seen = scope.fork(() -> "hello, " + USER.get());
            scope.join();
            return seen.value();
        }
    }

    @Test
    void scopes() throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, "auto")) {
            Loop loop = loops.next();
            Shop shop = new Shop(loop);
            try (Scope scope = Scope.builder().on(loop).open()) {
                Operation<Page> page = scope.fork(() -> page(shop, 7));
                Operation<String> fastest = scope.fork(() -> fastest(shop, List.of("a long way off", "near")));
                Operation<Integer> inTime = scope.fork(() -> whatCameInTime(shop, List.of(1, 100_000, 2)));
                Operation<String> slow = scope.fork(() -> slow(loop));
                Operation<String> seen = scope.fork(() -> asUser("ann"));
                scope.join();
                assertEquals(new Page("user 7", List.of("soup", "rice")), page.value());
                assertEquals("near", fastest.value());
                assertEquals(2, inTime.value());
                assertEquals("TIMED_OUT, and no interrupt is left: false", slow.value());
                assertEquals("hello, ann", seen.value());
            }
        }
    }

    @Test
    void fireAndForget(LogWatch log) {
        log.expect("send the receipt failed");
        AtomicReference<Object> counted = new AtomicReference<>();
        try (LoopGroup loops = LoopGroup.start("loop", 1, "auto")) {
            Loop loop = loops.next();
            Shop shop = new Shop(loop);
            Background background = Background.open(loop, 100);
            background.start("send the receipt", () -> shop.sendReceipt(7)); // a failure is reported by the loop
            background
                    .start("count the orders", () -> shop.orders(7).size())
                    .onDone(outcome -> counted.set(outcome)); // is told, so that nothing is reported
            boolean orderly = background.stop(Duration.ofSeconds(5));
            assertTrue(orderly);
        }
        assertEquals(new Operation.Success<>(2), counted.get());
    }

    @Test
    void ticks() throws Exception {
        AtomicInteger flushed = new AtomicInteger();
        try (LoopGroup loops = LoopGroup.start("loop", 1, "auto")) {
            Loop loop = loops.next();
            long missed = 0;
            Ticker flush =
                    Ticker.atRate(loop, Duration.ofMillis(5), flushed::incrementAndGet); // on the loop; must not block

            try (Ticker ticker = Ticker.atRate(loop, Duration.ofMillis(5))) { // in direct style
                for (int i = 0; i < 3; i++) {
                    missed += ticker.await();
                }
            }
            assertTrue(missed >= 0);
            flush.close();
            assertTrue(flushed.get() > 0);
        }
    }

    @Test
    void everyJavaBlockOfThePagesStandsHere() throws IOException {
        String here =
                withoutSpace(Files.readString(Path.of("src/test/java/dev/pumasi/examples/SnippetsOnScopesTest.java")));
        int blocks = 0;
        for (String page : List.of("structured-concurrency", "time")) {
            Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                    .matcher(Files.readString(Path.of("../docs/" + page + ".md")));
            while (block.find()) {
                blocks++;
                assertTrue(here.contains(withoutSpace(block.group(1))), "not here: " + block.group(1));
            }
        }
        assertEquals(7, blocks);
    }

    private static String withoutSpace(String code) {
        return code.replaceAll("\\s+", "");
    }
}
