package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.sync.Latch;
import dev.pumasi.runtime.sync.Mutex;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Thread safety (S23): a counter that two loops share loses increments; one that belongs to a loop does not, because
 * everything on a loop happens one after another; and a mutex cures it too, at a price. And the trap that remains on one loop:
 * who waits between reading and writing has let the others in.
 */
final class Race {

    private static final int LOOPS = 2;

    /** How long it is tried to see the race: whether two threads meet is up to the machine. */
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    /**
     * One way to count.
     *
     * @param wanted how often it was incremented
     * @param counted what the counter said in the end
     * @param nanosEach what an increment took, as seen from outside
     */
    record Way(String name, int wanted, int counted, double nanosEach) {

        int lost() {
            return wanted - counted;
        }
    }

    /** One increment, in one of the ways. */
    @FunctionalInterface
    private interface Increment {
        void go() throws Exception;
    }

    /** What the race is about. Volatile: each read and each write is seen at once, and increments are lost all the same. */
    private volatile int shared;

    /** Of the loop that owns it. */
    private int confined;

    /** Guarded by the mutex, or of the one loop. */
    private int guarded;

    private Race() {}

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 100_000);
    }

    static List<Way> run(Story story, String driver, int increments) throws Exception {
        List<Way> ways = new ArrayList<>();
        try (LoopGroup loops =
                LoopGroup.start("loop", LOOPS, Drivers.choose(driver).factory())) {
            ways.add(race(loops, increments));
            ways.add(confined(loops, increments));
            ways.add(guarded(loops, Math.max(1, increments / 10)));
            ways.add(trap(loops.next()));
        }
        story.print(String.format(
                Locale.ROOT,
                "%-52s %9s %9s %9s %9s",
                "two loops, one counter",
                "wanted",
                "counted",
                "lost",
                "ns each"));
        for (Way way : ways) {
            story.print(String.format(
                    Locale.ROOT,
                    "%-52s %9d %9d %9d %9.0f",
                    way.name,
                    way.wanted,
                    way.counted,
                    way.lost(),
                    way.nanosEach));
        }
        return ways;
    }

    /** Read, add, write: between the first and the last step the other loop does the same. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // it is what is shown
    private static Way race(LoopGroup loops, int increments) throws Exception {
        long begin = System.nanoTime();
        while (true) {
            Race race = new Race();
            long nanos = onEach(loops, increments, () -> race.shared++);
            Way way = new Way("shared, by green threads of both: a race", LOOPS * increments, race.shared, nanos);
            if (way.lost() > 0 || System.nanoTime() - begin > PATIENCE_NANOS) {
                return way;
            }
        }
    }

    /** The counter belongs to one loop; who wants it incremented asks that loop. */
    private static Way confined(LoopGroup loops, int increments) throws Exception {
        Race race = new Race();
        Loop owner = loops.loops().getFirst();
        Latch done = new Latch("increments", LOOPS * increments);
        long nanos = onEach(
                loops,
                increments,
                () -> owner.execute(() -> {
                    race.confined++;
                    done.countDown();
                }),
                done);
        return new Way("confined to one loop, which the other asks", LOOPS * increments, race.confined, nanos);
    }

    private static Way guarded(LoopGroup loops, int increments) throws Exception {
        Race race = new Race();
        Mutex mutex = new Mutex("counter");
        long nanos = onEach(loops, increments, () -> {
            mutex.lock();
            try {
                race.guarded++;
            } finally {
                mutex.unlock();
            }
        });
        return new Way("guarded by a mutex", LOOPS * increments, race.guarded, nanos);
    }

    /** On one loop nothing comes between two steps, unless one waits between them. */
    private static Way trap(Loop loop) throws Exception {
        Race race = new Race();
        int threads = 10;
        Latch over = new Latch(threads);
        long begin = System.nanoTime();
        loop.execute(() -> {
            for (int i = 0; i < threads; i++) {
                loop.spawn(() -> {
                    int before = race.guarded;
                    Thread.yield(); // as good as any wait: a read, a lock, a sleep
                    race.guarded = before + 1;
                    over.countDown();
                });
            }
        });
        over.await();
        double nanosEach = (double) (System.nanoTime() - begin) / threads;
        return new Way("on one loop, but waiting in between: the trap", threads, race.guarded, nanosEach);
    }

    private static long onEach(LoopGroup loops, int increments, Increment increment) throws Exception {
        return onEach(loops, increments, increment, null);
    }

    /** A green thread on each loop increments so many times; nanoseconds for each, until all is done. */
    private static long onEach(LoopGroup loops, int increments, Increment increment, @Nullable Latch done)
            throws Exception {
        AtomicInteger missing = new AtomicInteger(LOOPS);
        Latch over = new Latch(LOOPS);
        long begin = System.nanoTime();
        for (Loop loop : loops.loops()) {
            loop.spawn(() -> {
                try {
                    missing.decrementAndGet();
                    while (missing.get() > 0) {
                        Thread.onSpinWait(); // both are awake when they begin; a server would never do this on a loop
                    }
                    for (int i = 0; i < increments; i++) {
                        increment.go();
                    }
                } catch (Exception failure) {
                    throw new IllegalStateException(failure);
                } finally {
                    over.countDown();
                }
            });
        }
        over.await();
        if (done != null) {
            done.await();
        }
        return (System.nanoTime() - begin) / ((long) LOOPS * increments);
    }
}
