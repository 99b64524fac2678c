package dev.pumasi.web;

import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compiles {@code set}, {@code rewrite}, {@code return}, {@code break} and {@code if}. */
final class RuleReader {

    private final SiteReader site;

    RuleReader(SiteReader site) {
        this.site = site;
    }

    /** The rules of a block, in the order of the file. */
    List<Rewrite> rules(SiteBlock block) {
        List<Rewrite> rules = new ArrayList<>();
        for (Directive directive : block.directives()) {
            switch (directive.name().text()) {
                case "set" -> assign(directive).ifPresent(rules::add);
                case "break" -> rules.add(new Rewrite.Break());
                case "return" -> answer(directive).ifPresent(rules::add);
                case "rewrite" -> change(directive).ifPresent(rules::add);
                case "if" -> when(directive, block).ifPresent(rules::add);
                default -> {}
            }
        }
        return List.copyOf(rules);
    }

    private Optional<Rewrite> assign(Directive directive) {
        String name = directive.argument(0);
        if (!name.matches("\\$[A-Za-z_]\\w*")) {
            site.error(directive.arguments().getFirst(), "'" + name + "' is no variable", "write set $name value;");
            return Optional.empty();
        }
        if (Variables.isBuiltIn(name.substring(1))) {
            site.error(
                    directive.arguments().getFirst(), name + " is known already and cannot be set", "use another name");
            return Optional.empty();
        }
        return site.template(directive.arguments().get(1))
                .map(value -> new Rewrite.Assign(site.variables().own(name.substring(1)), value));
    }

    private Optional<Rewrite> answer(Directive directive) {
        Word first = directive.arguments().getFirst();
        boolean number = first.text().matches("\\d{3}");
        if (!number && directive.arguments().size() == 1 && first.text().matches("(https?://|\\$scheme).*")) {
            return site.template(first).map(text -> new Rewrite.Answer(302, Optional.of(text)));
        }
        int status = number ? Integer.parseInt(first.text()) : 0;
        if (status < 200 || status > 599) {
            site.error(
                    first,
                    "'" + first + "' is no status",
                    "return takes 200 to 599, or a URI that begins with http://");
            return Optional.empty();
        }
        if (status == Refusals.CLOSED) {
            site.note(first, "444 is answered with 400 before the connection is closed", "");
        }
        if (directive.arguments().size() == 1) {
            if (Redirects.isOne(status)) {
                site.error(first, "return " + status + " needs a place to go", "return " + status + " /path;");
                return Optional.empty();
            }
            return Optional.of(new Rewrite.Answer(status, Optional.empty()));
        }
        return site.template(directive.arguments().get(1)).map(text -> new Rewrite.Answer(status, Optional.of(text)));
    }

    private Optional<Rewrite> change(Directive directive) {
        Optional<Expression> expression = site.expression(directive.arguments().getFirst(), 0, false);
        Word written = directive.arguments().get(1);
        String text = written.text();
        boolean drops = text.endsWith("?");
        Optional<Template> replacement = site.template(written, drops ? text.substring(0, text.length() - 1) : text);
        Rewrite.Flag flag = text.matches("(https?://|\\$scheme).*") ? Rewrite.Flag.REDIRECT : Rewrite.Flag.NONE;
        if (directive.arguments().size() > 2) {
            Word word = directive.arguments().get(2);
            switch (word.text()) {
                case "last" -> flag = Rewrite.Flag.LAST;
                case "break" -> flag = Rewrite.Flag.BREAK;
                case "redirect" -> flag = Rewrite.Flag.REDIRECT;
                case "permanent" -> flag = Rewrite.Flag.PERMANENT;
                default -> {
                    site.error(word, "'" + word + "' is no flag of rewrite", "last, break, redirect or permanent");
                    return Optional.empty();
                }
            }
        }
        if (expression.isEmpty() || replacement.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Rewrite.Change(expression.get(), replacement.get(), flag, drops));
    }

