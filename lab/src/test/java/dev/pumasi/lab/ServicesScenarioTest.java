package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the services' lines become: dots, a table, figures. That the real services say such lines is seen in {@code it}. */
final class ServicesScenarioTest {

    private static String act(String way, int millis, String act) {
        return "{\"kind\":\"act\",\"way\":\"%s\",\"millis\":%d,\"act\":\"%s\"}".formatted(way, millis, act);
    }

    private static String order(String way, int millis, String id, String act, int status, int waited, String said) {
        return "{\"kind\":\"order\",\"way\":\"%s\",\"millis\":%d,\"id\":\"%s\",\"act\":\"%s\",\"status\":%d,\"latencyMillis\":%d.0,\"said\":\"%s\"}"
                .formatted(way, millis, id, act, status, waited, said);
    }

    private static String entry(String kind, String way, int millis, String id) {
        return "{\"kind\":\"%s\",\"way\":\"%s\",\"millis\":%d,\"id\":\"%s\"}".formatted(kind, way, millis, id);
    }

    private static String end(String way) {
        return "{\"kind\":\"end\",\"way\":\"%s\",\"millis\":2000,\"drainedMillis\":30}".formatted(way);
    }

    /** Two acts; in the second mail is dead. */
    private static List<String> calls() {
        return List.of(
                act("calls", 0, "all is well"),
                act("calls", 1000, "mail is killed"),
                order("calls", 100, "order-1", "all is well", 201, 20, "ordered"),
                order("calls", 1100, "order-2", "mail is killed", 502, 5, "stock failed; mail did not answer"),
                entry("parcel", "calls", 110, "order-1"),
                entry("parcel", "calls", 1102, "order-2"),
                entry("letter", "calls", 115, "order-1"),
                end("calls"));
    }

    private static List<String> queue() {
        return List.of(
                act("queue", 0, "all is well"),
                act("queue", 1000, "mail is killed"),
                order("queue", 100, "order-1", "all is well", 202, 3, "ordered"),
                order("queue", 1100, "order-2", "mail is killed", 202, 4, "ordered"),
                order("queue", 1200, "order-3", "mail is killed", 202, 4, "ordered"),
                entry("parcel", "queue", 110, "order-1"),
                entry("parcel", "queue", 1110, "order-2"),
                entry("parcel", "queue", 1210, "order-3"),
                entry("letter", "queue", 115, "order-1"),
                entry("letter", "queue", 2020, "order-2"),
                entry("letter", "queue", 2030, "order-3"),
                end("queue"));
    }

    private static Map<String, ServiceStory> read(List<String> lines) throws LabException {
        List<JsonLine> json = new ArrayList<>();
        for (String line : lines) {
            json.add(JsonLine.of(line));
        }
        return ServiceStory.of(json);
    }

    private static Findings drawn(List<String> lines) throws LabException {
        Findings findings = new Findings(new ServicesScenario());
        ServicesScenario.draw(findings, read(lines));
        return findings;
    }

    @Test
    void eachCustomerIsADotAndALetterThatIsLaterThanTheAnswerAnother() throws LabException {
        List<String> both = new ArrayList<>(calls());
        both.addAll(queue());
        Findings findings = drawn(both);
        Plot.Dots calls = (Plot.Dots) findings.plots().getFirst();
        assertEquals(
                List.of(
                        new Plot.Dot(0.1, 20, 0, "order-1 was accepted"),
                        new Plot.Dot(1.1, 5, 1, "order-2 was refused: stock failed; mail did not answer")),
                calls.dots());
        assertEquals(
                List.of(new Plot.Period(0, 1, "all is well"), new Plot.Period(1, 2, "mail is killed")),
                calls.periods());
        assertTrue(calls.says().contains("1 of 2 were refused"), calls.says());
        assertTrue(calls.says().contains(" 1 parcels were packed"), calls.says());
        Plot.Dots queue = (Plot.Dots) findings.plots().get(1);
        assertEquals(6, queue.dots().size());
        assertTrue(queue.dots().contains(new Plot.Dot(1.1, 920, 2, "order-2, a letter")), queue.toString());
        assertTrue(queue.says().contains("Nobody was refused"), queue.says());
        assertTrue(queue.says().contains("up to 2 at a time"), queue.says());
        assertEquals(
                List.of("mail is killed", "0", "1", "5.00", "2", "0", "4.00"),
                findings.table().rows().get(1));
        assertEquals(
                1.0,
                findings.spread(ServicesScenario.REFUSED_ORDERS, "calls: mail is killed", Double.NaN)
                        .median());
    }

    @Test
    void ofAWayThatWasCutOffNothingIsDrawn() throws LabException {
        List<String> cut = new ArrayList<>(calls());
        cut.addAll(queue().subList(0, 4));
        Findings findings = drawn(cut);
        assertEquals(1, findings.plots().size());
        assertEquals(4, findings.table().head().size());
        assertTrue(drawn(List.of()).plots().isEmpty());
    }

    @Test
    void whatWasAcceptedAndNeverWrittenIsLost() throws LabException {
        List<String> lines = new ArrayList<>(queue());
        lines.removeIf(line -> line.contains("letter") && line.contains("order-3"));
        ServiceStory story = java.util.Objects.requireNonNull(read(lines).get("queue"));
        assertEquals(1, story.lost());
        assertEquals(0, story.refused());
        assertEquals(0, story.packedForNobody());
    }
}
