package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** A rule of nginx's rewrite module: done in the order of the file, before a location is looked for or when one was found. */
sealed interface Rewrite {

    /** How a {@link Change} goes on. */
    enum Flag {
        /** With the next rule; a new location is looked for when all have been done. */
        NONE,
        /** A new location is looked for at once. */
        LAST,
        /** No further rule; the location stays. */
        BREAK,
        REDIRECT,
        PERMANENT
    }

    /** What has become of the rules. */
    enum Outcome {
        /** All done. */
        ENDED,
        /** All done, and the path has changed. */
        CHANGED,
        /** The path may have changed, but the location stays. */
        BROKEN,
    }

    /** {@code set $name value} */
    record Assign(int variable, Template value) implements Rewrite {}

    /** {@code rewrite} */
    record Change(Expression expression, Template replacement, Flag flag, boolean dropsArgs) implements Rewrite {}

    /** {@code return}; with a text or the place to go. */
    record Answer(int status, Optional<Template> text) implements Rewrite {}

    /** {@code break} */
    record Break() implements Rewrite {}

    /** {@code if} */
    record When(Condition condition, List<Rewrite> rules) implements Rewrite {}

    /** Something that holds or not. */
    @FunctionalInterface
    interface Condition {

        boolean holds(Visit visit) throws IOException;
    }

    /** How rules ended: an {@link Outcome}, or a step of their own. */
    sealed interface Result {

        /** Without an answer. */
        record Went(Outcome outcome) implements Result {}

        /** With one. */
        record Stopped(Step step) implements Result {}
    }

    Result ENDED = new Result.Went(Outcome.ENDED);
    Result CHANGED = new Result.Went(Outcome.CHANGED);
    Result BROKEN = new Result.Went(Outcome.BROKEN);

    /** Does rules on a visit. */
    static Result run(List<Rewrite> rules, Visit visit) throws IOException {
        boolean changed = false;
        for (int i = 0; i < rules.size(); i++) {
            switch (rules.get(i)) {
                case Assign(int variable, Template value) -> visit.own(variable, value.of(visit));
                case Break _ -> {
                    return BROKEN;
                }
                case Answer answer -> {
                    return new Result.Stopped(answered(answer, visit));
                }
                case When(Condition condition, List<Rewrite> inner) -> {
                    if (condition.holds(visit)) {
                        Result result = run(inner, visit);
                        if (!(result instanceof Result.Went(Outcome outcome)) || outcome == Outcome.BROKEN) {
                            return result;
                        }
                        changed |= outcome == Outcome.CHANGED;
                    }
                }
                case Change change -> {
                    if (!change.expression.find(visit, visit.uri())) {
                        continue;
                    }
                    String target = change.replacement.of(visit);
                    if (change.flag == Flag.REDIRECT || change.flag == Flag.PERMANENT) {
                        String args = change.dropsArgs ? "" : visit.args();
                        String location =
                                args.isEmpty() ? target : target + (target.indexOf('?') < 0 ? "?" : "&") + args;
                        return new Result.Stopped(new Step.Done(
                                Redirects.to(change.flag == Flag.PERMANENT ? 301 : 302, Redirects.escaped(location))));
                    }
                    replace(visit, target, change.dropsArgs);
                    if (change.flag == Flag.BREAK) {
                        return BROKEN;
                    }
                    changed = true;
                    if (change.flag == Flag.LAST) {
                        return CHANGED;
                    }
                }
            }
        }
        return changed ? CHANGED : ENDED;
    }

    private static void replace(Visit visit, String target, boolean dropsArgs) {
        int mark = target.indexOf('?');
        String path = mark < 0 ? target : target.substring(0, mark);
        if (mark >= 0) {
            String args = target.substring(mark + 1);
            visit.args(dropsArgs || visit.args().isEmpty() ? args : args + "&" + visit.args());
        } else if (dropsArgs) {
            visit.args("");
        }
        visit.rewrite(path.startsWith("/") ? path : "/" + path);
    }

    private static Step answered(Answer answer, Visit visit) {
        int status = answer.status;
        if (answer.text.isEmpty()) {
            return status == 204 || status < 300 ? new Step.Done(Response.of(status)) : Step.Refused.of(status);
        }
        String text = answer.text.get().of(visit);
        if (Redirects.isOne(status)) {
            return new Step.Done(Redirects.to(status, text));
        }
        MediaType type = visit.location().holds().types().otherwise();
        return new Step.Done(
                Response.bytes(type, text.getBytes(StandardCharsets.UTF_8)).withStatus(status));
    }
}