    private Optional<Rewrite> when(Directive directive, SiteBlock block) {
        Optional<Rewrite.Condition> condition = condition(directive);
        SiteBlock inner = site.checker().block(ConfContext.IF, block, directive, SiteReader.blockOf(directive));
        List<Rewrite> rules = rules(inner);
        return condition.map(holds -> new Rewrite.When(holds, rules));
    }

    private Optional<Rewrite.Condition> condition(Directive directive) {
        List<String> words = new ArrayList<>();
        directive.arguments().forEach(word -> words.add(word.text()));
        int last = words.size() - 1;
        if (!words.getFirst().startsWith("(") || !words.get(last).endsWith(")")) {
            site.error(
                    directive.arguments().getFirst(),
                    "a condition stands in parentheses",
                    "if ($variable = value) { … }");
            return Optional.empty();
        }
        words.set(0, words.getFirst().substring(1));
        words.set(last, words.get(last).substring(0, words.get(last).length() - 1));
        int shift = 0;
        if (words.getFirst().isEmpty() && !directive.arguments().getFirst().quoted()) {
            words.removeFirst();
            shift = 1;
        }
        if (words.size() > 1 && words.getLast().isEmpty()) {
            words.removeLast();
        }
        Word first = directive.arguments().get(shift);
        if (words.size() == 1) {
            return variable(first, words.getFirst()).map(subject -> visit -> {
                String value = subject.of(visit);
                return !value.isEmpty() && !value.equals("0");
            });
        }
        if (words.size() == 2 && words.getFirst().matches("!?-[fdex]")) {
            return file(words.getFirst(), directive.arguments().get(shift + 1), words.get(1));
        }
        if (words.size() != 3) {
            site.error(
                    first,
                    "this condition cannot be read",
                    "write ($variable), ($variable = value), ($variable ~ expression) or (-f file)");
            return Optional.empty();
        }
        return compared(
                first,
                words,
                directive.arguments().get(Math.min(last, shift + 2)),
                directive.arguments().get(shift + 1));
    }

    private Optional<Rewrite.Condition> compared(Word first, List<String> words, Word value, Word sign) {
        Optional<Template> subject = variable(first, words.getFirst());
        String with = words.get(2);
        switch (words.get(1)) {
            case "=", "!=" -> {
                boolean equal = words.get(1).equals("=");
                Optional<Template> other = site.template(value, with);
                return subject.flatMap(one ->
                        other.map(two -> visit -> one.of(visit).equals(two.of(visit)) == equal));
            }
            case "~", "~*", "!~", "!~*" -> {
                boolean wanted = !words.get(1).startsWith("!");
                Optional<Expression> expression =
                        site.expression(value, with, words.get(1).endsWith("*"));
                return subject.flatMap(one -> expression.map(two -> visit -> two.find(visit, one.of(visit)) == wanted));
            }
            default -> {
                site.error(sign, "'" + words.get(1) + "' compares nothing", "=, !=, ~, ~*, !~ or !~*");
                return Optional.empty();
            }
        }
    }

    private Optional<Template> variable(Word at, String text) {
        if (!text.startsWith("$")) {
            site.error(
                    at,
                    "'" + text + "' is no variable",
                    "a condition begins with a variable, as ($host = example.org)");
            return Optional.empty();
        }
        return site.template(at, text);
    }

    private Optional<Rewrite.Condition> file(String test, Word word, String text) {
        boolean wanted = !test.startsWith("!");
        char kind = test.charAt(test.length() - 1);
        return site.template(word, text).map(name -> visit -> {
            FileAttributes found;
            try {
                found = visit.request().loop().files().status(Path.of(name.of(visit)));
            } catch (OperationException | InvalidPathException absent) {
                return !wanted;
            }
            boolean holds = switch (kind) {
                case 'f' -> found.kind() == FileAttributes.Kind.FILE;
                case 'd' -> found.kind() == FileAttributes.Kind.FOLDER;
                case 'x' -> (found.mode() & 0111) != 0;
                default -> true;
            };
            return holds == wanted;
        });
    }
}
