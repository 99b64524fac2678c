package dev.pumasi.web;

import dev.pumasi.runtime.Offload;
import dev.pumasi.web.conf.ConfReader;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Position;
import dev.pumasi.web.conf.Problems;
import dev.pumasi.web.conf.Word;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes a {@link Site} of a configuration file: reads it, looks whether each directive may stand where it does, and compiles what they
 * say. It goes on after a mistake, so that all of them are told at once.
 */
final class SiteReader {

    private static final Pattern NAMED_GROUP = Pattern.compile("\\(\\?P?<([A-Za-z_]\\w*)>");

    private final Path file;
    private final Problems problems;
    private final SiteChecker checker;
    private final Variables variables = new Variables();
    private final Offload offload;
    private final RealFolders realFolders;
    private final StoreShelf stores = new StoreShelf();
    private final Entrance entrance = new Entrance();
    private final Map<SocketAddress, Listening> listening = new LinkedHashMap<>();
    private final List<VirtualServer> servers = new ArrayList<>();

    /** An address, and what was said of it. */
    private record Listening(SocketAddress address, Position at, List<SiteBlock> named, Optional<SiteBlock> marked) {}

    SiteReader(Path file, Problems problems, Offload offload) {
        this.file = file;
        this.problems = problems;
        this.offload = offload;
        realFolders = new RealFolders(offload);
        checker = new SiteChecker(problems);
    }

    /** What was read; of no use if the problems have errors. */
    Optional<SitePlan> read(Map<String, String> environment) {
        List<Directive> all = ConfReader.read(file, environment, Directives.ALL, BuiltIn.FILES, problems);
        return plan(all);
    }

    Optional<SitePlan> plan(List<Directive> all) {
        SiteBlock main = checker.block(ConfContext.MAIN, null, null, all);
        names(all);
        Optional<Directive> http = main.own("http");
        if (http.isEmpty()) {
            if (!problems.isBroken()) {
                problems.error(
                        new Position(file.toString(), 1, 1, 1), "there is no 'http' block", "http { server { … } }");
            }
            return Optional.empty();
        }
        int connections = main.own("events")
                .map(events -> checker.block(ConfContext.EVENTS, main, events, blockOf(events)))
                .flatMap(events -> events.own("worker_connections"))
                .map(directive -> (int) number(directive.arguments().getFirst(), 1, 10_000_000))
                .orElse(0);
        int processes = main.own("worker_processes").map(this::processes).orElse(0);
        SiteBlock block = checker.block(ConfContext.HTTP, main, http.get(), blockOf(http.get()));
        MapReader maps = new MapReader(this);
        block.all("map").forEach(maps::read);
        UpstreamReader upstreams = new UpstreamReader(this);
        block.all("upstream").forEach(each -> upstreams.read(each, block));
        ProxyReader proxies = new ProxyReader(this, upstreams);
        LogReader logs = new LogReader(this);
        block.all("log_format").forEach(logs::format);
        List<SiteBlock> blocks = new ArrayList<>();
        for (Directive each : block.all("server")) {
            blocks.add(checker.block(ConfContext.SERVER, block, each, blockOf(each)));
        }
        if (blocks.isEmpty()) {
            error(http.get().name(), "no 'server' stands in 'http'", "server { listen 8080; root /srv/www; }");
        }
        LocationReader locations = new LocationReader(this, proxies, upstreams, logs);
        Map<SiteBlock, VirtualServer> made = new LinkedHashMap<>();
        for (SiteBlock each : blocks) {
            listens(each);
            made.put(each, server(each, locations));
        }
        List<Addresses.Listened> listened = new ArrayList<>();
        Map<SocketAddress, LimitReader.Limits> limits = new LinkedHashMap<>();
        LimitReader limiter = new LimitReader(this);
        for (Listening each : listening.values()) {
            SiteBlock first = each.marked.orElse(each.named.getFirst());
            ServerNames names = new ServerNames(Objects.requireNonNull(made.get(first)));
            for (SiteBlock named : each.named) {
                addNames(names, named, Objects.requireNonNull(made.get(named)), each.address);
            }
            listened.add(new Addresses.Listened(each.address, names));
            limits.put(each.address, limiter.limits(first, each.named));
        }
        if (!problems.isBroken()) {
            logs.open();
        }
        if (problems.isBroken()) {
            logs.close();
            upstreams.close();
            proxies.close();
            locations.applications().close();
            return Optional.empty();
        }
        return Optional.of(new SitePlan(
                new Addresses(listened),
                limits,
                locations.bodyBytesMax(),
                connections,
                processes,
                List.copyOf(servers),
                variables.count(),
                entrance,
                proxies.all(),
                locations.applications().all(),
                logs.all(),
                upstreams.all()));
    }

