package dev.pumasi.web;

import dev.pumasi.http.ClientLimits;
import dev.pumasi.http.Field;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Compiles {@code proxy_pass} and what belongs to it. Locations with the same servers and limits share their connections. */
final class ProxyReader {

    private static final String HTTP = "http://";

    /** Fields that say where a message ends, or whose connection it is: those are always written anew. */
    private static final Set<String> OURS = Set.of("connection", "upgrade", "te", "keep-alive", "trailer");

    private static final Set<String> NEVER = Set.of("content-length", "transfer-encoding", "expect");

    private record Key(Upstream upstream, int connect, int read, int send, int idle, int tries, Set<Integer> retried) {}

    private final SiteReader site;
    private final UpstreamReader upstreams;
    private final Map<Key, Proxy> proxies = new HashMap<>();

    ProxyReader(SiteReader site, UpstreamReader upstreams) {
        this.site = site;
        this.upstreams = upstreams;
    }

    List<Proxy> all() {
        return List.copyOf(proxies.values());
    }

    void close() {
        proxies.values().forEach(Proxy::close);
    }

    /** @param path what the location replaces; empty if it is found by an expression or a name */
    Optional<Content> content(SiteBlock block, Optional<String> path) {
        Optional<Directive> directive = block.own("proxy_pass");
        if (directive.isEmpty()) {
            return Optional.empty();
        }
        Word word = directive.get().arguments().getFirst();
        String text = word.text();
        if (!text.startsWith(HTTP)) {
            site.error(
                    word,
                    text.startsWith("https://")
                            ? "servers are asked without TLS"
                            : "'" + text + "' is no URI of a server",
                    "proxy_pass http://127.0.0.1:9000;");
            return Optional.empty();
        }
        String rest = text.substring(HTTP.length());
        boolean unix = rest.startsWith("unix:");
        int end = unix ? rest.indexOf(':', "unix:".length()) : rest.indexOf('/');
        int variable = rest.indexOf('$');
        if (!unix && variable >= 0 && (end < 0 || variable < end)) {
            end = variable;
        }
        String authority = end < 0 ? rest : rest.substring(0, end);
        String uri = end < 0 ? "" : rest.substring(unix ? end + 1 : end);
        if (authority.isEmpty()) {
            site.error(
                    word,
                    "the server of proxy_pass cannot be a variable",
                    "name servers with 'upstream', and choose by location or server_name");
            return Optional.empty();
        }
        boolean varies = uri.indexOf('$') >= 0;
        if (!uri.isEmpty() && !varies && path.isEmpty()) {
            site.error(
                    word,
                    "here proxy_pass cannot have the path '" + uri + "'",
                    "what it would replace is not known in a location by expression or name; remove it, or use rewrite");
            return Optional.empty();
        }
        Optional<UpstreamReader.Group> group = upstreams.named(authority);
        if (group.isEmpty()) {
            group = upstreams.single(word, authority);
        }
        Optional<Template> whole = varies ? site.template(word, uri) : Optional.empty();
        return group.map(found -> {
            ProxyTarget target = target(unix ? "localhost" : authority);
            boolean replaces = !uri.isEmpty() && !varies;
            return new ProxyContent(
                    proxy(block, found),
                    text,
                    target,
                    replaces ? path.orElse("").length() : -1,
                    replaces ? uri : "",
                    whole,
                    found.key(),
                    fields(block),
                    host(block, target),
                    upgrades(block),
                    hidden(block),
                    moved(block, text, path, replaces));
        });
    }

    private static ProxyTarget target(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean port = colon > 0 && authority.indexOf(']', colon) < 0;
        return new ProxyTarget(authority, port ? authority.substring(colon + 1) : "80");
    }

    private Proxy proxy(SiteBlock block, UpstreamReader.Group group) {
        Set<Integer> retried = new TreeSet<>();
        int servers = group.upstream().servers().size();
        int tries = block.nearest("proxy_next_upstream_tries")
                .map(directive -> (int) site.number(directive.arguments().getFirst(), 0, Upstream.SERVERS_MAX))
                .filter(count -> count > 0)
                .orElse(servers);
        for (Directive directive : block.nearestAll(Set.of("proxy_next_upstream"))) {
            for (Word word : directive.arguments()) {
                switch (word.text()) {
                    case "error", "timeout", "invalid_header" -> {}
                    case "off" -> tries = 1;
                    case "http_500", "http_502", "http_503", "http_504", "http_403", "http_404", "http_429" ->
                        retried.add(Integer.parseInt(word.text().substring("http_".length())));
                    default ->
                        site.error(
                                word,
                                "'" + word + "' is no reason to ask another server",
                                "error, timeout, http_502 and its like, or off; what is not idempotent is never sent twice");
                }
            }
        }
        Key key = new Key(
                group.upstream(),
                time(block, "proxy_connect_timeout"),
                time(block, "proxy_read_timeout"),
                time(block, "proxy_send_timeout"),
                group.idleMillis().orElse(60_000),
                Math.max(1, tries),
                retried);
        return proxies.computeIfAbsent(key, ProxyReader::made);
    }

