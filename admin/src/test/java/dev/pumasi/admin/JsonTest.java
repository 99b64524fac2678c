package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is written is JSON, says what was meant, and can end neither a line nor an element. */
final class JsonTest {

    @Test
    void everyCharacterComesBackAsItWas() {
        StringBuilder all = new StringBuilder("품앗이 😀 \uD800 </script><!-- \u2028\u2029 \" \\ ");
        for (char c = 0; c < 0x200; c++) {
            all.append(c);
        }
        String text =
                new Json().beginObject().put("a\"b", all.toString()).endObject().toString();
        JsonNode read = JsonMapper.builder().build().readTree(text);
        assertEquals(all.toString(), read.get("a\"b").stringValue());
        assertFalse(text.contains("</"), text);
        assertTrue(text.chars().noneMatch(c -> c < 0x20), "a control character is in " + text);
    }

    @Test
    void commasStandWhereTheyBelong() {
        Json json = new Json()
                .beginObject()
                .put("a", 1L)
                .put("b", true)
                .put("c", 0.25)
                .put("d", Double.NaN)
                .beginArray("e")
                .add(1L)
                .beginObject()
                .endObject()
                .beginArray()
                .add("x")
                .add("y")
                .endArray()
                .endArray()
                .beginObject("f")
                .endObject()
                .endObject();
        assertEquals("{\"a\":1,\"b\":true,\"c\":0.25,\"d\":null,\"e\":[1,{},[\"x\",\"y\"]],\"f\":{}}", json.toString());
    }
}
