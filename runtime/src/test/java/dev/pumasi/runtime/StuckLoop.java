package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Drivers;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A loop that waits for ever: its own thread, outside a green one, asks for a stock lock that one of its green threads
 * holds; the green thread is parked, and only the loop could resume it. A process of its own, since nothing ends it:
 * {@code main} takes a driver and a {@link Kind}, says what it does, and hangs until it is destroyed. {@link StuckLoopTest}
 * reads along; {@link #stick} makes it happen on any loop.
 */
final class StuckLoop {

    /** What the loop's thread waits for. */
    enum Kind {
        REENTRANT_LOCK,
        MONITOR
    }

    private StuckLoop() {}

    public static void main(String[] arguments) throws Exception {
        Kind kind = Kind.valueOf(arguments[1]);
        try (LoopGroup group =
                LoopGroup.start("stuck", 1, Drivers.choose(arguments[0]).factory())) {
            Thread loopThread = stick(group.next(), kind);
            Thread.State stuck = kind == Kind.MONITOR ? Thread.State.BLOCKED : Thread.State.WAITING;
            Eventually.until("the loop is stuck", () -> loopThread.getState() == stuck);
            System.out.println(loopThread.getName() + " is " + stuck);
            System.out.flush();
        } // which waits for the loop, in vain
    }

    /**
     * Sticks the loop, for good. Returns when its thread is about to ask for the lock.
     *
     * @return the loop's thread
     */
    static Thread stick(Loop loop, Kind kind) throws InterruptedException {
        ReentrantLock lock = new ReentrantLock();
        Object monitor = new Object();
        CountDownLatch held = new CountDownLatch(1);
        loop.spawn(() -> {
            switch (kind) {
                case REENTRANT_LOCK -> {
                    lock.lock();
                    parkForEver(held);
                }
                case MONITOR -> {
                    synchronized (monitor) {
                        parkForEver(held);
                    }
                }
            }
        });
        held.await();
        Thread[] loopThread = new Thread[1];
        CountDownLatch asks = new CountDownLatch(1);
        loop.execute(() -> {
            loopThread[0] = Thread.currentThread();
            asks.countDown();
            switch (kind) {
                case REENTRANT_LOCK -> lock.lock();
                case MONITOR -> {
                    synchronized (monitor) {
                        throw new AssertionError("nobody has released it");
                    }
                }
            }
        });
        asks.await();
        return loopThread[0];
    }

    private static void parkForEver(CountDownLatch held) {
        held.countDown();
        while (true) {
            LockSupport.park(StuckLoop.class);
        }
    }
}
