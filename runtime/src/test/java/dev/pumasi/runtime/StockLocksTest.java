package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Latch;
import dev.pumasi.runtime.sync.Mutex;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The JDK's own locks on green threads: they work, and this is which of them hop; beside ours, which do not. */
final class StockLocksTest extends OnEachDriver {

    private static final int ROUNDS = 10;

    /** Something that one green thread waits for and another brings about. */
    private interface Stock {

        /** Before the other waits: what the waker must hold. */
        default void prepare() throws Exception {}

        void await() throws Exception;

        /** Lets him go on. {@code until} returns once he is in that state. */
        void wake(Consumer<Thread.State> until) throws Exception;
    }

    /** @param same whether its wake-up hops on one loop, @param across whether between two */
    private record Expected(String name, boolean same, boolean across, Supplier<Stock> stock) {}

    private static final List<Expected> ALL = List.of(
            new Expected("ReentrantLock.lock", false, true, () -> new Stock() {
                private final ReentrantLock lock = new ReentrantLock();

                @Override
                public void prepare() {
                    lock.lock();
                }

                @Override
                public void await() {
                    lock.lock();
                    lock.unlock();
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(Thread.State.WAITING);
                    lock.unlock();
                }
            }),
            new Expected("synchronized", true, true, () -> new Stock() {
                private final Mutex first = new Mutex();

                @Override
                public void prepare() throws Exception {
                    first.lock();
                }

                @Override
                public void await() throws Exception {
                    first.lock();
                    synchronized (this) {
                        first.unlock();
                    }
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(
                            Thread.State.WAITING); // for ours, which does not hop: only now can he meet the monitor
                    synchronized (this) {
                        first.unlock();
                        until.accept(Thread.State.BLOCKED);
                    }
                }
            }),
            new Expected("Object.wait", true, true, () -> new Stock() {
                @Override
                public synchronized void await() throws Exception {
                    wait();
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(Thread.State.WAITING);
                    synchronized (this) {
                        notify();
                    }
                }
            }),
            new Expected("BlockingQueue.take", false, true, () -> new Stock() {
                private final ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(1);

                @Override
                public void await() throws Exception {
                    queue.take();
                }

                @Override
                public void wake(Consumer<Thread.State> until) throws Exception {
                    until.accept(Thread.State.WAITING);
                    queue.put(1);
                }
            }),
            new Expected("Semaphore.acquire", false, true, () -> new Stock() {
                private final Semaphore semaphore = new Semaphore(0);

                @Override
                public void await() throws Exception {
                    semaphore.acquire();
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(Thread.State.WAITING);
                    semaphore.release();
                }
            }),
            new Expected("CompletableFuture.get", false, true, () -> new Stock() {
                private final CompletableFuture<Integer> future = new CompletableFuture<>();

                @Override
                public void await() throws Exception {
                    future.get();
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(Thread.State.WAITING);
                    future.complete(1);
                }
            }),
            new Expected("BlockingQueue.poll, timed out", true, true, () -> new Stock() {
                @Override
                public void await() throws Exception {
                    new ArrayBlockingQueue<Integer>(1).poll(1, TimeUnit.MILLISECONDS);
                }

                @Override
                public void wake(Consumer<Thread.State> until) {}
            }),
            new Expected("Mutex.lock", false, false, () -> new Stock() {
                private final Mutex mutex = new Mutex();

                @Override
                public void prepare() throws Exception {
                    mutex.lock();
                }

                @Override
                public void await() throws Exception {
                    mutex.lock();
                    mutex.unlock();
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(Thread.State.WAITING);
                    mutex.unlock();
                }
            }),
            new Expected("Channel.receive", false, false, () -> new Stock() {
                private final Channel<Integer> channel = new Channel<>(1);

                @Override
                public void await() throws Exception {
                    channel.receive();
                }

                @Override
                public void wake(Consumer<Thread.State> until) throws Exception {
                    until.accept(Thread.State.WAITING);
                    channel.send(1);
                }
            }),
            new Expected("Latch.await", false, false, () -> new Stock() {
                private final Latch latch = new Latch(1);

                @Override
                public void await() throws Exception {
                    latch.await();
                }

                @Override
                public void wake(Consumer<Thread.State> until) {
                    until.accept(Thread.State.WAITING);
                    latch.countDown();
                }
            }));

    /** The hops that the waiter's loop counts in some rounds. */
    private long hops(Loop waiters, Loop wakers, Supplier<Stock> stock) throws Exception {
        long before = waiters.status().hops();
        for (int i = 0; i < ROUNDS; i++) {
            Stock one = stock.get();
            CompletableFuture<Boolean> awaited = new CompletableFuture<>();
            onGreen(wakers, () -> {
                one.prepare();
                Thread waiter = waiters.spawn(() -> complete(awaited, () -> {
                    one.await();
                    return waiters.isCurrent();
                }));
                one.wake(state -> {
                    while (waiter.getState() != state) {
                        Thread.yield();
                    }
                });
                return null;
            });
            assertEquals(true, get(awaited), "it is back on its loop");
        }
        return waiters.status().hops() - before;
    }

    @Test
    void allWorkAndTheseHop() throws Exception {
        LoopGroup group = loops(2);
        Loop here = group.loops().get(0);
        Loop there = group.loops().get(1);
        List<String> expected = new ArrayList<>();
        List<String> found = new ArrayList<>();
        for (Expected each : ALL) {
            expected.add(each.name + ": " + each.same + ", " + each.across);
            found.add(
                    each.name + ": " + (hops(here, here, each.stock) > 0) + ", " + (hops(here, there, each.stock) > 0));
        }
        assertEquals(String.join("\n", expected), String.join("\n", found));
        assertEquals(0, here.status().failures() + there.status().failures());
    }
}
