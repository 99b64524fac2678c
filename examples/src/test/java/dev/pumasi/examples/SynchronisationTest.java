package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Condition;
import dev.pumasi.runtime.sync.Latch;
import dev.pumasi.runtime.sync.Mutex;
import dev.pumasi.runtime.sync.Select;
import dev.pumasi.runtime.sync.Semaphore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The code of docs/synchronisation.md: it stands here word for word, and runs. */
final class SynchronisationTest extends EachDriver {

    private static final Path SELF = Path.of("src/test/java/dev/pumasi/examples/SynchronisationTest.java");
    private static final Path PAGE = Path.of("../docs/synchronisation.md");

    private int balance;

    private <T> T onGreen(Loop loop, Callable<T> body) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                answer.complete(body.call());
            } catch (Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        return answer.get(60, TimeUnit.SECONDS);
    }

    @Test
    void mutex() throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 1, driver)) {
            Loop loop = loops.next();
            Mutex mutex = new Mutex("accounts");
            onGreen(loop, () -> {
                mutex.lock();
                try {
                    balance += 10;
                } finally {
                    mutex.unlock();
                }
                return null;
            });
            CompletableFuture<Integer> seen = new CompletableFuture<>();
            loop.execute(() -> {
                mutex.lock(loop).within(Duration.ofSeconds(1)).onDone(outcome -> {
                    if (outcome instanceof Operation.Success<Mutex.Hold>(Mutex.Hold hold)) {
                        balance += 10;
                        hold.unlock();
                    }
                });
                mutex.lock(loop).onDone(_ -> seen.complete(balance));
            });
            assertEquals(20, seen.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void condition() throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 2, driver)) {
            Deque<String> orders = new ArrayDeque<>();
            Mutex mutex = new Mutex();
            Condition ordered = mutex.condition();
            CompletableFuture<String> cooked = new CompletableFuture<>();
            loops.next().spawn(() -> {
                try {
                    mutex.lock();
                    try {
                        while (orders.isEmpty()) {
                            ordered.await();
                        }
                        cooked.complete(orders.remove());
                    } finally {
                        mutex.unlock();
                    }
                } catch (OperationException cancelled) {
                    cooked.completeExceptionally(cancelled);
                }
            });
            onGreen(loops.next(), () -> {
                mutex.lock();
                try {
                    orders.add("soup");
                    ordered.signal();
                } finally {
                    mutex.unlock();
                }
                return null;
            });
            assertEquals("soup", cooked.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void semaphoreAndLatch() throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 2, driver)) {
            Semaphore queries = new Semaphore("queries", 8);
            Latch answered = new Latch("answers", 100);
            for (int i = 0; i < 100; i++) {
                loops.next().spawn(() -> {
                    try {
                        queries.acquire(Duration.ofSeconds(5)); // or OperationException, TIMED_OUT
                        try {
                            Thread.yield(); // the query
                        } finally {
                            queries.release();
                        }
                    } catch (OperationException late) {
                        throw new IllegalStateException(late);
                    }
                    answered.countDown();
                });
            }
            answered.await();
            assertEquals(8, queries.permits());
        }
    }

    @Test
    void channelAndSelect() throws Exception {
        try (LoopGroup loops = LoopGroup.start("loop", 2, driver)) {
            Channel<String> dishes = new Channel<>("dishes", 2);
            loops.next().spawn(() -> {
                try {
                    dishes.send("soup"); // parks while two dishes stand there
                    dishes.send("rice");
                    dishes.send("spam");
                    dishes.close();
                } catch (OperationException refused) {
                    throw new IllegalStateException(refused);
                }
            });
            List<String> eaten = onGreen(loops.next(), () -> {
                List<String> all = new ArrayList<>();
                for (Optional<String> dish = dishes.receive(); dish.isPresent(); dish = dishes.receive()) {
                    all.add(dish.get());
                }
                return all;
            });
            assertEquals(List.of("soup", "rice", "spam"), eaten);

            Channel<String> orders = new Channel<>(1);
            Channel<String> log = new Channel<>(1);
            String said = new Select<String>()
                    .receive(orders, order -> order.map(dish -> "cook " + dish).orElse("closed"))
                    .send(log, "idle", () -> "logged")
                    .await(Duration.ofSeconds(1), () -> "nothing happened");
            assertEquals("logged", said);
        }
    }

    @Test
    void everyJavaBlockOfThePageStandsHere() throws IOException {
        String self = Files.readString(SELF).replaceAll("\\s+", "");
        List<String> blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(PAGE))
                .results()
                .map(block -> block.group(1).replaceAll("\\s+", ""))
                .toList();
        assertEquals(
                List.of(),
                blocks.stream().filter(block -> !self.contains(block)).toList());
        assertTrue(blocks.size() >= 6, blocks.size() + " blocks");
    }
}
