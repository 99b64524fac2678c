package dev.pumasi.web.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is read again, whatever it is. */
final class StoredValuesTest {

    private static final String AWKWARD = "a=\\\n\r\0 \ud83c\udf5a\ud83c\udf5a김'\"u0";

    @Test
    void whateverWasWrittenIsReadAgain() throws IOException {
        long seed = Long.getLong("pumasi.seed", System.nanoTime());
        Random dice = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            Map<String, String> values = new LinkedHashMap<>();
            for (int i = dice.nextInt(5); i > 0; i--) {
                values.put(word(dice), word(dice));
            }
            assertEquals(values, StoredValues.read(StoredValues.write(values)), () -> "-Dpumasi.seed=" + seed);
        }
    }

    /** Cuts may go through the middle of a character. */
    private static String word(Random dice) {
        StringBuilder word = new StringBuilder();
        for (int i = dice.nextInt(12); i > 0; i--) {
            word.append(AWKWARD.charAt(dice.nextInt(AWKWARD.length())));
        }
        return word.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a=b", "a\n", "a=\\\n", "a=\\00g0\n", "a=\\0\n"})
    void whatWasNotIsRefused(String text) {
        assertThrows(IOException.class, () -> StoredValues.read(text));
    }
}
