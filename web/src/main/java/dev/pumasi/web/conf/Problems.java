package dev.pumasi.web.conf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Collects what is to be said about a configuration, and the text that it is about. Belongs to one thread. */
public final class Problems {

    /** More errors than these are not told: whoever has so many has another kind of file. */
    public static final int ERRORS_MAX = 50;

    /** More notes than these are not told. */
    public static final int NOTES_MAX = 200;

    /** What is shown of a line. */
    private static final int SHOWN_MAX = 160;

    private final List<Problem> all = new ArrayList<>();
    private final Map<String, String[]> texts = new HashMap<>();

    /** What holds in many locations is looked at in each, and told once. */
    private final Set<Problem> told = new HashSet<>();

    private int errors;
    private int notes;

    /** The text of a file, so that its lines can be shown. */
    void text(String file, String text) {
        texts.put(file, text.split("\n", -1));
    }

    /** Something is wrong. */
    public void error(Position at, String message, String likely) {
        Problem problem = new Problem(Problem.Level.ERROR, at, message, likely);
        if (told.add(problem) && ++errors <= ERRORS_MAX) {
            all.add(problem);
        }
    }

    /** Something is not what it seems. */
    public void note(Position at, String message, String likely) {
        Problem problem = new Problem(Problem.Level.NOTE, at, message, likely);
        if (told.add(problem) && ++notes <= NOTES_MAX) {
            all.add(problem);
        }
    }

    /** Whether there was an error. */
    public boolean isBroken() {
        return errors > 0;
    }

    /** How many errors there were, told or not. */
    public int errors() {
        return errors;
    }

    /** In the order in which they were found. */
    public List<Problem> all() {
        return List.copyOf(all);
    }

    /** For people: the place and what is wrong, the line, a caret below it, and what was likely meant. */
    public String shown(Problem problem) {
        Position at = problem.at();
        StringBuilder shown = new StringBuilder();
        shown.append(at).append(problem.isError() ? ": error: " : ": note: ").append(problem.message());
        String[] lines = texts.get(at.file());
        if (lines != null && at.line() >= 1 && at.line() <= lines.length) {
            String line = lines[at.line() - 1];
            int column = Math.min(at.column(), line.length() + 1);
            int from = column > SHOWN_MAX ? column - SHOWN_MAX / 2 : 0;
            String cut = harmless(line.substring(from, Math.min(line.length(), from + SHOWN_MAX)));
            int carets = Math.max(1, Math.min(at.length(), cut.length() - (column - 1 - from)));
            shown.append("\n    ").append(cut).append("\n    ");
            shown.append(blanksLike(cut, column - 1 - from)).append("^".repeat(carets));
        }
        if (!problem.likely().isEmpty()) {
            shown.append("\n  ").append(problem.likely());
        }
        return shown.toString();
    }

    /** As wide as the text above it, tabs included. */
    private static String blanksLike(String text, int count) {
        StringBuilder blanks = new StringBuilder();
        for (int i = 0; i < count; i++) {
            blanks.append(i < text.length() && text.charAt(i) == '\t' ? '\t' : ' ');
        }
        return blanks.toString();
    }

    /** A file may hold what a terminal would obey. */
    private static String harmless(String text) {
        StringBuilder made = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            made.append(Character.isISOControl(c) && c != '\t' ? '?' : c);
        }
        return made.toString();
    }
}
