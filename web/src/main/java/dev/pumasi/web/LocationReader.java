package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Compiles the locations of a server. */
final class LocationReader {

    private final SiteReader site;
    private final ProxyReader proxies;
    private final FastCgiReader applications;
    private final HoldsReader holds;
    private final FolderReader folders;

    LocationReader(SiteReader site, ProxyReader proxies, UpstreamReader upstreams, LogReader logs) {
        this.site = site;
        this.proxies = proxies;
        holds = new HoldsReader(site, logs);
        folders = new FolderReader(site, holds::bodyBytesMax);
        applications = new FastCgiReader(site, upstreams, new BodyLengths(holds::bodyBytesMax));
    }

    FastCgiReader applications() {
        return applications;
    }

    /** The largest body that any location takes; 0 for any. */
    long bodyBytesMax() {
        return holds.bodyBytesMax();
    }

    /** How a location is found. */
    private enum Kind {
        EXACT,
        PREFIX,
        PREFIX_FIRST,
        EXPRESSION,
        EXPRESSION_ANY_CASE,
        NAMED
    }

    private record Head(Kind kind, String path, Word word) {}

    /** What holds where no location fits. */
    Location outside(SiteBlock server) {
        TypeTable types = holds.types(server);
        Place place = place(
                server,
                types,
                new Head(Kind.PREFIX, "/", SiteReader.headOf(server).name()));
        return new Location(
                "server",
                false,
                List.of(),
                Locations.NONE,
                place,
                holds.holds(server, types),
                tries(server),
                folders.uploads(server, place, "/", files(server)));
    }

    /** Those that stand in a server or a location. */
    Locations of(SiteBlock outer) {
        return of(outer, Optional.empty());
    }

    private Locations of(SiteBlock outer, Optional<Head> around) {
        List<Locations.Prefix> exact = new ArrayList<>();
        List<Locations.Prefix> prefixes = new ArrayList<>();
        List<Locations.Matched> expressions = new ArrayList<>();
        Map<String, Location> named = new HashMap<>();
        Set<String> seen = new HashSet<>();
        for (Directive directive : outer.all("location")) {
            Optional<Head> read = head(directive);
            if (read.isEmpty()) {
                continue;
            }
            Head head = read.get();
            String label = label(directive);
            boolean byPath = head.kind == Kind.EXACT || head.kind == Kind.PREFIX || head.kind == Kind.PREFIX_FIRST;
            if (around.isPresent() && !fits(around.get(), head, byPath)) {
                continue;
            }
            String key = (head.kind == Kind.PREFIX_FIRST ? Kind.PREFIX : head.kind) + head.path;
            if (!seen.add(key) && (byPath || head.kind == Kind.NAMED)) {
                site.error(
                        head.word, "the location '" + label + "' is there already", "remove one, or put both into one");
                continue;
            }
            SiteBlock block =
                    site.checker().block(ConfContext.LOCATION, outer, directive, SiteReader.blockOf(directive));
            switch (head.kind) {
                case EXACT -> exact.add(new Locations.Prefix(head.path, location(block, head, label), true, false));
                case PREFIX, PREFIX_FIRST ->
                    prefixes.add(new Locations.Prefix(
                            head.path,
                            location(block, head, label),
                            head.kind == Kind.PREFIX_FIRST,
                            block.own("proxy_pass").isPresent()
                                    || block.own("fastcgi_pass").isPresent()));
                case EXPRESSION, EXPRESSION_ANY_CASE -> {
                    Optional<Expression> expression =
                            site.expression(head.word, head.path, head.kind == Kind.EXPRESSION_ANY_CASE);
                    Location location = location(block, head, label);
                    expression.ifPresent(found -> expressions.add(new Locations.Matched(found, location)));
                }
                case NAMED -> named.put(head.path, location(block, head, label));
            }
        }
        return new Locations(exact, prefixes, expressions, named);
    }

    private boolean fits(Head around, Head head, boolean byPath) {
        if (around.kind == Kind.EXACT || around.kind == Kind.NAMED || head.kind == Kind.NAMED) {
            site.error(
                    head.word,
                    head.kind == Kind.NAMED
                            ? "a named location stands in 'server'"
                            : "nothing can stand in the location '" + around.path + "'",
                    "is a '}' missing before it?");
            return false;
        }
        boolean outside = byPath
                && (around.kind == Kind.PREFIX || around.kind == Kind.PREFIX_FIRST)
                && !head.path.startsWith(around.path);
        if (outside) {
            site.error(
                    head.word,
                    "the location '" + head.path + "' is outside of '" + around.path + "', in which it stands",
                    "no request would ever reach it; is a '}' missing before it?");
        }
        return !outside;
    }

