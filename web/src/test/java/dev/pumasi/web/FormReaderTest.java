package dev.pumasi.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms with files, whole and cut, good and spoilt. */
@ExtendWith(SeedParameter.class)
class FormReaderTest {

    private static final FormLimits LIMITS = new FormLimits(10, 500, 50);

    private record Read(FormReader.Part part, byte[] content) {}

    /** Gives at most {@code most} bytes at once. */
    private static FormReader reader(byte[] form, int most, String boundary) {
        int[] at = {0};
        return new FormReader(
                (to, offset, length) -> {
                    int count = Math.min(Math.min(length, most), form.length - at[0]);
                    if (count == 0) {
                        return -1;
                    }
                    System.arraycopy(form, at[0], to, offset, count);
                    at[0] += count;
                    return count;
                },
                boundary,
                LIMITS);
    }

    private static List<Read> read(byte[] form, int most, String boundary) throws IOException {
        FormReader reader = reader(form, most, boundary);
        List<Read> all = new ArrayList<>();
        byte[] piece = new byte[777];
        for (FormReader.Part part = reader.next(); part != null; part = reader.next()) {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            for (int count = reader.read(piece, 0, piece.length);
                    count >= 0;
                    count = reader.read(piece, 0, piece.length)) {
                assertTrue(count > 0);
                content.write(piece, 0, count);
            }
            all.add(new Read(part, content.toByteArray()));
        }
        assertEquals(-1, reader.read(piece, 0, piece.length));
        return all;
    }

    private static byte[] lines(String text) {
        return text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void partsAndWhatIsSaidAboutThem() throws IOException {
        byte[] form = lines("preamble\n--b  \nContent-Disposition: form-data; name=\"a\"\n\nA\n"
                + "--b\ncontent-disposition: FORM-DATA ; Name=f; filename=\"x \\\"y\\\" %22z%22;.txt\" ; filename*=utf-8''no\n"
                + "Content-Type: image/png\nX-Other: y\n\n\n--c\n--b--  \nepilogue\n");
        for (int most = 1; most < 40; most++) {
            List<Read> parts = read(form, most, "b");
            assertEquals(2, parts.size());
            assertEquals(new FormReader.Part("a", Optional.empty(), "text/plain"), parts.get(0).part);
            assertArrayEquals(lines("A"), parts.get(0).content);
            assertEquals(new FormReader.Part("f", Optional.of("x \"y\" \"z\";.txt"), "image/png"), parts.get(1).part);
            assertArrayEquals(lines("\n--c"), parts.get(1).content);
        }
    }

    @Test
    void whatIsNotReadIsSkipped() throws IOException {
        byte[] form = lines(part("a", "x".repeat(40_000)) + part("b", "text") + "--b--");
        FormReader reader = reader(form, 1000, "b");
        assertEquals("a", reader.next().name());
        assertEquals("b", reader.next().name());
        assertEquals("text", reader.text(4));
        assertEquals(null, reader.next());
        assertEquals(null, reader.next());
        FormReader again = reader(form, 1000, "b");
        again.next();
        assertEquals(
                413, assertThrows(FormException.class, () -> again.text(39_999)).status());
    }

    private static String part(String name, String content) {
        return "--b\nContent-Disposition: form-data; name=\"" + name + "\"\n\n" + content + "\n";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--b",
                "--b\n",
                "--b--",
                "--b\nContent-Disposition: form-data; name=a\n\ntext",
                "--b\nContent-Disposition: form-data; name=a\n\ntext\n--b",
                "--b\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data\n\ntext\n--b--",
                "--b\nContent-Disposition: attachment; name=a\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data; name=a; name=b\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data; name=\"a\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data; name=\"a\"b\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data; name\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data; name=a\nContent-Disposition: form-data; name=a\n\ntext\n--b--",
                "--b\nContent-Disposition: form-data; name=a\n folded\n\ntext\n--b--",
                "--b\nno colon\n\ntext\n--b--",
                "--bc\nContent-Disposition: form-data; name=a\n\ntext\n--bc--",
                "--b\nContent-Disposition: form-data; name=a\nContent-Transfer-Encoding: base64\n\ntext\n--b--",
            })
    void malformedForms(String text) {
        for (int most : new int[] {1, 3, 10_000}) {
            try {
                List<Read> parts = read(lines(text), most, "b");
                assertEquals("--b--", text, "was read as " + parts);
            } catch (FormException malformed) {
                assertEquals(400, malformed.status());
            } catch (IOException other) {
                throw new AssertionError(other);
            }
        }
    }

    @Test
    void everyLimitIsHeld() {
        tooMuch(part("a", "").repeat(11) + "--b--");
        tooMuch(part("x".repeat(51), "") + "--b--");
        tooMuch(part("x".repeat(501), "") + "--b--");
        tooMuch("--b\n" + "A: b\n".repeat(17) + "Content-Disposition: form-data; name=a\n\n\n--b--");
        tooMuch("--b\n" + ("A: " + "b".repeat(200) + "\n").repeat(3)
                + "Content-Disposition: form-data; name=a\n\n\n--b--");
    }

    private static void tooMuch(String form) {
        FormException refused = assertThrows(FormException.class, () -> read(lines(form), 100, "b"));
        assertEquals(413, refused.status(), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "multipart/form-data; boundary=abc | abc",
                "Multipart/Form-Data;charset=utf-8; boundary=\"a b:c\" | a b:c",
                "multipart/form-data | -",
                "multipart/form-data; boundary= | -",
                "multipart/form-data; boundary=\"a \" | -",
                "multipart/mixed; boundary=a | -",
                "multipart/form-data; boundary=a; boundary=b | -",
                "multipart/form-data; boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg1 | -",
                "multipart/form-data; boundary=a$ | -",
            })
    void boundaries(String type, String boundary) throws IOException {
        if (boundary.equals("-")) {
            assertThrows(FormException.class, () -> FormReader.boundary(type));
        } else {
            assertEquals(boundary, FormReader.boundary(type));
        }
    }

    /** Whatever the bytes, and however they are cut: the same parts or a refusal, and nothing else. */
    @Test
    void spoiltForms(Seed seed) {
        Random random = new Random(seed.value());
        String good = "--b\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\n\n\n-\n--\n--b-\n--b\n"
                + "Content-Disposition: form-data; name=c\n\n\n--b--\n";
        String[] words = {
            "\r\n", "--b", "--", "\r", "\n", ";", "\"", "=", "Content-Disposition: form-data; name=x", "", "\\", "%22"
        };
        for (int round = 0; round < 20_000; round++) {
            StringBuilder spoilt = new StringBuilder(good.replace("\n", "\r\n"));
            for (int change = random.nextInt(4); change >= 0; change--) {
                int at = random.nextInt(spoilt.length() + 1);
                int to = Math.min(spoilt.length(), at + random.nextInt(6));
                spoilt.replace(at, to, words[random.nextInt(words.length)]);
            }
            byte[] form = spoilt.toString().getBytes(StandardCharsets.UTF_8);
            String whole = outcome(form, form.length + 1);
            assertEquals(whole, outcome(form, 1 + random.nextInt(20)), () -> "seed " + seed + ": " + spoilt);
        }
    }

    private static String outcome(byte[] form, int most) {
        try {
            StringBuilder all = new StringBuilder();
            for (Read read : read(form, most, "b")) {
                all.append(read.part)
                        .append(new String(read.content, StandardCharsets.UTF_8))
                        .append('|');
            }
            return all.toString();
        } catch (FormException refused) {
            return refused.status() + " " + refused.getMessage();
        } catch (IOException other) {
            throw new AssertionError(other);
        }
    }
}
