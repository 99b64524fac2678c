package dev.pumasi.web;

/** What others have said, as it may stand in a line of a log: on one line, without control characters, and not for ever. */
final class Printable {

    static final int CHARS_MAX = 200;

    private Printable() {}

    static String of(String text) {
        StringBuilder visible = new StringBuilder();
        int shown = Math.min(text.length(), CHARS_MAX);
        for (int i = 0; i < shown; i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c >= 0x7f && c < 0xa0 || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
                visible.append("\\x")
                        .append(Character.forDigit(c >> 4 & 15, 16))
                        .append(Character.forDigit(c & 15, 16));
            } else {
                visible.append(c);
            }
        }
        return text.length() > shown ? visible.append("...").toString() : visible.toString();
    }
}
