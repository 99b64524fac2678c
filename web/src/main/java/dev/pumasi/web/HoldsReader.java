package dev.pumasi.web;

import dev.pumasi.http.Field;
import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Compiles what holds in a location. */
final class HoldsReader {

    private static final long BODY_BYTES_DEFAULT = 1024 * 1024;

    private final SiteReader site;
    private final LogReader logs;
    private final Map<Path, PasswordFile> passwords = new HashMap<>();
    private final Map<List<Object>, TypeTable> tables = new HashMap<>();
    private final Map<String, Integer> told = new HashMap<>();
    private long bodyBytesMax = 1;
    private boolean anyBody;

    HoldsReader(SiteReader site, LogReader logs) {
        this.site = site;
        this.logs = logs;
    }

    long bodyBytesMax() {
        return anyBody ? 0 : bodyBytesMax;
    }

    Holds holds(SiteBlock block, TypeTable types) {
        long body = block.nearest("client_max_body_size")
                .map(directive -> site.bytes(directive.arguments().getFirst()))
                .orElse(BODY_BYTES_DEFAULT);
        anyBody |= body == 0;
        bodyBytesMax = Math.max(bodyBytesMax, body);
        block.own("satisfy")
                .filter(directive -> !directive.argument(0).equals("all"))
                .ifPresent(directive -> site.error(
                        directive.arguments().getFirst(),
                        "only 'satisfy all' is supported",
                        "a request must fulfil both the rules of allow and deny and that of auth_basic"));
        return new Holds(
                types,
                errorPages(block),
                body,
                headers(block),
                expires(block),
                compression(block),
                access(block),
                exceptions(block),
                block.word("keepalive_timeout")
                        .map(Units::millis)
                        .filter(millis -> millis.isPresent() && millis.getAsLong() == 0)
                        .isPresent(),
                logs.logs(block),
                block.flag("proxy_intercept_errors"),
                charset(block));
    }

    // ------------------------------------------------------------------------------------------- types

    TypeTable types(SiteBlock block) {
        List<Directive> all = block.nearestAll(Set.of("types"));
        Optional<Directive> otherwise = block.nearest("default_type");
        Charset charset = charset(block);
        return tables.computeIfAbsent(
                List.of(List.copyOf(all), otherwise, charset), _ -> table(all, otherwise, charset));
    }

    private TypeTable table(List<Directive> all, Optional<Directive> otherwise, Charset charset) {
        MediaType byDefault = charset.on(otherwise
                .map(directive -> type(directive.arguments().getFirst(), directive.argument(0)))
                .orElse(MediaType.of("text/plain")));
        if (all.isEmpty()) {
            return charset.isSaid()
                    ? new TypeTable(Optional.of(MediaTypes.table(charset)), byDefault)
                    : new TypeTable(Optional.empty(), byDefault);
        }
        Map<String, MediaType> types = new HashMap<>();
        for (Directive block : all) {
            for (Directive entry : SiteReader.blockOf(block)) {
                MediaType type = charset.on(type(entry.name(), entry.name().text()));
                for (Word extension : entry.arguments()) {
                    types.put(extension.text().toLowerCase(Locale.ROOT), type);
                }
                if (entry.arguments().isEmpty()) {
                    site.error(entry.name(), "no extension behind '" + entry.name() + "'", "text/html html htm;");
                }
            }
        }
        return new TypeTable(Optional.of(Map.copyOf(types)), byDefault);
    }

    private Charset charset(SiteBlock block) {
        Optional<Directive> said = block.nearest("charset");
        if (said.isEmpty()) {
            return Charset.NONE;
        }
        Word word = said.get().arguments().getFirst();
        String name = word.text();
        if (!name.matches("[A-Za-z0-9._-]+")) {
            site.error(word, "'" + name + "' is no character set", "charset utf-8;");
            return Charset.NONE;
        }
        Set<String> types = new HashSet<>();
        for (Directive each : block.nearestAll(Set.of("charset_types"))) {
            each.arguments().forEach(type -> types.add(type.text().toLowerCase(Locale.ROOT)));
        }
        if (types.isEmpty()) {
            types.addAll(Charset.TYPES_DEFAULT);
        }
        types.add(Charset.HTML);
        return new Charset(true, name.equals("off") ? "" : name, Set.copyOf(types));
    }

    private MediaType type(Word word, String text) {
        try {
            return MediaType.of(text);
        } catch (IllegalArgumentException wrong) {
            site.error(word, "'" + text + "' is no media type", "text/html, for example");
            return MediaType.OCTETS;
        }
    }

    // ------------------------------------------------------------------------------------------- answers

