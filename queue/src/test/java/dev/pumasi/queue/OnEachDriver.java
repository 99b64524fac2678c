package dev.pumasi.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LoadedClasses;
import dev.pumasi.testkit.LogWatch;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs a test class once for each driver, with two loops and a folder; afterwards nothing has hopped and nothing is left. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.pumasi.queue.OnEachDriver#drivers")
@ExtendWith({LoadedClasses.class, LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class OnEachDriver {

    private static final long DEADLINE_NANOS = 60_000_000_000L;
    private static final long STEP_NANOS = 200_000;

    @Parameter
    String driver;

    @TempDir
    Path folder;

    LoopGroup loops;

    /** The queue's. */
    Loop home;

    /** Another one. */
    Loop other;

    static List<String> drivers() {
        List<String> missing =
                List.of(System.getProperty("pumasi.drivers.missing", "").split(","));
        return Drivers.names().stream().filter(name -> !missing.contains(name)).toList();
    }

    @BeforeEach
    final void begin() throws Exception {
        loops = LoopGroup.start("test", 2, driver);
        home = loops.loops().get(0);
        other = loops.loops().get(1);
    }

    @AfterEach
    final void end() {
        try {
            for (Loop loop : loops.loops()) {
                if (Loop.greenThreadsRunOnLoop()) {
                    assertEquals(0, loop.status().hops(), "hops of " + loop.name());
                }
            }
        } finally {
            loops.close();
        }
    }

    final Queue open(String... options) throws Exception {
        return Queue.open(home, url(options));
    }

    /** How the engine that is tested is opened. */
    String url(String... options) {
        return "log:" + folder.resolve("queue") + (options.length == 0 ? "" : "?" + String.join("&", options));
    }

    /** What the body answers on a green thread of that loop. */
    static <T> T on(Loop loop, Callable<T> body) throws Exception {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                answer.complete(body.call());
            } catch (Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        try {
            return answer.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }

    static void eventually(String what, BooleanSupplier condition) {
        long begin = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }
}
