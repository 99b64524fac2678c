package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Loops whose driver waits until it is woken, or until it is sure that nobody will wake it. */
final class LoopMaker {

    /** A loop belongs to the thread that opens it; this one is nobody else's, so all others are foreign to the loop. */
    private static final ExecutorService OWNER = Executors.newSingleThreadExecutor(body -> {
        Thread thread = new Thread(body, "owner of all loops");
        thread.setDaemon(true);
        return thread;
    });

    /** Of the turning thread: whether it was told to wait, and then slept although everything was posted and nobody had woken it. */
    boolean waited;

    boolean overslept;

    /** Nothing more will be posted. */
    volatile boolean posted;

    private final AtomicInteger wakes = new AtomicInteger();

    Loop loop() {
        try {
            return OWNER.submit(() -> Loop.open("stressed", this::driver)).get();
        } catch (Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** A loop of the best driver here that turns on a thread of its own, which keeps no JVM alive. */
    static Loop running() {
        CompletableFuture<Loop> opened = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    Loop loop =
                            Loop.open("running", Drivers.choose(Drivers.AUTO).factory());
                    opened.complete(loop);
                    while (true) {
                        loop.turn(Driver.FOREVER);
                    }
                },
                "running");
        thread.setDaemon(true);
        thread.start();
        return opened.join();
    }

    private void poll(long waitNanos) {
        if (waitNanos > 0) {
            waited = true;
            while (wakes.get() == 0 && !posted) {
                Thread.onSpinWait();
            }
            overslept = wakes.get() == 0;
        }
    }

    private Driver driver() {
        return (Driver) Proxy.newProxyInstance(
                Driver.class.getClassLoader(),
                new Class<?>[] {Driver.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "clock" -> Clock.SYSTEM;
                    case "name", "toString" -> "stressed";
                    case "wakesUnderLock" -> false;
                    case "poll" -> {
                        poll((long) arguments[0]);
                        yield null;
                    }
                    case "wake" -> {
                        wakes.incrementAndGet();
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
