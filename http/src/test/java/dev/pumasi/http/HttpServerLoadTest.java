package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pumasi.http.ServerKind.Trait;
import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Many connections, at once and one after another; memory that they share must not mix them up. */
@OnEachServer
class HttpServerLoadTest extends Served {

    /** Below the 1024 descriptors that select can have, server's and client's ends together. */
    private static final int FEW = 400;

    private static final int MANY = 2_000;

    /** Each request has fields of its own; the handler looks at them again after it has parked. */
    @Test
    void aParkedHandlersRequestStaysWhatItWas() throws IOException {
        Seed seed = Seed.fromCommandLine();
        AtomicInteger wrong = new AtomicInteger();
        Server server = serve((Handler) request -> {
            List<Field> before = request.fields();
            String target = request.target();
            int parks = Integer.parseInt(request.header("Parks", "0"));
            for (int i = 0; i < parks; i++) {
                park(Duration.ofMillis(1));
                if (!request.fields().equals(before) || !request.target().equals(target)) {
                    wrong.incrementAndGet();
                }
            }
            StringBuilder said = new StringBuilder(target);
            before.forEach(field -> said.append(field.value()));
            return Response.text(said.toString());
        });
        Dice dice = seed.dice();
        List<Wire> wires = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            wires.add(wire(server));
        }
        for (int round = 0; round < 10; round++) {
            List<String> expected = new ArrayList<>();
            for (Wire wire : wires) {
                StringBuilder requests = new StringBuilder();
                for (int behind = 0; behind < 3; behind++) {
                    String mark = Long.toHexString(dice.next());
                    String parks = "" + dice.below(3);
                    String filling = mark.repeat(dice.chance(0.2) ? 100 + dice.below(300) : 1 + dice.below(5));
                    requests.append("GET /")
                            .append(mark)
                            .append(" HTTP/1.1\r\nHost: h")
                            .append(mark);
                    requests.append("\r\nParks: ")
                            .append(parks)
                            .append("\r\nX: ")
                            .append(filling)
                            .append("\r\n\r\n");
                    expected.add("/" + mark + "h" + mark + parks + filling);
                }
                byte[] bytes = Wire.octets(requests.toString());
                int cut = dice.below(bytes.length);
                wire.send(bytes, 0, cut).send(bytes, cut, bytes.length - cut);
            }
            int next = 0;
            for (Wire wire : wires) {
                for (int behind = 0; behind < 3; behind++) {
                    assertEquals(expected.get(next++), wire.answer().text(), seed::replay);
                }
            }
        }
        assertEquals(0, wrong.get(), seed::replay);
    }

    @Test
    void manyConnectionsAreServedTogether() throws IOException {
        int count = kind.has(Trait.HOLDS_THOUSANDS) ? MANY : FEW;
        Server server = serve(HttpServer.builder((Handler) request -> {
                    park(Duration.ofMillis(1));
                    return Response.text(request.target());
                })
                .loops(2));
        List<Wire> wires = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            wires.add(wire(server));
        }
        // Alone, so that two loops do not load the same classes at once: whoever waits for that hops.
        assertEquals(
                "/first", wires.getFirst().send(Wire.get("/first")).answer().text());
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < count; i++) {
                wires.get(i).send(Wire.get("/" + i));
            }
            for (int i = 0; i < count; i++) {
                assertEquals("/" + i, wires.get(i).answer().text());
            }
        }
        assertEquals(count, server.status().open());
        assertEquals(count, server.status().connections());
        assertEquals(1 + 2L * count, server.status().requests());
    }

    @Test
    void connectionsThatComeAndGoLeaveNothing() throws IOException {
        Seed seed = Seed.fromCommandLine();
        Dice dice = seed.dice();
        Server server = serve((Handler) request -> {
            if (request.path().equals("/parks")) {
                park(Duration.ofMillis(1));
            }
            return Response.text(request.target());
        });
        int count = 600;
        for (int i = 0; i < count; i++) {
            try (Wire wire = Wire.to(server)) {
                String target = dice.chance(0.5) ? "/" : "/parks";
                switch (dice.below(5)) {
                    case 0 -> wire.send("GET " + target);
                    case 1 -> {
                        wire.send(Wire.get(target));
                        wire.reset();
                    }
                    case 2 -> wire.send(Wire.get(target));
                    case 3 -> {}
                    default ->
                        assertEquals(
                                target, wire.send(Wire.get(target)).answer().text(), seed::replay);
                }
            }
        }
        await(
                "all to end",
                () -> server.status().connections() == count && server.status().open() == 0);
        assertEquals(0, server.status().handlerFailures());
    }
}
