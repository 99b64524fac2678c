package dev.pumasi.examples;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Operation.Failed;
import dev.pumasi.runtime.Operation.Success;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Race;
import dev.pumasi.runtime.Scope;
import dev.pumasi.runtime.StreamSocket;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Structured concurrency: the same dishes are fetched from a slow server, all in one scope, and the scope decides what the
 * end of one means for the others. One loop, one thread; each dish has a green thread of its own while it is under way.
 */
final class Scopes {

    private static final int COLUMNS = 50;

    /** So long that it is never waited for, on however slow a machine. */
    private static final int FOR_EVER = 200;

    /** What comes in time takes a small part of it. */
    private static final long LIMIT = 15;

    /** What became of one dish, and when. */
    private record Bar(String name, long beganNanos, long endedNanos, String came) {}

    /** One part of the example: what the block came to, and each dish. */
    record Part(String title, String outcome, Map<String, String> dishes) {}

    private final Story story;
    private final Loop loop;
    private final SocketAddress server;
    private final int millis;
    private final List<Part> parts = new ArrayList<>();
    private final List<Bar> bars = new ArrayList<>();

    private Scopes(Story story, Loop loop, SocketAddress server, int millis) {
        this.story = story;
        this.loop = loop;
        this.server = server;
        this.millis = millis;
    }

    static void main(String[] args) throws Exception {
        run(new Story(System.out), args.length > 0 ? args[0] : Drivers.AUTO, 50);
    }

    /** @param millis the unit in which the dishes are slow */
    static List<Part> run(Story story, String driver, int millis) throws Exception {
        try (SlowServer server = SlowServer.start(driver);
                LoopGroup loops =
                        LoopGroup.start("loop", 1, Drivers.choose(driver).factory())) {
            Loop loop = loops.next();
            Scopes example = new Scopes(story, loop, server.address(), millis);
            try (Scope cook = Scope.builder().on(loop).open()) { // this thread belongs to no loop, so it says where
                cook.fork(() -> {
                    example.part("all succeed", example::allSucceed);
                    example.part("one fails, and the rest is cancelled at once", example::failFast);
                    example.part("the first success wins", example::firstSuccess);
                    example.part("a deadline: what came in time", example::whatCameInTime);
                });
                cook.join();
            }
            story.print(String.format(
                    Locale.ROOT,
                    "%nwake-ups from foreign threads (hops): %d",
                    loop.status().hops()));
            return example.parts;
        }
    }

    private String allSucceed() throws IOException {
        try (Scope scope = Scope.open()) {
            Operation<String> soup = scope.fork(() -> fetch(2, "soup"));
            Operation<String> rice = scope.fork(() -> fetch(3, "rice"));
            Operation<String> spam = scope.fork(() -> fetch(1, "spam"));
            scope.join();
            return soup.value() + ", " + rice.value() + ", " + spam.value();
        }
    }

    private String failFast() throws IOException {
        try (Scope scope = Scope.open()) {
            scope.fork(() -> fetch(FOR_EVER, "soup"));
            scope.fork(() -> fetch(FOR_EVER, "rice"));
            scope.fork(() -> {
                fetch(1, "spam");
                throw new IOException("the spam is burnt");
            });
            scope.join();
            return "never reached";
        }
    }

    private String firstSuccess() throws IOException {
        try (Race<String> race = Scope.builder().firstSuccess()) {
            race.fork(() -> fetch(FOR_EVER, "far kitchen"));
            race.fork(() -> fetch(2, "near kitchen"));
            race.fork(() -> {
                throw new IOException("closed today");
            });
            return race.join();
        }
    }

    private String whatCameInTime() throws IOException {
        Duration limit = Duration.ofMillis(LIMIT * millis);
        List<String> served = new ArrayList<>();
        try (Scope scope = Scope.builder().within(limit).allEnd()) {
            List<Operation<String>> all = List.of(
                    scope.fork(() -> fetch(1, "soup")),
                    scope.fork(() -> fetch(FOR_EVER, "rice")),
                    scope.fork(() -> fetch(2, "spam")));
            scope.join();
            for (Operation<String> dish : all) {
                switch (dish.poll().orElseThrow()) {
                    case Success<String>(String name) -> served.add(name);
                    case Failed<String>(Throwable late) -> served.add("nothing");
                }
            }
        }
        return String.join(", ", served);
    }

    /** Asks the server, in direct style; nothing here knows of scopes, deadlines or cancellation. */
    private String fetch(int units, String name) throws IOException {
        long began = System.nanoTime();
        String came = "failed";
        try (StreamSocket socket = StreamSocket.connect(loop, server).await()) {
            byte[] request = SlowServer.request(units * millis, name).getBytes();
            socket.write(request, 0, request.length);
            socket.flush();
            byte[] answer = new byte[100];
            int length = 0;
            for (int count = 0; count >= 0; count = socket.read(answer, length, answer.length - length)) {
                length += count;
            }
            came = "came";
            return new String(answer, 0, length).strip();
        } catch (OperationException brokenOff) {
            came = brokenOff.failure().toString();
            throw brokenOff;
        } finally {
            bars.add(new Bar(name, began, System.nanoTime(), came));
        }
    }

    @FunctionalInterface
    private interface Block {
        String run() throws IOException;
    }

    private void part(String title, Block block) {
        bars.clear();
        String outcome;
        try {
            outcome = block.run();
        } catch (IOException failure) {
            outcome = "thrown: " + failure.getMessage();
        }
        Map<String, String> dishes = new LinkedHashMap<>();
        bars.forEach(bar -> dishes.put(bar.name, bar.came));
        parts.add(new Part(title, outcome, dishes));
        draw(title, outcome);
    }

    private void draw(String title, String outcome) {
        long first = bars.stream().mapToLong(Bar::beganNanos).min().orElseThrow();
        long last = bars.stream().mapToLong(Bar::endedNanos).max().orElseThrow();
        story.print("");
        story.print(title);
        for (Bar bar : bars) {
            int from = (int) ((bar.beganNanos - first) * COLUMNS / (last - first));
            int to = (int) ((bar.endedNanos - first) * COLUMNS / (last - first));
            String line = " ".repeat(from) + "|" + "-".repeat(Math.max(0, to - from - 1)) + "|";
            story.print(String.format(Locale.ROOT, "  %-13s %-" + (COLUMNS + 2) + "s %s", bar.name, line, bar.came));
        }
        story.print(String.format(Locale.ROOT, "  %.0f ms: %s", Story.millis(last - first), outcome));
    }
}
