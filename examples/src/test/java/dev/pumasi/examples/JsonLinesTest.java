package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What examples tell {@code pumasi lab}: as many lines of each kind as there is to tell. */
final class JsonLinesTest {

    private static List<String> said(Examples.Main example, String... arguments) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            example.run(arguments);
        } finally {
            System.setOut(before);
        }
        List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
        for (String line : lines) {
            assertTrue(line.startsWith("{\"kind\":\"") && line.endsWith("}"), line);
        }
        return lines;
    }

    private static Map<String, Long> kinds(List<String> lines) {
        return lines.stream()
                .collect(Collectors.groupingBy(
                        line -> line.replaceAll("\\{\"kind\":\"([a-zA-Z]+)\".*", "$1"), Collectors.counting()));
    }

    @Test
    void theKitchenTellsEachStepOfFourEvenings() throws Exception {
        long steps =
                4L * Dish.DINNER.stream().mapToInt(dish -> dish.steps().size()).sum();
        assertEquals(Map.of("step", steps), kinds(said(Kitchen::main, "--json")));
    }

    @Test
    void bothRoadsTellTheirDownloads() throws Exception {
        assertEquals(Map.of("download", 2L * OneThread.DOWNLOADS), kinds(said(OneThread::main, "--json")));
    }

    @Test
    void quadrantsAndWaysAreToldOncePerRound() throws Exception {
        List<String> lines = said(Quadrants::main, "--json", "1");
        assertEquals(Map.of("quadrant", 4L, "way", 4L), kinds(lines));
        String callback = lines.stream()
                .filter(line -> line.contains("callback"))
                .findFirst()
                .orElseThrow();
        assertTrue(callback.contains("\"asked\":0,"), "who is called back does not ask: " + callback);
    }
}
