package dev.pumasi.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link JsonWriter} writes, {@link JsonLine} reads. */
final class JsonLineTest {

    @Test
    void whatIsWrittenIsRead() throws LabException {
        String name = "\"quoted\" \\ 품앗이 \u0001 \t \n";
        JsonWriter json = new JsonWriter();
        json.beginObject();
        json.field("name", name);
        json.field("whole", 42);
        json.field("part", -0.125);
        json.field("unknown", Double.NaN);
        json.field("is", true);
        json.name("steps").beginArray();
        json.beginObject();
        json.field("from", 1.5);
        json.endObject();
        json.endArray();
        json.endObject();
        JsonLine line = JsonLine.of(" " + json + " ");
        assertEquals(name, line.text("name"));
        assertEquals(42, line.number("whole"));
        assertEquals(-0.125, line.number("part"));
        assertTrue(Double.isNaN(line.number("unknown")));
        assertTrue(line.flag("is"));
        assertEquals(1.5, line.objects("steps").getFirst().number("from"));
        assertFalse(line.has("steps "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"a\"",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":[1,]}",
                "{\"a\":1} 2",
                "[1]",
                "{\"a\":\"\\x\"}",
                "{\"a\":--}"
            })
    void whatIsNoneIsRefusedWithTheLine(String line) {
        LabException refused = assertThrows(LabException.class, () -> JsonLine.of(line));
        assertTrue(String.valueOf(refused.getMessage()).contains(line));
    }

    @Test
    void depthHasALimit() {
        assertThrows(LabException.class, () -> JsonLine.of("{\"a\":" + "[".repeat(100) + "]".repeat(100) + "}"));
    }

    @Test
    void aFieldThatIsSomethingElseIsNamed() throws LabException {
        JsonLine line = JsonLine.of("{\"rate\":\"high\",\"list\":[1]}");
        for (LabException refused : new LabException[] {
            assertThrows(LabException.class, () -> line.number("rate")),
            assertThrows(LabException.class, () -> line.text("name")),
            assertThrows(LabException.class, () -> line.objects("list"))
        }) {
            assertTrue(String.valueOf(refused.getMessage()).contains("is missing, or is something else"));
        }
    }
}
