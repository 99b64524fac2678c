package dev.pumasi.web;

import dev.pumasi.http.Origin;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Compiles {@code upstream}, and makes one of each server that {@code proxy_pass} names by itself. */
final class UpstreamReader {

    /** A group of servers, and how one is chosen. */
    record Group(Upstream upstream, Template key, Optional<Integer> idleMillis) {}

    private final SiteReader site;
    private final Map<String, Group> named = new LinkedHashMap<>();
    private final Map<String, Group> single = new HashMap<>();
    private final List<Upstream> all = new ArrayList<>();

    UpstreamReader(SiteReader site) {
        this.site = site;
    }

    List<Upstream> all() {
        return List.copyOf(all);
    }

    void close() {
        all.forEach(Upstream::close);
    }

    Optional<Group> named(String name) {
        return Optional.ofNullable(named.get(name));
    }

    List<String> names() {
        return List.copyOf(named.keySet());
    }

    void read(Directive directive, SiteBlock http) {
        Word name = directive.arguments().getFirst();
        SiteBlock block = site.checker().block(ConfContext.UPSTREAM, http, directive, SiteReader.blockOf(directive));
        Upstream.Builder builder = Upstream.builder(name.text());
        Template key = Template.constant("");
        int policies = 0;
        for (Directive each : block.directives()) {
            switch (each.name().text()) {
                case "server" -> server(each, builder);
                case "least_conn" -> {
                    builder.policy(Upstream.Policy.LEAST_CONNECTIONS);
                    policies++;
                }
                case "ip_hash" -> {
                    builder.policy(Upstream.Policy.HASH);
                    key = site.template(each.name(), "$remote_addr").orElse(key);
                    policies++;
                }
                case "hash" -> {
                    builder.policy(Upstream.Policy.HASH);
                    key = site.template(each.arguments().getFirst()).orElse(key);
                    policies++;
                    if (each.arguments().size() > 1 && !each.argument(1).equals("consistent")) {
                        site.error(
                                each.arguments().get(1),
                                "'" + each.argument(1) + "' is not 'consistent'",
                                "hash $uri consistent;");
                    }
                }
                default -> {}
            }
        }
        if (policies > 1) {
            site.error(
                    name,
                    "the upstream '" + name + "' has several ways to choose",
                    "keep one of least_conn, ip_hash and hash");
        }
        if (named.containsKey(name.text())) {
            site.error(name, "the upstream '" + name + "' is there already", "");
            return;
        }
        if (block.all("server").isEmpty()) {
            site.error(name, "the upstream '" + name + "' has no server", "server 127.0.0.1:9000;");
            return;
        }
        block.own("keepalive").ifPresent(each -> site.number(each.arguments().getFirst(), 1, 1_000_000));
        Optional<Integer> idle = block.own("keepalive_timeout")
                .map(each -> site.millis(each.arguments().getFirst()));
        try {
            Upstream upstream = builder.build();
            for (int i = 0; i < upstream.servers().size(); i++) {
                if (isDown(block.all("server").get(i))) {
                    upstream.servers().get(i).drain(true);
                }
            }
            all.add(upstream);
            named.put(name.text(), new Group(upstream, key, idle));
        } catch (IllegalArgumentException | IndexOutOfBoundsException refused) {
            if (!site.problems().isBroken()) {
                site.error(name, String.valueOf(refused.getMessage()), "");
            }
        }
    }

    private static boolean isDown(Directive server) {
        return server.arguments().stream().skip(1).anyMatch(word -> word.text().equals("down"));
    }

    private void server(Directive directive, Upstream.Builder builder) {
        int weight = 1;
        int fails = 1;
        Duration time = Duration.ofSeconds(10);
        boolean spare = false;
        for (Word word : directive.arguments().subList(1, directive.arguments().size())) {
            int equals = word.text().indexOf('=');
            String name = equals < 0 ? word.text() : word.text().substring(0, equals);
            Word value = new Word(word.text().substring(equals + 1), word.at(), false, false);
            switch (name) {
                case "weight" -> weight = (int) site.number(value, 1, Upstream.WEIGHT_MAX);
                case "max_fails" -> fails = (int) site.number(value, 0, 1_000_000);
                case "fail_timeout" -> time = Duration.ofMillis(site.millis(value));
                case "backup" -> spare = true;
                case "down" -> {}
                case "max_conns", "slow_start", "resolve", "service", "route", "drain" ->
                    site.error(
                            word,
                            "'" + name + "' is not supported",
                            "weight, max_fails, fail_timeout, backup and down are");
                default ->
                    site.error(
                            word, "a server has no '" + word + "'", "weight=, max_fails=, fail_timeout=, backup, down");
            }
        }
        Word first = directive.arguments().getFirst();
        int failures = fails;
        Duration downtime = time;
        int share = weight;
        boolean kept = spare;
        origin(first, first.text()).ifPresent(origin -> builder.server(origin, share, failures, downtime, kept));
    }

    private Optional<Origin> origin(Word word, String text) {
        try {
            if (text.startsWith("unix:")) {
                return Optional.of(Origin.of("localhost", Origin.PORT_DEFAULT)
                        .at(UnixDomainSocketAddress.of(Path.of(text.substring("unix:".length())))));
            }
            return Optional.of(Origin.of(text));
        } catch (IllegalArgumentException wrong) {
            site.error(word, "'" + text + "' is no server", "host:port, or unix:/path");
            return Optional.empty();
        }
    }

    /** The group of one server that {@code proxy_pass} names. */
    Optional<Group> single(Word word, String authority) {
        Group known = single.get(authority);
        if (known != null) {
            return Optional.of(known);
        }
        return origin(word, authority).map(origin -> {
            Upstream upstream = Upstream.builder(authority)
                    .server(origin, 1, 0, Duration.ZERO, false)
                    .build();
            all.add(upstream);
            Group group = new Group(upstream, Template.constant(""), Optional.empty());
            single.put(authority, group);
            return group;
        });
    }
}
