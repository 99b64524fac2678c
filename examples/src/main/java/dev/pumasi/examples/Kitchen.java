package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * One dinner, four ways (S01): soup, rice and spam, one after another or overlapped, by one cook or by several. The cook is
 * a thread; its hands are busy in some steps, and in the others a pot boils by itself. The list of steps is the same each
 * time, and so is {@link #cook}: all that differs is how the cook waits, and who else is in the kitchen.
 *
 * <p>A minute takes 20 milliseconds.
 */
final class Kitchen {

    static final int MINUTE_MILLIS = 20;

    /** How a cook lets a step pass that needs no hands. */
    @FunctionalInterface
    interface Waiting {
        void pass(Duration time) throws IOException;
    }

    /** One step as it was done. */
    record Done(Dish dish, Dish.Step step, String cook, long beganNanos, long endedNanos) {

        boolean during(Done other) {
            return beganNanos < other.endedNanos && other.beganNanos < endedNanos;
        }
    }

    /**
     * One way to cook it all.
     *
     * @param blocks whether the cooks stand at the stove while a pot boils
     */
    record Evening(String name, boolean blocks, List<Done> steps) {

        List<String> cooks() {
            return steps.stream().map(Done::cook).distinct().sorted().toList();
        }

        List<Done> of(Dish dish) {
            return steps.stream().filter(done -> done.dish == dish).toList();
        }

        long beganNanos() {
            return steps.stream().mapToLong(Done::beganNanos).min().orElseThrow();
        }

        long endedNanos() {
            return steps.stream().mapToLong(Done::endedNanos).max().orElseThrow();
        }
    }

    private final int minuteMillis;
    private final List<Done> done = Collections.synchronizedList(new ArrayList<>());

    private Kitchen(int minuteMillis) {
        this.minuteMillis = minuteMillis;
    }

    static void main(String[] args) throws Exception {
        if (JsonLines.isAsked(args)) {
            run(Drivers.AUTO, 1);
            print(run(Drivers.AUTO, MINUTE_MILLIS));
            return;
        }
        boolean colored = System.console() != null && System.getenv("NO_COLOR") == null;
        KitchenTimeline timeline = new KitchenTimeline(System.out, colored, MINUTE_MILLIS);
        timeline.legend();
        String driver = args.length > 0 ? args[0] : Drivers.AUTO;
        run(driver, 1); // once for nobody: what is drawn should not be class loading
        for (Evening evening : run(driver, MINUTE_MILLIS)) {
            timeline.draw(evening);
        }
        timeline.moral();
    }

    private static void print(List<Evening> evenings) {
        for (Evening evening : evenings) {
            for (Done done : evening.steps) {
                JsonLines.print(
                        "step",
                        "evening",
                        evening.name,
                        "blocks",
                        evening.blocks,
                        "dish",
                        done.dish.english(),
                        "step",
                        done.step.what(),
                        "hands",
                        done.step.hands(),
                        "cook",
                        done.cook,
                        "from",
                        (done.beganNanos - evening.beganNanos()) / 1e6,
                        "to",
                        (done.endedNanos - evening.beganNanos()) / 1e6);
            }
        }
    }

    /** All four, one after another. */
    static List<Evening> run(String driver, int minuteMillis) throws Exception {
        BlockingCall.millis(0); // linked now, not while the soup is on
        return List.of(
                evening("one cook, one dish after another", true, minuteMillis, Kitchen::oneAfterAnother),
                evening("three cooks, each stands at one pot", true, minuteMillis, Kitchen::aCookForEach),
                evening("one cook, overlapped", false, minuteMillis, kitchen -> kitchen.overlapped(driver, 1)),
                evening("two cooks, overlapped", false, minuteMillis, kitchen -> kitchen.overlapped(driver, 2)));
    }

    @FunctionalInterface
    private interface Way {
        void cookIn(Kitchen kitchen) throws Exception;
    }

    private static Evening evening(String name, boolean blocks, int minuteMillis, Way way) throws Exception {
        Kitchen kitchen = new Kitchen(minuteMillis);
        way.cookIn(kitchen);
        return new Evening(
                name,
                blocks,
                kitchen.done.stream()
                        .sorted(Comparator.comparingLong(Done::beganNanos))
                        .toList());
    }

    // ------------------------------------------------------------------------------------------- the four ways

    /** Synchronous: the one thread waits at each pot until it is done. */
    private void oneAfterAnother() throws InterruptedException {
        joined(List.of(Thread.ofPlatform().name("cook").unstarted(() -> {
            for (Dish dish : Dish.DINNER) {
                cookAndStandThere(dish);
            }
        })));
    }

    /** Asynchronous by several threads, each of which is as synchronous as before. */
    private void aCookForEach() throws InterruptedException {
        CountDownLatch allAreThere = new CountDownLatch(Dish.DINNER.size());
        joined(Dish.DINNER.stream()
                .map(dish -> Thread.ofPlatform()
                        .name("cook-" + Dish.DINNER.indexOf(dish))
                        .unstarted(() -> {
                            await(allAreThere);
                            cookAndStandThere(dish);
                        }))
                .toList());
    }

    /** Asynchronous on loops: a green thread for each dish; while its pot boils, its loop works for the others. */
    private void overlapped(String driver, int cooks) throws Exception {
        try (LoopGroup loops =
                LoopGroup.start("cook", cooks, Drivers.choose(driver).factory())) {
            Map<Loop, List<Dish>> ofEach = new LinkedHashMap<>();
            for (Dish dish : Dish.DINNER) {
                ofEach.computeIfAbsent(loops.next(), _ -> new ArrayList<>()).add(dish);
            }
            List<CompletableFuture<List<Thread>>> begun = new ArrayList<>();
            ofEach.forEach((loop, dishes) -> {
                CompletableFuture<List<Thread>> all = new CompletableFuture<>();
                begun.add(all);
                // In one go: a cook knows all of his dishes before he begins.
                loop.execute(() -> all.complete(dishes.stream()
                        .map(dish -> loop.spawn(
                                () -> cook(dish, time -> loop.sleep(time).await())))
                        .toList()));
            });
            for (CompletableFuture<List<Thread>> all : begun) {
                for (Thread dish : all.get()) {
                    dish.join();
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------- the one recipe

    private void cook(Dish dish, Waiting waiting) throws IOException {
        for (Dish.Step step : dish.steps()) {
            int millis = step.minutes() * minuteMillis;
            long beganNanos = System.nanoTime();
            if (step.hands()) {
                BlockingCall.millis(millis); // the thread is taken, and all it carries waits
            } else {
                waiting.pass(Duration.ofMillis(millis));
            }
            done.add(new Done(dish, step, whoCooks(), beganNanos, System.nanoTime()));
        }
    }

    private void cookAndStandThere(Dish dish) {
        try {
            cook(dish, time -> BlockingCall.millis((int) time.toMillis()));
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static String whoCooks() {
        return Loop.current().map(Loop::name).orElse(Thread.currentThread().getName());
    }

    private static void await(CountDownLatch all) {
        all.countDown();
        try {
            all.await();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static void joined(List<Thread> cooks) throws InterruptedException {
        cooks.forEach(Thread::start);
        for (Thread cook : cooks) {
            cook.join();
        }
    }
}