    private Map<Integer, Holds.ErrorPage> errorPages(SiteBlock block) {
        Map<Integer, Holds.ErrorPage> pages = new HashMap<>();
        for (Directive directive : block.nearestAll(Set.of("error_page"))) {
            List<Word> words = directive.arguments();
            int last = words.size() - 1;
            int status = -1;
            int codes = last;
            Word before = words.get(last - 1);
            if (before.text().startsWith("=")) {
                codes = last - 1;
                String text = before.text().substring(1);
                if (!text.matches("|[2-5]\\d\\d")) {
                    site.error(before, "'" + before + "' is no status", "=200, or = for that of the page");
                }
                status = text.matches("[2-5]\\d\\d") ? Integer.parseInt(text) : 0;
            }
            int answer = status;
            Optional<Template> target = site.template(words.get(last));
            String text = words.get(last).text();
            if (!text.matches("[/@$].*|https?://.*")) {
                site.error(
                        words.get(last),
                        "'" + text + "' is no page",
                        "a path that begins with /, a URI, or the @name of a location");
            }
            if (codes == 0) {
                site.error(directive.name(), "error_page needs a status", "error_page 404 /404.html;");
            }
            for (Word code : words.subList(0, codes)) {
                int number = (int) site.number(code, 300, 599);
                target.ifPresent(page -> pages.putIfAbsent(number, new Holds.ErrorPage(page, answer)));
            }
        }
        return Map.copyOf(pages);
    }

    private List<Holds.Added> headers(SiteBlock block) {
        List<Holds.Added> added = new ArrayList<>();
        for (Directive directive : block.nearestAll(Set.of("add_header"))) {
            Word name = directive.arguments().getFirst();
            boolean always = directive.arguments().size() > 2;
            if (always && !directive.argument(2).equals("always")) {
                site.error(
                        directive.arguments().get(2),
                        "'" + directive.argument(2) + "' is not 'always'",
                        "put a value with blanks into quotation marks");
            }
            Optional<Template> value = site.template(directive.arguments().get(1));
            if (!isSettable(name, value.flatMap(Template::ifConstant).orElse("x"))) {
                continue;
            }
            value.ifPresent(template -> added.add(new Holds.Added(name.text(), template, always)));
        }
        return List.copyOf(added);
    }

    private boolean isSettable(Word name, String value) {
        try {
            Response.ok().withHeader(new Field(name.text(), "x").name(), value.strip());
            return true;
        } catch (IllegalArgumentException wrong) {
            site.error(name, String.valueOf(wrong.getMessage()), "");
            return false;
        }
    }

    private Expires expires(SiteBlock block) {
        Optional<Directive> found = block.nearest("expires");
        if (found.isEmpty()) {
            return Expires.OFF;
        }
        List<Word> words = found.get().arguments();
        boolean modified = words.size() == 2 && words.getFirst().text().equals("modified");
        if (words.size() == 2 && !modified) {
            site.error(words.getFirst(), "'" + words.getFirst() + "' is not 'modified'", "expires modified +1d;");
        }
        Word word = words.getLast();
        switch (word.text()) {
            case "off" -> {
                return Expires.OFF;
            }
            case "epoch" -> {
                return new Expires.Epoch();
            }
            case "max" -> {
                return new Expires.Max();
            }
            default -> {
                String text = word.text();
                boolean negative = text.startsWith("-");
                OptionalLong millis = Units.millis(negative || text.startsWith("+") ? text.substring(1) : text);
                if (millis.isEmpty()) {
                    site.error(
                            word,
                            "'" + text + "' is no time",
                            "30d, -1, epoch, max or off; a time of day (@…) is not supported");
                    return Expires.OFF;
                }
                long seconds = millis.getAsLong() / 1000;
                return new Expires.After(negative ? -seconds : seconds, modified);
            }
        }
    }

    private Compression compression(SiteBlock block) {
        Set<String> types = new HashSet<>(Set.of("text/html"));
        for (Directive directive : block.nearestAll(Set.of("gzip_types"))) {
            directive.arguments().forEach(word -> types.add(word.text().toLowerCase(Locale.ROOT)));
        }
        boolean proxied = block.nearest("gzip_proxied")
                .filter(directive -> directive.arguments().stream()
                        .anyMatch(word -> word.text().equals("any")))
                .isPresent();
        block.own("gzip_proxied")
                .filter(directive -> directive.arguments().stream()
                        .anyMatch(word ->
                                !word.text().equals("any") && !word.text().equals("off")))
                .ifPresent(directive -> site.note(
                        directive.arguments().getFirst(),
                        "of gzip_proxied only 'any' and 'off' are told apart",
                        "any other is off"));
        return new Compression(
                block.flag("gzip"),
                Set.copyOf(types),
                block.nearest("gzip_min_length")
                        .map(directive -> site.bytes(directive.arguments().getFirst()))
                        .orElse(20L),
                block.nearest("gzip_comp_level")
                        .map(directive ->
                                (int) site.number(directive.arguments().getFirst(), 1, 9))
                        .orElse(1),
                block.flag("gzip_vary"),
                proxied,
                ready(block, "gzip_static"),
                ready(block, "brotli_static"));
    }

