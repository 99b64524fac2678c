package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.Timer;
import dev.pumasi.runtime.driver.Driver;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel looks after a list of handles (S09). This thread asks it for events, handles them, and asks again until
 * all are done: that is an event loop, and here it is turned by hand, so that its interest list can be read between
 * two turns.
 */
final class HandDrivenLoop {

    private static final String[] DISHES = {"rice", "soup", "spam"};

    /** What the kernel looked after before one turn, how many timers ran, and what that turn handled. */
    record Turn(List<String> interests, int timers, List<String> handled) {}

    private HandDrivenLoop() {}

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 50);
    }

    static List<Turn> run(Story story, String driver, int stepMillis) throws Exception {
        List<Turn> turns = new ArrayList<>();
        try (SlowServer server = SlowServer.start(driver)) {
            Loop loop = Loop.open("loop", Drivers.choose(driver).factory()); // belongs to this thread from now on
            try {
                turnUntilDone(story, loop, server, stepMillis, turns);
            } finally {
                loop.close();
            }
        }
        return turns;
    }

    private static void turnUntilDone(Story story, Loop loop, SlowServer server, int stepMillis, List<Turn> turns) {
        List<String> handled = new ArrayList<>();
        for (int i = 0; i < DISHES.length; i++) {
            order(loop, server, DISHES[i], stepMillis * (DISHES.length - i), handled); // the first takes longest
        }
        Timer bell = Timer.of(() -> handled.add("the bell rings"));
        loop.start(bell, stepMillis * (DISHES.length + 1) * 1_000_000L);

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
    }

    /** Connects, asks and receives; each step registers the next when it is done. */
    private static void order(Loop loop, SlowServer server, String dish, int millis, List<String> handled) {
        Buffer request = Buffer.of(SlowServer.request(millis, dish));
        Buffer answer = Buffer.allocate(100);
        var connect = StreamSocket.connect(loop, server.address());
        connect.toStage()
                .thenAccept(socket -> {
                    handled.add("connected for " + dish);
                    socket.send(request, 0, request.capacity()).onDone(sent -> handled.add("sent for " + dish));
                    socket.receive(answer, 0, answer.capacity()).toStage().thenAccept(length -> {
                        handled.add("received " + answer.utf8(0, length).strip());
                        socket.close();
                    });
                })
                .exceptionally(failure -> {
                    handled.add("failed: " + failure);
                    return null;
                });
    }
}