    private static String label(Directive directive) {
        return String.join(" ", directive.arguments().stream().map(Word::text).toList());
    }

    private Optional<Head> head(Directive directive) {
        Word first = directive.arguments().getFirst();
        if (directive.arguments().size() == 2) {
            Word second = directive.arguments().get(1);
            Kind kind = switch (first.text()) {
                case "=" -> Kind.EXACT;
                case "^~" -> Kind.PREFIX_FIRST;
                case "~" -> Kind.EXPRESSION;
                case "~*" -> Kind.EXPRESSION_ANY_CASE;
                default -> null;
            };
            if (kind == null) {
                site.error(first, "'" + first + "' says not how to compare", "=, ^~, ~ or ~*, or only a path");
                return Optional.empty();
            }
            return Optional.of(new Head(kind, second.text(), second));
        }
        String text = first.text();
        if (text.startsWith("@")) {
            return Optional.of(new Head(Kind.NAMED, text, first));
        }
        if (text.startsWith("=")) {
            return Optional.of(new Head(Kind.EXACT, text.substring(1), first));
        }
        if (text.startsWith("^~")) {
            return Optional.of(new Head(Kind.PREFIX_FIRST, text.substring(2), first));
        }
        if (text.startsWith("~*")) {
            return Optional.of(new Head(Kind.EXPRESSION_ANY_CASE, text.substring(2), first));
        }
        if (text.startsWith("~")) {
            return Optional.of(new Head(Kind.EXPRESSION, text.substring(1), first));
        }
        if (!text.startsWith("/")) {
            site.note(
                    first,
                    "no path begins with '" + text + "'",
                    "did you mean '/" + text + "', or ~ for an expression?");
        }
        return Optional.of(new Head(Kind.PREFIX, text, first));
    }

    private Location location(SiteBlock block, Head head, String label) {
        TypeTable types = holds.types(block);
        Place place = place(block, types, head);
        boolean byExpression = head.kind == Kind.EXPRESSION || head.kind == Kind.EXPRESSION_ANY_CASE;
        Optional<String> path = byExpression || head.kind == Kind.NAMED ? Optional.empty() : Optional.of(head.path);
        Optional<Content> scripts = folders.scripts(block, place, path.orElse(""));
        Optional<Content> other =
                scripts.or(() -> applications.content(block, place)).or(() -> proxies.content(block, path));
        return new Location(
                label,
                block.own("internal").isPresent() || head.kind == Kind.NAMED,
                new RuleReader(site).rules(block),
                of(block, Optional.of(head)),
                place,
                holds.holds(block, types),
                tries(block),
                other.orElseGet(() -> folders.uploads(block, place, path.orElse(""), files(block))));
    }

    private Content files(SiteBlock block) {
        List<Template> indexes = new ArrayList<>();
        for (Directive directive : block.nearestAll(Set.of("index"))) {
            directive.arguments().forEach(word -> site.template(word).ifPresent(indexes::add));
        }
        if (indexes.isEmpty()) {
            indexes.add(Template.constant("index.html"));
        }
        boolean exact = block.word("autoindex_exact_size").filter("off"::equals).isEmpty();
        return new FilesContent(List.copyOf(indexes), block.flag("autoindex"), exact);
    }

    // ------------------------------------------------------------------------------------------- where files lie

