package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The code of docs/guide.md is real: each Java block stands in a source of this module, white space aside. */
final class GuideTest {

    private static final Path GUIDE = Path.of("../docs/guide.md");
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)\\)");

    @Test
    void everyJavaBlockIsCompiledCode() throws IOException {
        String sources;
        try (Stream<Path> files = Files.walk(Path.of("src"))) {
            sources = files.filter(file -> file.toString().endsWith(".java"))
                    .map(GuideTest::read)
                    .map(GuideTest::withoutSpace)
                    .collect(Collectors.joining("\n"));
        }
        int blocks = 0;
        List<String> missing = new ArrayList<>();
        for (Matcher block = JAVA_BLOCK.matcher(read(GUIDE)); block.find(); ) {
            blocks++;
            if (!sources.contains(withoutSpace(block.group(1)))) {
                missing.add(block.group(1));
            }
        }
        assertEquals(List.of(), missing, "in the guide and in no source of examples");
        assertTrue(blocks > 15, blocks + " blocks found");
    }

    @Test
    void everyLinkLeadsSomewhere() {
        for (Matcher link = LINK.matcher(read(GUIDE)); link.find(); ) {
            Path target = GUIDE.resolveSibling(link.group(1));
            assertTrue(Files.exists(target), "the guide links to " + target);
        }
    }

    /** The formatter breaks lines where it must; the guide where a reader likes it. */
    private static String withoutSpace(String code) {
        return code.replaceAll("\\s+", "");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new AssertionError(unreadable);
        }
    }
}
