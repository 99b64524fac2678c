package dev.pumasi.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * What whoever changes something must show: a word that nobody can guess, in the field {@code Authorization: Bearer}.
 *
 * @param word visible ASCII characters, from {@value #CHARACTERS_MIN} to {@value #CHARACTERS_MAX}
 */
public record Token(String word) {

    public static final int CHARACTERS_MIN = 16;
    public static final int CHARACTERS_MAX = 256;

    /** Of a fresh one: nobody tries 2 to the power of 192. */
    private static final int RANDOM_BYTES = 24;

    private static final String PREFIX = "Bearer ";

    public Token {
        if (word.length() < CHARACTERS_MIN || word.length() > CHARACTERS_MAX) {
            throw new IllegalArgumentException("a token has from " + CHARACTERS_MIN + " to " + CHARACTERS_MAX
                    + " characters, not " + word.length());
        }
        if (!word.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            throw new IllegalArgumentException("a token has visible ASCII characters only, and no blanks");
        }
    }

    /** One that nobody has had before. */
    public static Token fresh() {
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        return new Token(Base64.getUrlEncoder().withoutPadding().encodeToString(random));
    }

    /**
     * The first line of a file, without blanks around it.
     *
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if that is no token
     */
    public static Token read(Path file) throws IOException {
        try (var lines = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
            String first = lines.readLine();
            return new Token(first == null ? "" : first.strip());
        }
    }

    /** Whether that field's value shows this token. Takes the same time whatever is wrong with it. */
    boolean isShownBy(String authorization) {
        boolean named = authorization.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
        String shown = named ? authorization.substring(PREFIX.length()).strip() : "";
        return MessageDigest.isEqual(
                shown.getBytes(StandardCharsets.ISO_8859_1), word.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Without the word: it does not belong into logs. */
    @Override
    public String toString() {
        return "a token of " + word.length() + " characters";
    }
}