    /** Variables that are set somewhere may be used anywhere. */
    private void names(List<Directive> all) {
        for (Directive directive : all) {
            String name = directive.name().text();
            if (name.equals("set") && !directive.arguments().isEmpty()) {
                String variable = directive.argument(0);
                if (variable.matches("\\$[A-Za-z_]\\w*") && !Variables.isBuiltIn(variable.substring(1))) {
                    variables.own(variable.substring(1));
                }
            }
            groups(directive.name());
            directive.arguments().forEach(this::groups);
            if (directive.block() != null) {
                names(directive.block());
            }
        }
    }

    private void groups(Word word) {
        Matcher matcher = NAMED_GROUP.matcher(word.text());
        while (matcher.find()) {
            variables.own(matcher.group(1));
        }
    }

    private int processes(Directive directive) {
        Word word = directive.arguments().getFirst();
        return word.text().equals("auto") ? Runtime.getRuntime().availableProcessors() : (int) number(word, 1, 1024);
    }

    // ------------------------------------------------------------------------------------------- servers

    private void listens(SiteBlock block) {
        List<Directive> all = block.all("listen");
        if (all.isEmpty()) {
            boolean privileged = System.getProperty("user.name", "").equals("root");
            SocketAddress address = ListenReader.wildcard(privileged ? 80 : 8000);
            Word name = headOf(block).name();
            note(name, "without 'listen' it is " + ListenReader.text(address), "listen 8080;");
            listen(address, block, name, false);
        }
        for (Directive directive : all) {
            Optional<ListenReader.Listen> read = ListenReader.read(directive, this);
            read.ifPresent(listen ->
                    listen(listen.address(), block, directive.arguments().getFirst(), listen.byDefault()));
        }
    }

    private void listen(SocketAddress address, SiteBlock block, Word at, boolean byDefault) {
        Listening known = listening.computeIfAbsent(
                address, _ -> new Listening(address, at.at(), new ArrayList<>(), Optional.empty()));
        if (known.named.contains(block)) {
            error(at, ListenReader.text(address) + " is named twice in this server", "remove one 'listen'");
            return;
        }
        known.named.add(block);
        if (byDefault) {
            if (known.marked.isPresent()) {
                error(
                        at,
                        ListenReader.text(address) + " has a default server already",
                        "it is the one that begins in "
                                + headOf(known.marked.get()).at());
            } else {
                listening.put(address, new Listening(address, known.at, known.named, Optional.of(block)));
            }
        }
    }

    private VirtualServer server(SiteBlock block, LocationReader locations) {
        List<Expression> expressions = new ArrayList<>();
        String first = "";
        for (Directive directive : block.all("server_name")) {
            for (Word word : directive.arguments()) {
                if (word.text().startsWith("~")) {
                    expression(word, word.text().substring(1), true).ifPresent(expressions::add);
                }
                if (first.isEmpty()) {
                    first = word.text();
                }
            }
        }
        VirtualServer server = new VirtualServer(
                first.startsWith(".") ? first.substring(1) : first,
                new RuleReader(this).rules(block),
                locations.outside(block),
                locations.of(block),
                expressions,
                block.word("merge_slashes").filter(word -> word.equals("off")).isEmpty());
        servers.add(server);
        return server;
    }

