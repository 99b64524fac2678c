package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The kernel looks after a list of handles (S09). This thread asks it for events, handles them, and asks again until
 * all are done: that is an event loop, and here it is turned by hand, so that its interest list can be read between
 * two turns.
 */
final class HandDrivenLoop {

    /** In the order in which they are asked for. */
    private static final List<String> DISHES = List.of("spam", "soup", "rice");

    /** What the kernel looked after before one turn, how many timers ran, and what that turn handled. */
    record Turn(List<String> interests, int timers, List<String> handled) {}

    private final Story story;
    private final Loop loop;
    private final SocketAddress server;
    private final int stepMillis;
    private final Map<String, StreamSocket> sockets = new HashMap<>();
    private final List<String> handled = new ArrayList<>();
    private final Timer bell = Timer.of(() -> handled.add("the bell rings"));

    private HandDrivenLoop(Story story, Loop loop, SocketAddress server, int stepMillis) {
        this.story = story;
        this.loop = loop;
        this.server = server;
        this.stepMillis = stepMillis;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 50);
    }

    static List<Turn> run(Story story, String driver, int stepMillis) throws Exception {
        try (SlowServer server = SlowServer.start(driver)) {
            Loop loop = Loop.open("loop", Drivers.choose(driver).factory()); // belongs to this thread from now on
            try {
                return new HandDrivenLoop(story, loop, server.address(), stepMillis).turnUntilDone();
            } finally {
                loop.close();
            }
        }
    }

    private List<Turn> turnUntilDone() {
        List<Turn> turns = new ArrayList<>();
        DISHES.forEach(this::connect);
        while (!loop.interests().isEmpty() || bell.isRunning()) {
            List<String> interests = loop.interests();
            int timers = loop.status().timers();
            handled.clear();
            loop.turn(Driver.FOREVER); // ask for events, wait until there are some, handle them
            turns.add(new Turn(interests, timers, List.copyOf(handled)));
            if (!handled.isEmpty()) {
                story.tell("handled: " + String.join("; ", handled));
                story.print("    the kernel now looks after " + loop.interests().size() + ", and "
                        + loop.status().timers() + " timer runs");
                loop.interests().forEach(interest -> story.print("      " + interest));
            }
        }
        story.tell("all are done, after " + turns.size() + " turns");
        return turns;
    }

    /** Connects and receives; what is asked for there comes later. Each step registers the next when it is done. */
    private void connect(String dish) {
        Buffer answer = Buffer.allocate(100);
        StreamSocket.connect(loop, server)
                .toStage()
                .thenAccept(socket -> {
                    handled.add("connected for " + dish);
                    sockets.put(dish, socket);
                    socket.receive(answer, 0, answer.capacity()).toStage().thenAccept(length -> {
                        handled.add("received " + answer.utf8(0, length).strip());
                        socket.close();
                        goOn(DISHES.indexOf(dish) + 1);
                    });
                    if (sockets.size() == DISHES.size()) {
                        goOn(0);
                    }
                })
                .exceptionally(failure -> {
                    handled.add("failed: " + failure);
                    return null;
                });
    }

    /** Asks for the next dish; after the last one the bell is set. */
    private void goOn(int number) {
        if (number == DISHES.size()) {
            loop.start(bell, stepMillis * 1_000_000L);
            return;
        }
        String dish = DISHES.get(number);
        Buffer request = Buffer.of(SlowServer.request(stepMillis, dish));
        Objects.requireNonNull(sockets.get(dish))
                .send(request, 0, request.capacity())
                .onDone(sent -> handled.add("sent for " + dish));
    }
}
