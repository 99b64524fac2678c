package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Compiles {@code map}: a variable whose value is looked up by that of another text. */
final class MapReader {

    private record Matched(Expression expression, Template value) {}

    private final SiteReader site;

    MapReader(SiteReader site) {
        this.site = site;
    }

    void read(Directive directive) {
        Optional<Template> source = site.template(directive.arguments().getFirst());
        Word name = directive.arguments().get(1);
        if (!name.text().matches("\\$[A-Za-z_]\\w*")) {
            site.error(name, "'" + name + "' is no variable", "map $source $name { … }");
            return;
        }
        Map<String, Template> exact = new HashMap<>();
        List<Matched> expressions = new ArrayList<>();
        Template otherwise = Template.constant("");
        for (Directive entry : SiteReader.blockOf(directive)) {
            String key = entry.name().text();
            if (key.equals("hostnames") || key.equals("volatile")) {
                site.error(entry.name(), "'" + key + "' is not supported in a map", "write an expression: ~^www\\.");
                continue;
            }
            if (entry.arguments().size() != 1) {
                site.error(entry.name(), "an entry of a map has two words", "'" + key + "' value;");
                continue;
            }
            Optional<Template> value = site.template(entry.arguments().getFirst());
            if (value.isEmpty()) {
                continue;
            }
            if (key.equals("default") && !entry.name().quoted()) {
                otherwise = value.get();
            } else if (key.startsWith("~")) {
                boolean anyCase = key.startsWith("~*");
                Template found = value.get();
                site.expression(entry.name(), anyCase ? 2 : 1, anyCase)
                        .ifPresent(expression -> expressions.add(new Matched(expression, found)));
            } else if (exact.put((key.startsWith("\\") ? key.substring(1) : key).toLowerCase(Locale.ROOT), value.get())
                    != null) {
                site.error(entry.name(), "'" + key + "' stands here a second time", "");
            }
        }
        Template last = otherwise;
        source.ifPresent(text -> {
            String called = name.text().substring(1);
            if (Variables.isBuiltIn(called)
                    || !site.variables().map(called, visit -> value(visit, text.of(visit), exact, expressions, last))) {
                site.error(name, name + " is known already", "use another name");
            }
        });
    }

    private static String value(
            Visit visit, String key, Map<String, Template> exact, List<Matched> expressions, Template otherwise) {
        Template found = exact.get(key.toLowerCase(Locale.ROOT));
        if (found != null) {
            return found.of(visit);
        }
        for (Matched each : expressions) {
            if (each.expression.find(visit, key)) {
                return each.value.of(visit);
            }
        }
        return otherwise.of(visit);
    }
}