    private void addNames(ServerNames names, SiteBlock block, VirtualServer server, SocketAddress address) {
        int expression = 0;
        List<Directive> all = block.all("server_name");
        if (all.isEmpty()) {
            names.add("", server);
        }
        for (Directive directive : all) {
            for (Word word : directive.arguments()) {
                String name = word.text();
                if (name.startsWith("~")) {
                    if (expression < server.nameExpressions().size()) {
                        names.add(server.nameExpressions().get(expression++), server);
                    }
                } else if (name.indexOf('*', 1) >= 0 && !name.endsWith(".*")
                        || name.startsWith("*") && !name.startsWith("*.")
                        || name.indexOf('/') >= 0
                        || name.indexOf(':') >= 0 && !name.startsWith("[")) {
                    error(
                            word,
                            "'" + name + "' is no server name",
                            "a name, *.example.org, www.example.*, or ~ with an expression; without a scheme or a port");
                } else if (!names.add(name.toLowerCase(Locale.ROOT), server)) {
                    note(
                            word,
                            "the name '" + name + "' on " + ListenReader.text(address) + " belongs to a server before",
                            "requests for it go there");
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------- for the other readers

    Path folder() {
        Path parent = file.toAbsolutePath().normalize().getParent();
        return parent == null ? Path.of("/") : parent;
    }

    Problems problems() {
        return problems;
    }

    SiteChecker checker() {
        return checker;
    }

    Variables variables() {
        return variables;
    }

    RealFolders realFolders() {
        return realFolders;
    }

    Offload offload() {
        return offload;
    }

    StoreShelf stores() {
        return stores;
    }

    Entrance entrance() {
        return entrance;
    }

    static List<Directive> blockOf(Directive directive) {
        List<Directive> block = directive.block();
        return block == null ? List.of() : block;
    }

    static Directive headOf(SiteBlock block) {
        Directive head = block.head();
        if (head == null) {
            throw new IllegalStateException("the file itself has no head");
        }
        return head;
    }

    void error(Word word, String message, String likely) {
        problems.error(word.at(), message, likely);
    }

    void note(Word word, String message, String likely) {
        problems.note(word.at(), message, likely);
    }

    Optional<Template> template(Word word) {
        return template(word, word.text());
    }

    Optional<Template> template(Word word, String text) {
        try {
            return Optional.of(Template.parse(text, variables));
        } catch (IllegalArgumentException wrong) {
            error(word, String.valueOf(wrong.getMessage()), "docs/site-conf.md lists the variables");
            return Optional.empty();
        }
    }

    Optional<Expression> expression(Word word, int from, boolean anyCase) {
        return expression(word, word.text().substring(from), anyCase);
    }

    Optional<Expression> expression(Word word, String text, boolean anyCase) {
        try {
            return Optional.of(Expression.parse(text, anyCase, variables));
        } catch (IllegalArgumentException wrong) {
            error(
                    word,
                    String.valueOf(wrong.getMessage()),
                    "an expression with { or ; in it stands in quotation marks");
            return Optional.empty();
        }
    }

    long number(Word word, long least, long most) {
        if (word.text().matches("\\d{1,18}")) {
            long number = Long.parseLong(word.text());
            if (number >= least && number <= most) {
                return number;
            }
        }
        error(word, "'" + word + "' is no number from " + least + " to " + most, "");
        return least;
    }

    long bytes(Word word) {
        OptionalLong bytes = Units.bytes(word.text());
        if (bytes.isEmpty()) {
            error(word, "'" + word + "' is no size", "a number of bytes, or with k, m or g behind it: 8k, 1m");
        }
        return bytes.orElse(0);
    }

    /** From 0 to 24 days, which is what the limits take. */
    int millis(Word word) {
        OptionalLong millis = Units.millis(word.text());
        if (millis.isEmpty() || millis.getAsLong() > Integer.MAX_VALUE) {
            error(
                    word,
                    "'" + word + "' is no time",
                    "seconds, or with ms, s, m, h or d behind the number: 30s, 1h; 24d at most");
        }
        return (int) Math.min(Integer.MAX_VALUE, millis.orElse(0));
    }
}
