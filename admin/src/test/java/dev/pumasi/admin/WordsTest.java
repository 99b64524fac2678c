package dev.pumasi.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Both languages say everything, with the same values in it; and what the page asks for is there. */
final class WordsTest {

    private static final Pattern ENTRY = Pattern.compile("[{,\\s]\"?([A-Za-z][\\w-]*)\"?: \"([^\"]*)\"");
    private static final Pattern VALUE = Pattern.compile("\\{(\\w+)}");
    private static final Pattern ASKED =
            Pattern.compile("words\\.t\\(\\s*\"([\\w-]+)\"|data-(?:t|aria|placeholder)=\"([\\w-]+)\"");

    private static String file(String name) throws IOException {
        try (var in = WordsTest.class.getResourceAsStream("page/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The values that each sentence has, by its key. */
    private static Map<String, Set<String>> sentences(String language, String until) throws IOException {
        String all = file("words.js");
        String part = all.substring(all.indexOf(language + ": {"), all.indexOf(until));
        Map<String, Set<String>> sentences = new TreeMap<>();
        for (Matcher entry = ENTRY.matcher(part); entry.find(); ) {
            Set<String> values = new TreeSet<>();
            for (Matcher value = VALUE.matcher(entry.group(2)); value.find(); ) {
                values.add(value.group(1));
            }
            sentences.put(entry.group(1), values);
        }
        return sentences;
    }

    @Test
    void bothLanguagesSayTheSame() throws IOException {
        Map<String, Set<String>> english = sentences("en", "ko: {");
        assertTrue(english.size() > 100, () -> "only " + english.size() + " were found");
        assertEquals(english, sentences("ko", "export const LANGUAGES"));
    }

    @Test
    void whatIsAskedForIsThere() throws IOException {
        Set<String> there = sentences("en", "ko: {").keySet();
        Set<String> missing = new TreeSet<>();
        for (String name : new String[] {"live.js", "timeline.js", "index.html"}) {
            for (Matcher asked = ASKED.matcher(file(name)); asked.find(); ) {
                String key = asked.group(1) == null ? asked.group(2) : asked.group(1);
                if (!there.contains(key)) {
                    missing.add(name + " asks for " + key);
                }
            }
        }
        assertEquals(Set.of(), missing);
    }
}
