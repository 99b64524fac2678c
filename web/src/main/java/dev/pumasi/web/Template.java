package dev.pumasi.web;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Text with variables in it, cut up when the file is read. Without variables it is the same string each time. */
final class Template {

    private final String text;
    private final Variable[] parts;

    private Template(String text, List<Variable> parts) {
        this.text = text;
        this.parts = parts.toArray(Variable[]::new);
    }

    static Template constant(String text) {
        return new Template(text, List.of());
    }

    /** @throws IllegalArgumentException if it names what does not exist; the message says what */
    static Template parse(String text, Variables variables) {
        if (text.indexOf('$') < 0) {
            return constant(text);
        }
        List<Variable> made = new ArrayList<>();
        for (Part part : parts(text)) {
            String constant = part.text;
            made.add(part.isName ? variables.find(constant) : _ -> constant);
        }
        return new Template(text, made);
    }

    /**
     * A piece of a text.
     *
     * @param text a name, or what stands between names
     */
    record Part(String text, boolean isName) {}

    /** @throws IllegalArgumentException if a dollar sign has no name behind it */
    static List<Part> parts(String text) {
        List<Part> parts = new ArrayList<>();
        StringBuilder plain = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c != '$') {
                plain.append(c);
                at++;
                continue;
            }
            boolean braced = at + 1 < text.length() && text.charAt(at + 1) == '{';
            int from = at + (braced ? 2 : 1);
            int end = from;
            while (end < text.length() && isName(text.charAt(end))) {
                end++;
            }
            if (!braced && end > from && Character.isDigit(text.charAt(from))) {
                end = from + 1; // $12 is the first capture and a 2
            }
            if (end == from || braced && (end == text.length() || text.charAt(end) != '}')) {
                throw new IllegalArgumentException("a '$' without the name of a variable behind it");
            }
            if (!plain.isEmpty()) {
                parts.add(new Part(plain.toString(), false));
                plain.setLength(0);
            }
            parts.add(new Part(text.substring(from, end), true));
            at = end + (braced ? 1 : 0);
        }
        if (!plain.isEmpty()) {
            parts.add(new Part(plain.toString(), false));
        }
        return parts;
    }

    private static boolean isName(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
    }

    boolean isConstant() {
        return parts.length == 0;
    }

    /** The text if it is always the same. */
    Optional<String> ifConstant() {
        return isConstant() ? Optional.of(text) : Optional.empty();
    }

    String of(Visit visit) {
        if (parts.length == 0) {
            return text;
        }
        if (parts.length == 1) {
            return parts[0].of(visit);
        }
        StringBuilder made = new StringBuilder();
        for (Variable part : parts) {
            made.append(part.of(visit));
        }
        return made.toString();
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }
}
