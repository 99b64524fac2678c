package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Position;
import dev.pumasi.web.conf.Problems;
import dev.pumasi.web.conf.Word;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks whether each directive exists, stands where it may, and has as many words as it takes. */
final class SiteChecker {

    /** Those that may stand several times in a block. */
    private static final Set<String> REPEATED = Set.of(
            "server",
            "location",
            "upstream",
            "map",
            "types",
            "if",
            "limit_except",
            "listen",
            "server_name",
            "index",
            "return",
            "rewrite",
            "set",
            "break",
            "error_page",
            "add_header",
            "allow",
            "deny",
            "cgi_pass",
            "fastcgi_param",
            "access_log",
            "log_format",
            "fastcgi_hide_header",
            "proxy_set_header",
            "proxy_hide_header",
            "proxy_redirect");

    private final Problems problems;

    SiteChecker(Problems problems) {
        this.problems = problems;
    }

    /** The block of {@code head} with those of its directives that may be used. */
    SiteBlock block(ConfContext context, @Nullable SiteBlock parent, @Nullable Directive head, List<Directive> all) {
        List<Directive> usable = new ArrayList<>();
        Map<String, Position> seen = new HashMap<>();
        SiteBlock block = new SiteBlock(context, parent, head, usable);
        for (Directive directive : all) {
            if (isUsable(directive, context)) {
                String name = directive.name().text();
                Position before = REPEATED.contains(name) ? null : seen.put(name, directive.at());
                if (before != null) {
                    problems.error(
                            directive.at(),
                            "'" + name + "' stands here a second time",
                            "the first one is in " + before + "; remove one");
                } else {
                    usable.add(directive);
                }
            }
        }
        return block;
    }

    private boolean isUsable(Directive directive, ConfContext context) {
        String name = directive.name().text();
        if (directive.name().quoted() || name.isEmpty()) {
            problems.error(directive.at(), "a directive begins with a name", "is a ';' or a '}' missing before it?");
            return false;
        }
        Optional<Directives.Rule> known = Directives.ALL.find(name, context);
        if (known.isEmpty()) {
            String nearest = Directives.ALL.nearest(name, context);
            problems.error(
                    directive.at(),
                    "there is no directive '" + name + "'",
                    nearest.isEmpty() ? "docs/site-conf.md lists those there are" : "did you mean '" + nearest + "'?");
            return false;
        }
        Directives.Rule rule = known.get();
        return switch (rule.fate()) {
            case REFUSED -> {
                problems.error(directive.at(), "'" + name + "' is not supported", rule.saying());
                yield false;
            }
            case NOTED -> {
                problems.note(directive.at(), "'" + name + "' has no effect", rule.saying());
                yield false;
            }
            case RUNS -> isPlaced(directive, rule, context) && isFormed(directive, rule);
        };
    }

    private boolean isPlaced(Directive directive, Directives.Rule rule, ConfContext context) {
        if (rule.contexts().contains(context)) {
            return true;
        }
        String name = rule.name();
        boolean block = name.equals("server") || name.equals("location") || name.equals("http");
        problems.error(
                directive.at(),
                "'" + name + "' does not belong " + context.words(),
                "it belongs " + Directives.places(rule)
                        + (block && context != ConfContext.MAIN ? "; is a '}' missing before it?" : ""));
        return false;
    }

    private boolean isFormed(Directive directive, Directives.Rule rule) {
        List<Word> words = directive.arguments();
        String name = "'" + rule.name() + "'";
        if (rule.block() != (directive.block() != null)) {
            problems.error(
                    directive.at(),
                    rule.block() ? name + " needs a block" : name + " has no block",
                    rule.block() ? "write { … } behind it instead of the ';'" : "is a ';' missing behind it?");
            return false;
        }
        if (words.size() < rule.least() || words.size() > rule.most()) {
            String wanted = rule.least() == rule.most()
                    ? rule.least() == 0
                            ? "no argument"
                            : rule.least() == 1 ? "one argument" : rule.least() + " arguments"
                    : rule.most() == Integer.MAX_VALUE
                            ? rule.least() + " or more arguments"
                            : rule.least() + " to " + rule.most() + " arguments";
            boolean onNextLine = words.stream().anyMatch(Word::firstOfLine);
            problems.error(
                    words.size() > rule.most() ? words.get(rule.most()).at() : directive.at(),
                    name + " takes " + wanted + ", and has " + words.size(),
                    onNextLine
                            ? "is a ';' missing at the end of line "
                                    + directive.at().line() + "?"
                            : words.size() > rule.most() ? "put what has blanks in it into quotation marks" : "");
            return false;
        }
        if (rule.flag() && !words.getFirst().text().matches("on|off")) {
            problems.error(words.getFirst().at(), name + " is on or off", "and not '" + words.getFirst() + "'");
            return false;
        }
        return true;
    }
}