    private int time(SiteBlock block, String name) {
        return block.nearest(name)
                .map(directive -> site.millis(directive.arguments().getFirst()))
                .filter(millis -> millis > 0)
                .orElse(60_000);
    }

    private static Proxy made(Key key) {
        return Proxy.builder(key.upstream)
                .limits(ClientLimits.builder()
                        .connectTimeoutMillis(key.connect)
                        .firstByteTimeoutMillis(key.read)
                        .readTimeoutMillis(key.read)
                        .writeTimeoutMillis(key.send)
                        .idleTimeoutMillis(Math.max(1, key.idle))
                        .connectionsPerOriginMax(512)
                        .connectionsMax(4_096)
                        .waitingMax(4_096)
                        .retriesMax(1)
                        .build())
                .triesMax(key.tries)
                .retryOn(key.retried.stream().mapToInt(Integer::intValue).toArray())
                .build();
    }

    private List<ProxyContent.SetField> fields(SiteBlock block) {
        List<ProxyContent.SetField> fields = new ArrayList<>();
        for (Directive directive : block.nearestAll(Set.of("proxy_set_header"))) {
            Word name = directive.arguments().getFirst();
            String lower = name.text().toLowerCase(Locale.ROOT);
            Optional<Template> value = site.template(directive.arguments().get(1));
            if (lower.equals("host") || OURS.contains(lower)) {
                continue;
            }
            if (NEVER.contains(lower)) {
                site.error(
                        name,
                        "the field " + name + " cannot be set",
                        "it says where a body ends, and is always written anew");
                continue;
            }
            try {
                new Field(name.text(), "x");
                value.ifPresent(template -> fields.add(new ProxyContent.SetField(name.text(), template)));
            } catch (IllegalArgumentException wrong) {
                site.error(name, "'" + name + "' is no name of a field", "");
            }
        }
        return List.copyOf(fields);
    }

    private Template host(SiteBlock block, ProxyTarget target) {
        for (Directive directive : block.nearestAll(Set.of("proxy_set_header"))) {
            if (directive.argument(0).equalsIgnoreCase("host")) {
                return site.template(directive.arguments().get(1)).orElse(Template.constant(""));
            }
        }
        return Template.constant(target.host());
    }

    /** As in nginx, nothing is upgraded unless the fields are passed on. */
    private static Set<String> upgrades(SiteBlock block) {
        return block.nearestAll(Set.of("proxy_set_header")).stream()
                        .anyMatch(directive -> directive.argument(0).equalsIgnoreCase("upgrade")
                                && !directive.argument(1).isEmpty())
                ? Set.of("websocket")
                : Set.of();
    }

    private static Set<String> hidden(SiteBlock block) {
        Set<String> hidden = new HashSet<>();
        for (Directive directive : block.nearestAll(Set.of("proxy_hide_header"))) {
            hidden.add(directive.argument(0).toLowerCase(Locale.ROOT));
        }
        return Set.copyOf(hidden);
    }

    private List<ProxyContent.Moved> moved(SiteBlock block, String text, Optional<String> path, boolean replaces) {
        List<Directive> all = block.nearestAll(Set.of("proxy_redirect"));
        List<ProxyContent.Moved> moved = new ArrayList<>();
        boolean byDefault = all.isEmpty();
        for (Directive directive : all) {
            Word first = directive.arguments().getFirst();
            if (directive.arguments().size() == 2
                    && !first.text().startsWith("~")
                    && first.text().indexOf('$') < 0) {
                site.template(directive.arguments().get(1))
                        .ifPresent(to -> moved.add(new ProxyContent.Moved(first.text(), to)));
            } else if (directive.arguments().size() == 1 && first.text().equals("default")) {
                byDefault = true;
            } else if (directive.arguments().size() != 1 || !first.text().equals("off")) {
                site.error(
                        first,
                        "proxy_redirect is off, default, or two texts",
                        "an expression or a variable as the first is not supported");
            }
        }
        if (byDefault && path.isPresent() && text.indexOf('$') < 0) {
            String from = replaces ? text : text + "/";
            String to = replaces ? path.get() : "/";
            moved.add(new ProxyContent.Moved(from, Template.constant(to)));
        }
        return List.copyOf(moved);
    }
}
