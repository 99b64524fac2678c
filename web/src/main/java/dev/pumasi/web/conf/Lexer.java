package dev.pumasi.web.conf;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a file into words and signs, by the rules of nginx.
 *
 * <p>A word ends before a blank, a line end, {@code ;} or an opening brace; {@code #} begins a comment only where a word could begin,
 * and so does a quotation mark begin a quoted word. Behind a quoted word a blank, {@code ;}, an opening brace or {@code )} must follow. A backslash
 * keeps the next character from ending anything; it goes before a quotation mark, a backslash, a blank or a sign, and makes control characters of {@code
 * t}, {@code r} and {@code n}; elsewhere it stays, as regular expressions want it. In <code>${name}</code> the brace opens no block.
 *
 * <p>One thing is added: <code>${env:NAME}</code> is the environment variable of that name, and
 * <code>${env:NAME:-otherwise}</code> is {@code otherwise} where there is none or it is empty. What it holds is text: it neither ends a
 * word nor begins a variable; so one with a {@code $} is refused.
 */
final class Lexer {

    /** The longest word. */
    static final int WORD_CHARS_MAX = 64 * 1024;

    private static final String ENV = "env:";

    private final String file;
    private final String text;
    private final Map<String, String> environment;
    private final Problems problems;
    private int at;
    private int line = 1;
    private int lineStart;
    private boolean firstOfLine = true;

    Lexer(String file, String text, Map<String, String> environment, Problems problems) {
        this.file = file;
        this.text = text;
        this.environment = environment;
        this.problems = problems;
        if (text.startsWith("\uFEFF")) {
            at = 1;
        }
    }

    private Position here(int length) {
        return new Position(file, line, at - lineStart + 1, length);
    }

    Token next() {
        skip();
        if (at == text.length()) {
            return new Token.End(here(1));
        }
        Position position = here(1);
        char c = text.charAt(at);
        switch (c) {
            case ';' -> {
                at++;
                return new Token.Semicolon(position);
            }
            case '{' -> {
                at++;
                return new Token.Open(position);
            }
            case '}' -> {
                at++;
                return new Token.Close(position);
            }
            default -> {
                boolean first = firstOfLine;
                firstOfLine = false;
                return new Token.Text(c == '"' || c == '\'' ? quoted(c, first) : plain(first));
            }
        }
    }