    private Place place(SiteBlock block, TypeTable types, Head head) {
        Optional<Directive> alias = block.own("alias");
        if (alias.isPresent() && block.own("root").isPresent()) {
            site.error(alias.get().name(), "both 'root' and 'alias' are given", "keep one of them");
        }
        Optional<SiteBlock> holder = placeHolder(block);
        if (holder.isEmpty()) {
            // nginx has a folder of its own for that; here there is none, and so no file.
            return placed(Template.constant(site.folder().resolve("html").toString()), types, 0);
        }
        SiteBlock said = holder.get();
        Directive found = said.own("alias").or(() -> said.own("root")).orElseThrow();
        // An alias of the location around it goes on replacing what that location replaces.
        Head of = holder.get() == block
                ? head
                : holder.get().context() == ConfContext.LOCATION
                        ? head(SiteReader.headOf(holder.get())).orElse(head)
                        : head;
        Word word = found.arguments().getFirst();
        boolean isAlias = found.name().text().equals("alias");
        boolean byExpression = of.kind == Kind.EXPRESSION || of.kind == Kind.EXPRESSION_ANY_CASE;
        int cut = !isAlias ? 0 : byExpression ? -1 : of.path.length();
        String text = word.text();
        if (text.isEmpty()) {
            site.error(word, "'" + found.name() + "' is empty", "name a folder");
            return placed(Template.constant("/"), types, cut);
        }
        Optional<Template> written = site.template(word);
        if (written.isEmpty()) {
            return placed(Template.constant("/"), types, cut);
        }
        if (written.get().isConstant()) {
            Optional<Path> folder = path(word);
            boolean aFolder = !isAlias || text.endsWith("/");
            folder.filter(path -> aFolder && !Files.isDirectory(path))
                    .ifPresent(path -> site.note(
                            word,
                            Files.exists(path) ? path + " is no folder" : "there is no folder " + path,
                            "requests for its files are answered with 404"));
        }
        return placed(written.get(), types, cut);
    }

    /** The nearest block that says where files lie. */
    private static Optional<SiteBlock> placeHolder(SiteBlock block) {
        for (SiteBlock each = block; each != null; each = each.parent()) {
            if (each.own("alias").isPresent() || each.own("root").isPresent()) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    private Optional<Path> path(Word word) {
        try {
            return Optional.of(site.folder().resolve(word.text()));
        } catch (InvalidPathException wrong) {
            site.error(word, "no path: " + wrong.getReason(), "");
            return Optional.empty();
        }
    }

    private Place placed(Template written, TypeTable types, int cut) {
        String text = written.toString();
        String whole = text.startsWith("/") || text.startsWith("$")
                ? text
                : site.folder().toString().replaceAll("/$", "") + "/" + text;
        int variable = whole.indexOf('$');
        boolean file = cut != 0 && variable < 0 && !whole.endsWith("/");
        String constant = variable < 0 ? whole : whole.substring(0, variable);
        int end = variable >= 0 || file ? constant.lastIndexOf('/') : constant.length();
        String base = end <= 0 ? "/" : constant.substring(0, end);
        String rest = whole.substring(Math.max(0, end));
        if (variable < 0 && !file) {
            rest = cut == 0 ? "" : "/";
        }
        Template beneath = rest.equals("/") && cut == 0 ? Template.constant("") : parsed(rest);
        Template absolute = parsed(
                cut == 0 && whole.length() > 1 && whole.endsWith("/") ? whole.substring(0, whole.length() - 1) : whole);
        return new Place(
                written,
                absolute,
                site.stores().store(Path.of(base).normalize(), types),
                beneath,
                cut,
                site.realFolders());
    }

    private Template parsed(String text) {
        return Template.parse(text, site.variables());
    }

    // ------------------------------------------------------------------------------------------- try_files

    private List<Location.Attempt> tries(SiteBlock block) {
        Optional<Directive> directive = block.own("try_files");
        if (directive.isEmpty()) {
            return List.of();
        }
        List<Word> words = directive.get().arguments();
        List<Location.Attempt> tries = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            Word word = words.get(i);
            String text = word.text();
            boolean last = i == words.size() - 1;
            if (last && text.startsWith("=")) {
                boolean status = text.matches("=[2-5]\\d\\d");
                if (!status) {
                    site.error(word, "'" + text + "' is no status", "=404");
                }
                tries.add(new Location.Attempt(
                        Template.constant(""),
                        false,
                        Optional.empty(),
                        status ? Integer.parseInt(text.substring(1)) : 404));
            } else if (last && text.startsWith("@")) {
                tries.add(new Location.Attempt(Template.constant(""), false, Optional.of(text), 0));
            } else {
                boolean folder = !last && text.endsWith("/");
                site.template(word, folder ? text.substring(0, text.length() - 1) : text)
                        .ifPresent(path -> tries.add(new Location.Attempt(path, folder, Optional.empty(), 0)));
            }
        }
        return List.copyOf(tries);
    }
}
