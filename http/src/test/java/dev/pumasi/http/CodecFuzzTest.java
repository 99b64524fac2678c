package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Seed;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A moment of {@link CodecFuzz}, with requests that are spoilt at random; {@code http/fuzz} looks for hours, and better. */
class CodecFuzzTest {

    private static final int ROUNDS = 60_000;

    @Test
    void anyBytes() {
        long seed = Seed.fromCommandLine().value();
        Random random = new Random(seed);
        Consumer<byte[]> run = bytes -> {
            try {
                CodecFuzz.fuzzerTestOneInput(bytes);
            } catch (Throwable failure) {
                throw new AssertionError(
                        "seed " + seed + ", input: " + new String(bytes, StandardCharsets.ISO_8859_1), failure);
            }
        };
        CodecFuzz.CORPUS.forEach(text -> run.accept(text.getBytes(StandardCharsets.ISO_8859_1)));
        ResponseFuzz.CORPUS.forEach(text -> run.accept(text.getBytes(StandardCharsets.ISO_8859_1)));
        for (int round = 0; round < ROUNDS; round++) {
            String answer = ResponseFuzz.CORPUS.get(random.nextInt(ResponseFuzz.CORPUS.size()));
            run.accept(spoilt(answer, random).getBytes(StandardCharsets.ISO_8859_1));
        }
        for (int round = 0; round < ROUNDS; round++) {
            String text = round % 4 == 0 ? "" : CodecFuzz.CORPUS.get(random.nextInt(CodecFuzz.CORPUS.size()));
            run.accept(spoilt(text, random).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    private static String spoilt(String text, Random random) {
        StringBuilder spoilt = new StringBuilder(text);
        for (int changes = random.nextInt(text.isEmpty() ? 14 : 4) + 1; changes > 0; changes--) {
            int at = random.nextInt(spoilt.length() + 1);
            String piece = CodecFuzz.PIECES.get(random.nextInt(CodecFuzz.PIECES.size()));
            switch (text.isEmpty() ? 0 : random.nextInt(5)) {
                case 0 -> spoilt.insert(text.isEmpty() ? spoilt.length() : at, piece);
                case 1 -> spoilt.delete(at, Math.min(spoilt.length(), at + 1 + random.nextInt(6)));
                case 2 -> {
                    if (at < spoilt.length()) {
                        spoilt.setCharAt(at, (char) random.nextInt(256));
                    }
                }
                case 3 -> {
                    // Between lines is where a piece does most harm.
                    int line = spoilt.indexOf("\r\n", at);
                    spoilt.insert(line < 0 ? at : line + 2, piece);
                }
                default -> {
                    int from = random.nextInt(spoilt.length() + 1);
                    spoilt.insert(at, spoilt.substring(from, Math.min(spoilt.length(), from + random.nextInt(300))));
                }
            }
        }
        return spoilt.toString();
    }

    /** Spoilt just enough: part of the inputs is still accepted, so that the checks have something to look at. */
    @Test
    void someInputsAreAccepted() {
        Random random = new Random(1);
        List<Integer> accepted = new ArrayList<>();
        for (int round = 0; round < 2_000; round++) {
            String text = spoilt(CodecFuzz.CORPUS.get(round % CodecFuzz.CORPUS.size()), random);
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            if (Heads.parse(bytes, HttpLimits.DEFAULTS, bytes.length) instanceof Heads.Head) {
                accepted.add(round);
            }
        }
        assertTrue(accepted.size() > 200 && accepted.size() < 1_800, accepted.size() + " of 2000 heads are accepted");
    }
}
