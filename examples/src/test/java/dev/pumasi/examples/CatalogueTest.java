package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** docs/catalogue.md promises nothing that is not there: its commands, links and tests exist. */
final class CatalogueTest {

    private static final Path ROOT = Path.of("..");
    private static final Path CATALOGUE = ROOT.resolve("docs/catalogue.md");

    private static String catalogue = "";

    @BeforeAll
    static void read() throws IOException {
        catalogue = Files.readString(CATALOGUE);
    }

    @Test
    void theRowsThatStandHaveASection() {
        for (String id : List.of(
                "S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08", "S09", "S10", "S11", "S12", "S13", "S14", "S15",
                "S16", "S17", "S18", "S19", "S20", "S21", "S22", "S23", "S24", "S25", "S26", "S27", "S28", "S29", "S30",
                "S31", "N1", "N2", "N3", "N4", "N5", "N6", "N7")) {
            assertTrue(catalogue.contains("\n| [" + id + "](#"), id + " is not in the table");
            assertTrue(catalogue.contains("\n## " + id + "\n"), id + " has no section");
        }
    }

    @Test
    void everyCommandNamesAnExample() {
        Set<String> known = Examples.ALL.stream().map(Examples.Example::name).collect(Collectors.toSet());
        Set<String> named = found("examples/run ([a-z-]+)");
        assertTrue(known.containsAll(named), named + " of " + known);
        assertTrue(named.size() > 7, named.toString());
    }

    @Test
    void everyExampleStandsWithTheRowsThatItShows() {
        for (Examples.Example example : Examples.ALL) {
            for (String row :
                    example.rows().isEmpty() ? new String[0] : example.rows().split(" ")) {
                assertTrue(
                        catalogue
                                .lines()
                                .anyMatch(line -> line.startsWith("| [" + row + "](")
                                        && line.contains("examples/run " + example.name())),
                        example.name() + " is not the command of " + row);
            }
        }
    }

    @Test
    void everyTestThatItNamesExists() throws IOException {
        Set<String> named = found("`(\\w+Test)`");
        Set<String> missing = new TreeSet<>(named);
        for (String module : List.of(
                "runtime",
                "testkit",
                "http",
                "server",
                "queue",
                "queue-http",
                "queue-kafka",
                "admin",
                "sql",
                "web",
                "cli",
                "examples",
                "examples/orders",
                "examples/services",
                "it")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                files.map(file -> file.getFileName().toString().replace(".java", ""))
                        .forEach(missing::remove);
            }
        }
        assertEquals(Set.of(), missing, "tests that the catalogue names and nobody wrote");
        assertTrue(named.size() > 10, named.toString());
    }

    @Test
    void everyLinkLeadsSomewhere() {
        for (String target : found("]\\(([^)#:]+)\\)")) {
            assertTrue(Files.exists(CATALOGUE.resolveSibling(target)), "the catalogue links to " + target);
        }
    }

    private static Set<String> found(String regex) {
        return Pattern.compile(regex)
                .matcher(catalogue)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
