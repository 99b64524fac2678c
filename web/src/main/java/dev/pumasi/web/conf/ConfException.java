package dev.pumasi.web.conf;

import java.util.List;

/** A configuration that cannot be used. The message shows each mistake with its line, for the operator. */
public final class ConfException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    public ConfException(Problems problems) {
        super(message(problems));
        this.problems = problems.all();
    }

    private static String message(Problems problems) {
        StringBuilder text = new StringBuilder();
        for (Problem problem : problems.all()) {
            if (problem.isError()) {
                text.append(text.isEmpty() ? "" : "\n").append(problems.shown(problem));
            }
        }
        int hidden = problems.errors() - Problems.ERRORS_MAX;
        if (hidden > 0) {
            text.append("\nand ").append(hidden).append(" more");
        }
        return text.toString();
    }

    /** All that was found, notes included. */
    public List<Problem> problems() {
        return problems;
    }
}
