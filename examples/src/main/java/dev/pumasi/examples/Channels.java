package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.sync.Channel;
import dev.pumasi.runtime.sync.Latch;
import dev.pumasi.runtime.sync.Select;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Channels between green threads of two loops: two cooks on one loop, a guest on the other who eats whatever comes first,
 * and complains when nothing does. The table has room for one dish of each kind, so the cooks wait for the guest. Everyone
 * is woken by his own loop: no hops.
 */
final class Channels {

    private static final Duration PATIENCE = Duration.ofMillis(30);

    /**
     * What came of it.
     *
     * @param eaten in the order in which it was eaten
     * @param complaints how often nothing came within the guest's patience
     * @param hops of both loops
     */
    record Meal(List<String> eaten, int complaints, long hops) {}

    private final Story story;
    private final Channel<String> soups = new Channel<>("soups", 1);
    private final Channel<String> rices = new Channel<>("rices", 1);

    // The guest's own: of one green thread.
    private final List<String> eaten = new ArrayList<>();
    private int complaints;
    private int ended;

    private Channels(Story story) {
        this.story = story;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO);
    }

    static Meal run(Story story, String driver) throws Exception {
        Channels example = new Channels(story);
        try (LoopGroup loops = LoopGroup.start("loop", 2, Drivers.choose(driver).factory())) {
            Loop kitchen = loops.loops().get(0);
            Loop diningRoom = loops.loops().get(1);
            Latch over = new Latch("the meal", 1);
            diningRoom.spawn(() -> example.eat(over));
            kitchen.spawn(() -> cook(kitchen, example.soups, "soup", Duration.ZERO));
            kitchen.spawn(() -> cook(kitchen, example.rices, "rice", PATIENCE.multipliedBy(8)));
            over.await();
            long hops = kitchen.status().hops() + diningRoom.status().hops();
            story.print(
                    example.eaten.size() + " dishes eaten, " + example.complaints + " complaints, " + hops + " hops");
            return new Meal(List.copyOf(example.eaten), example.complaints, hops);
        }
    }

    private static void cook(Loop kitchen, Channel<String> table, String dish, Duration rest) {
        try {
            for (int i = 1; i <= 3; i++) {
                kitchen.sleep(rest).await();
                table.send(dish + " " + i); // parks while the last one stands there
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            table.close();
        }
    }

    private void eat(Latch over) {
        Select<Optional<String>> either =
                new Select<Optional<String>>().receive(soups, dish -> dish).receive(rices, dish -> dish);
        Select<Optional<String>> riceOnly = new Select<Optional<String>>().receive(rices, dish -> dish);
        try {
            while (ended < 2) {
                // A channel that has ended can be received from for ever: it is left out.
                Select<Optional<String>> dishes = soups.isEnded() ? riceOnly : either;
                Optional<String> dish = dishes.await(PATIENCE, () -> Optional.of(""));
                if (dish.isEmpty()) {
                    ended = soups.isEnded() && rices.isEnded() ? 2 : 1;
                    story.tell("no more of one kind");
                } else if (dish.get().isEmpty()) {
                    complaints++;
                    story.tell("nothing to eat");
                } else {
                    eaten.add(dish.get());
                    story.tell("eats " + dish.get());
                }
            }
        } catch (OperationException cancelled) {
            story.tell("leaves: " + cancelled.getMessage());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            over.countDown();
        }
    }
}