    /** Blanks, line ends and comments. */
    private void skip() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                newLine();
            } else if (c == '#') {
                while (at < text.length() && text.charAt(at) != '\n') {
                    at++;
                }
            } else if (c == ' ' || c == '\t' || c == '\r') {
                at++;
            } else {
                return;
            }
        }
    }

    private void newLine() {
        at++;
        line++;
        lineStart = at;
        firstOfLine = true;
    }

    private Word plain(boolean first) {
        Position begin = here(1);
        int from = at;
        StringBuilder word = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == '{') {
                break;
            }
            one(c, word);
        }
        return word(word, begin, from, false, first);
    }

    private Word quoted(char mark, boolean first) {
        Position begin = here(1);
        int from = at;
        at++;
        StringBuilder word = new StringBuilder();
        while (true) {
            if (at == text.length()) {
                problems.error(
                        begin,
                        "the quotation mark " + mark + " is never closed",
                        "everything behind it was read as one word; close it, or write \\" + mark
                                + " for the sign itself");
                break;
            }
            char c = text.charAt(at);
            if (c == mark) {
                at++;
                mustEnd(mark);
                break;
            }
            if (c == '\n') {
                word.append(c);
                newLine();
                firstOfLine = false;
            } else {
                one(c, word);
            }
        }
        return word(word, begin, from, true, first);
    }

    private void mustEnd(char mark) {
        if (at < text.length() && " \t\r\n;{)".indexOf(text.charAt(at)) < 0) {
            problems.error(
                    here(1),
                    "'" + shown(text.charAt(at)) + "' directly behind a closing quotation mark",
                    "put a blank between them, or write \\" + mark + " if the mark belongs to the word");
        }
    }

    private Word word(StringBuilder word, Position begin, int from, boolean quoted, boolean first) {
        int end = text.indexOf('\n', from);
        int length = Math.max(1, (end < 0 || end > at ? at : end) - from);
        Position whole = new Position(file, begin.line(), begin.column(), length);
        if (word.length() > WORD_CHARS_MAX) {
            problems.error(
                    whole, "a word of more than " + WORD_CHARS_MAX + " characters", "is a quotation mark missing?");
            word.setLength(WORD_CHARS_MAX);
        }
        return new Word(word.toString(), whole, quoted, first);
    }

    /** Takes one character, an escape or a reference. */
    private void one(char c, StringBuilder word) {
        if (c == '\\' && at + 1 < text.length()) {
            escape(text.charAt(at + 1), word);
        } else if (c == '$' && at + 1 < text.length() && text.charAt(at + 1) == '{') {
            reference(word);
        } else {
            if (c < ' ' && c != '\t' || c == 0x7f || c == '\uFFFD') {
                problems.error(
                        here(1),
                        c == '\uFFFD' ? "bytes that are no UTF-8" : "the control character " + shown(c),
                        "save the file as plain text in UTF-8");
            }
            word.append(c);
            at++;
        }
    }

    private void escape(char next, StringBuilder word) {
        switch (next) {
            case '"', '\'', '\\', ' ', ';', '{', '}', '#' -> {
                // nginx keeps the backslash before what is no quotation mark, which regular expressions rely on.
                if (next != '"' && next != '\'' && next != '\\') {
                    word.append('\\');
                }
                word.append(next);
            }
            case 't' -> word.append('\t');
            case 'r' -> word.append('\r');
            case 'n' -> word.append('\n');
            default -> word.append('\\').append(next);
        }
        if (next == '\n') {
            at++;
            newLine();
        } else {
            at += 2;
        }
    }

    /** A variable in braces is left as it is; the environment is looked at here. */
    private void reference(StringBuilder word) {
        int close = at + 2;
        while (close < text.length() && text.charAt(close) != '}' && text.charAt(close) != '\n') {
            close++;
        }
        if (close == text.length() || text.charAt(close) == '\n') {
            problems.error(here(2), "'${' without '}'", "write ${name}; or $name without braces");
            word.append("${");
            at += 2;
            return;
        }
        String inside = text.substring(at + 2, close);
        if (inside.startsWith(ENV)) {
            String value = fromEnvironment(inside.substring(ENV.length()), close + 1 - at);
            if (value != null) {
                word.append(value);
            }
        } else {
            word.append("${").append(inside).append('}');
        }
        at = close + 1;
    }

    private @Nullable String fromEnvironment(String wanted, int length) {
        int mark = wanted.indexOf(":-");
        String name = mark < 0 ? wanted : wanted.substring(0, mark);
        if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            problems.error(here(length), "'" + name + "' is no name of an environment variable", "write ${env:NAME}");
            return null;
        }
        String value = environment.getOrDefault(name, "");
        if (value.isEmpty() && mark >= 0) {
            return wanted.substring(mark + 2);
        }
        if (!environment.containsKey(name)) {
            problems.error(
                    here(length),
                    "the environment has no variable " + name,
                    "set it where the server is started, or give a value for that case: ${env:" + name + ":-value}");
            return null;
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '$' || c < ' ' || c == 0x7f) {
                problems.error(
                        here(length),
                        "the environment variable " + name + " holds " + (c == '$' ? "a $" : "a control character"),
                        c == '$' ? "it would be read as a variable of the configuration" : "set it to plain text");
                return null;
            }
        }
        return value;
    }

    private static String shown(char c) {
        return c < ' ' || c >= 0x7f ? String.format("\\u%04x", (int) c) : String.valueOf(c);
    }
}
