package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.sql.Continuation;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.Placement;
import dev.pumasi.testkit.LeakWatch;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.w3c.dom.NodeList;

/** What the timeline shows is what happens: which thread runs the query, and which D, E and F. */
@ExtendWith(LeakWatch.class)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class ThreeWaysTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void eachStepRunsWhereItIsSaidTo(Continuation how) throws Exception {
        try (Database database = Database.embedded(folder, "dishes")
                .placement(Placement.offloaded(4))
                .open()) {
            ThreeWays ways = new ThreeWays(database, false, Duration.ofMillis(200), Duration.ofSeconds(1));
            ways.prepare();
            ThreeWays.Measured measured = ways.measure(how);
            assertTrue(measured.perSecond() > 0);
            Set<Boolean> atTheDatabase = Set.of(true);
            Set<Boolean> atMain = Set.of(false);
            assertEquals(atMain, threads(measured, "ABC"));
            assertEquals(atTheDatabase, threads(measured, "q"));
            assertEquals(how == Continuation.CALLBACK ? atTheDatabase : atMain, threads(measured, "DEF"));
            assertEquals(how == Continuation.SYNCHRONOUS ? atMain : Set.of(), threads(measured, "░"));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            StepRecorder.draw(measured.steps(), new PrintStream(out, true, StandardCharsets.UTF_8));
            String drawn = out.toString(StandardCharsets.UTF_8);
            assertTrue(drawn.contains("  main ") && drawn.contains("  database 1 "), drawn);
            String picture = ThreeWays.picture("<H2>", List.of(measured));
            NodeList texts = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(picture.getBytes(StandardCharsets.UTF_8)))
                    .getElementsByTagName("text");
            Set<String> said = IntStream.range(0, texts.getLength())
                    .mapToObj(i -> texts.item(i).getTextContent())
                    .collect(Collectors.toSet());
            assertTrue(said.containsAll(Set.of("main", "database 1", "0 ms", "45 ms", "D E F")), picture);
            assertTrue(said.stream().anyMatch(text -> text.startsWith("<H2> · ")), picture);
        }
    }

    /** Whether these steps ran on database threads. */
    private static Set<Boolean> threads(ThreeWays.Measured measured, String steps) {
        return measured.steps().stream()
                .filter(step -> steps.indexOf(step.what()) >= 0)
                .map(step -> step.thread().startsWith("pumasi-offload"))
                .collect(Collectors.toSet());
    }
}
