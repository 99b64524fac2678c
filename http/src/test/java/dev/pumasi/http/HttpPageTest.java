package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tables of {@code docs/http.md} say what the code says. */
class HttpPageTest {

    private static final Path PAGE = Path.of("../docs/http.md");

    @Test
    void violations() throws IOException {
        List<String> page = Files.readAllLines(PAGE);
        for (Violation violation : Violation.values()) {
            String section = violation.source().replace("RFC ", "").replace("section ", "");
            String row =
                    "| `" + violation + "` | " + violation.status() + " | " + section + " | " + violation.text() + " |";
            assertTrue(page.contains(row), row);
        }
        long rows = page.stream()
                .filter(line -> line.matches("\\| `[A-Z0-9_]+` \\|.*"))
                .count();
        assertEquals(Violation.values().length, rows);
    }

    @Test
    void limits() throws IOException, ReflectiveOperationException {
        List<String> page = Files.readAllLines(PAGE);
        for (RecordComponent limit : HttpLimits.class.getRecordComponents()) {
            String start =
                    "| `" + limit.getName() + "` | " + limit.getAccessor().invoke(HttpLimits.DEFAULTS) + " | ";
            assertTrue(page.stream().anyMatch(line -> line.startsWith(start)), start);
        }
    }
}
