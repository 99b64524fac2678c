package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Clock;
import dev.pumasi.runtime.driver.Driver;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jetbrains.lincheck.datastructures.Operation;

/**
 * A loop that goes to sleep while others give it tasks. Each poster says that a task is coming before it gives it, so the loop
 * may be anywhere on its way to sleep when it comes; a wake-up that is lost leaves the loop asleep, and the checker says so.
 */
public class LoopModel {

    private final AtomicInteger announced = new AtomicInteger();

    /** Of the loop's thread. */
    private int ran;

    private volatile boolean woken;
    private volatile Thread sleeper;

    private final Loop loop = Loop.open("model", this::driver);

    Loop loop() {
        return loop;
    }

    private Driver driver() {
        return (Driver) Proxy.newProxyInstance(
                Driver.class.getClassLoader(),
                new Class<?>[] {Driver.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "clock" -> Clock.SYSTEM;
                    case "name", "toString" -> "model";
                    case "equals" -> proxy == arguments[0]; // the checker asks
                    case "hashCode" -> 1;
                    case "wakesUnderLock" -> false;
                    case "poll" -> {
                        poll((long) arguments[0]);
                        yield null;
                    }
                    case "wake" -> {
                        wake();
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private void poll(long waitNanos) {
        if (waitNanos > 0) {
            sleeper = Thread.currentThread();
            while (!woken) {
                LockSupport.park(this);
            }
            woken = false;
        }
    }

    private void wake() {
        woken = true;
        Thread asleep = sleeper;
        if (asleep != null) {
            LockSupport.unpark(asleep);
        }
    }

    @Operation
    public void post() {
        announced.incrementAndGet();
        loop.execute(() -> ran++);
    }

    /** Only one thread drives it. */
    @Operation(nonParallelGroup = "the loop's thread")
    public void turn() {
        while (ran < announced.get()) {
            loop.turn(Driver.FOREVER);
        }
    }
}