    private Compression.Ready ready(SiteBlock block, String name) {
        Optional<Directive> found = block.nearest(name);
        if (found.isEmpty()) {
            return Compression.Ready.OFF;
        }
        return switch (found.get().argument(0)) {
            case "on" -> Compression.Ready.ON;
            case "off" -> Compression.Ready.OFF;
            case "always" -> Compression.Ready.ALWAYS;
            default -> {
                site.error(found.get().arguments().getFirst(), name + " is on, off or always", "");
                yield Compression.Ready.OFF;
            }
        };
    }

    // ------------------------------------------------------------------------------------------- who may ask

    private Access access(SiteBlock block) {
        List<Access.Rule> rules = new ArrayList<>();
        for (Directive directive : block.nearestAll(Set.of("allow", "deny"))) {
            Word word = directive.arguments().getFirst();
            boolean allows = directive.name().text().equals("allow");
            if (word.text().equals("all")) {
                rules.add(new Access.Rule(allows, Optional.empty()));
                continue;
            }
            Optional<Access.Network> network = Access.Network.parse(word.text());
            if (network.isEmpty()) {
                site.error(word, "'" + word + "' is no address", "192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or all");
            } else {
                rules.add(new Access.Rule(allows, network));
            }
        }
        return new Access(List.copyOf(rules), auth(block));
    }

    private Optional<BasicAuth> auth(SiteBlock block) {
        Optional<Directive> realm =
                block.nearest("auth_basic").filter(each -> !each.argument(0).equals("off"));
        if (realm.isEmpty()) {
            return Optional.empty();
        }
        Word word = realm.get().arguments().getFirst();
        Optional<Directive> file = block.nearest("auth_basic_user_file");
        if (file.isEmpty()) {
            site.error(
                    word,
                    "auth_basic without auth_basic_user_file",
                    "auth_basic_user_file users; with name:hash in each line");
            return Optional.empty();
        }
        if (word.text().matches(".*[\"\\\\$\\p{Cntrl}].*")) {
            site.error(word, "a realm has no quotation marks, backslashes or variables", "");
            return Optional.empty();
        }
        Word name = file.get().arguments().getFirst();
        return passwords(name).map(users -> new BasicAuth(word.text(), users, site.offload()));
    }

    private Optional<PasswordFile> passwords(Word name) {
        Path path = site.folder().resolve(name.text());
        PasswordFile known = passwords.get(path);
        if (known != null) {
            return Optional.of(known);
        }
        List<String> wrong = new ArrayList<>();
        try {
            if (Files.size(path) > PasswordFile.BYTES_MAX) {
                site.error(name, path + " has more than " + PasswordFile.BYTES_MAX + " bytes", "");
                return Optional.empty();
            }
            PasswordFile.Users users = PasswordFile.parse(Files.readString(path, StandardCharsets.UTF_8), wrong);
            wrong.forEach(each -> site.note(name, path + ": " + each, "that name is not let in"));
            PasswordFile made = new PasswordFile(path, users);
            passwords.put(path, made);
            return Optional.of(made);
        } catch (IOException refused) {
            boolean first = told.merge(path.toString(), 1, Integer::sum) == 1;
            if (first) {
                site.error(name, path + " cannot be read", "htpasswd -c " + path + " name, or openssl passwd -apr1");
            }
            return Optional.empty();
        }
    }

    private Optional<Holds.Exceptions> exceptions(SiteBlock block) {
        SiteBlock holder = block;
        while (holder != null && holder.own("limit_except").isEmpty()) {
            holder = holder.parent();
        }
        if (holder == null) {
            return Optional.empty();
        }
        Directive directive = holder.own("limit_except").orElseThrow();
        SiteBlock inner = site.checker().block(ConfContext.LIMIT, null, directive, SiteReader.blockOf(directive));
        Set<String> methods = new HashSet<>();
        for (Word word : directive.arguments()) {
            methods.add(word.text());
            if (word.text().equals("GET")) {
                methods.add("HEAD");
            }
        }
        return Optional.of(new Holds.Exceptions(Set.copyOf(methods), access(inner)));
    }
}
