package dev.pumasi.web;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of a configuration. It is written for PCRE and run by {@link java.util.regex}; what the two read differently is
 * rewritten ({@code (?P<name>}, names with underscores, {@code [} and {@code &&} in a class) or refused ({@code [:alpha:]}), so that none
 * means another thing in silence.
 *
 * <p>A match is given {@value #STEPS_MAX} steps: an expression that tries everything, met by a path that was made for it, ends
 * with 500 and not with a loop that stands still.
 */
final class Expression {

    /** How often a match may look at a character. */
    static final int STEPS_MAX = 200_000;

    /** The most captures, those with a name included. */
    static final int GROUPS_MAX = 64;

    private final String written;
    private final Pattern pattern;
    private final String[] names;
    private final int[] variables;

    /** A match has taken too long. */
    static final class TooManyStepsException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        TooManyStepsException(String expression) {
            super("the expression " + expression + " takes more than " + STEPS_MAX + " steps", null, false, false);
        }
    }

    private Expression(String written, Pattern pattern, String[] names, int[] variables) {
        this.written = written;
        this.pattern = pattern;
        this.names = names;
        this.variables = variables;
    }

    /** @throws IllegalArgumentException if it is none; the message says why */
    static Expression parse(String text, boolean anyCase, Variables variables) {
        Map<String, String> named = new LinkedHashMap<>();
        String translated = translated(text, named);
        Pattern pattern;
        try {
            pattern = Pattern.compile(translated, anyCase ? Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE : 0);
        } catch (PatternSyntaxException wrong) {
            throw new IllegalArgumentException("no regular expression: " + wrong.getDescription(), wrong);
        } catch (StackOverflowError deep) {
            throw new IllegalArgumentException("no regular expression: it is nested too deeply", deep);
        }
        if (pattern.matcher("").groupCount() > GROUPS_MAX) {
            throw new IllegalArgumentException("a regular expression with more than " + GROUPS_MAX + " groups");
        }
        List<String> names = new ArrayList<>();
        int[] indexes = new int[named.size()];
        for (Map.Entry<String, String> each : named.entrySet()) {
            indexes[names.size()] = variables.own(each.getKey());
            names.add(each.getValue());
        }
        return new Expression(text, pattern, names.toArray(String[]::new), indexes);
    }

    private static String translated(String text, Map<String, String> named) {
        StringBuilder made = new StringBuilder();
        boolean inClass = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                made.append(c).append(text.charAt(++i));
            } else if (inClass) {
                if (c == '[') {
                    if (i + 1 < text.length() && ":.=".indexOf(text.charAt(i + 1)) >= 0) {
                        throw new IllegalArgumentException(
                                "a class such as [:alpha:], which is not supported; write \\p{Alpha}, \\d, \\w or [a-z]");
                    }
                    made.append('\\');
                } else if (c == '&' && i + 1 < text.length() && text.charAt(i + 1) == '&') {
                    made.append('\\');
                } else if (c == ']') {
                    inClass = false;
                }
                made.append(c);
            } else if (c == '[') {
                inClass = true;
                made.append(c);
                if (i + 1 < text.length() && text.charAt(i + 1) == '^') {
                    made.append(text.charAt(++i));
                }
                if (i + 1 < text.length() && text.charAt(i + 1) == ']') {
                    made.append("\\]"); // the first one in a class stands for itself
                    i++;
                }
            } else {
                int name = c == '(' ? nameAt(text, i) : -1;
                int end = name < 0 ? -1 : text.indexOf('>', name);
                if (end > name) {
                    String given = text.substring(name, end);
                    String own = "g" + named.size() + "x";
                    if (named.putIfAbsent(given, own) != null) {
                        throw new IllegalArgumentException("two groups of the name " + given);
                    }
                    made.append("(?<").append(own).append('>');
                    i = end;
                } else {
                    made.append(c);
                }
            }
        }
        return made.toString();
    }

    /** Where the name of a group begins that opens there, or −1. */
    private static int nameAt(String text, int open) {
        if (text.startsWith("(?P<", open)) {
            return open + 4;
        }
        boolean named = text.startsWith("(?<", open)
                && open + 3 < text.length()
                && text.charAt(open + 3) != '='
                && text.charAt(open + 3) != '!';
        return named ? open + 3 : -1;
    }

    /** Whether it is found in {@code subject}; then the visit has its captures. */
    boolean find(Visit visit, String subject) {
        Matcher matcher = pattern.matcher(new Counted(subject, written));
        boolean found;
        try {
            found = matcher.find();
        } catch (StackOverflowError deep) {
            throw new TooManyStepsException(written);
        }
        if (found) {
            visit.captures(captured(matcher, subject));
            for (int i = 0; i < names.length; i++) {
                int from = matcher.start(names[i]);
                visit.own(variables[i], from < 0 ? "" : subject.substring(from, matcher.end(names[i])));
            }
        }
        return found;
    }

    /** What it captures in {@code subject}, with the whole first; nothing if it is not found. The visit is left alone. */
    String[] captures(String subject) {
        Matcher matcher = pattern.matcher(new Counted(subject, written));
        try {
            if (!matcher.find()) {
                return new String[0];
            }
        } catch (StackOverflowError deep) {
            throw new TooManyStepsException(written);
        }
        return captured(matcher, subject);
    }

    private static String[] captured(Matcher matcher, String subject) {
        String[] captures = new String[matcher.groupCount() + 1];
        for (int i = 0; i < captures.length; i++) {
            int from = matcher.start(i);
            captures[i] = from < 0 ? "" : subject.substring(from, matcher.end(i));
        }
        return captures;
    }

    /** How many groups it has. */
    int groups() {
        return pattern.matcher("").groupCount();
    }

    /** Whether it is found; nothing is captured. */
    boolean matches(String subject) {
        try {
            return pattern.matcher(new Counted(subject, written)).find();
        } catch (StackOverflowError deep) {
            throw new TooManyStepsException(written);
        }
    }

    @Override
    public String toString() {
        return written;
    }

    /** A text that counts how often it is looked at. */
    private static final class Counted implements CharSequence {

        private final String text;
        private final String expression;
        private int steps;

        Counted(String text, String expression) {
            this.text = text;
            this.expression = expression;
        }

        @Override
        public char charAt(int index) {
            if (++steps > STEPS_MAX) {
                throw new TooManyStepsException(expression);
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int from, int to) {
            return text.substring(from, to);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
