package dev.pumasi.web;

import dev.pumasi.http.Origin;
import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Compiles {@code fastcgi_pass} and what belongs to it. Locations with the same applications and limits share their connections. */
final class FastCgiReader {

    /** What an application tells the server in front of it, as nginx does not pass it on either. */
    private static final Set<String> HIDDEN =
            Set.of("x-accel-redirect", "x-accel-buffering", "x-accel-charset", "x-accel-expires", "x-accel-limit-rate");

    private static final String NAME = "[A-Za-z_][A-Za-z0-9_.-]*";

    /** How long a connection is kept that nobody uses, if they are kept. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    private record Key(Upstream upstream, FastCgiGroup.Times times) {}

    private final SiteReader site;
    private final UpstreamReader upstreams;
    private final BodyLengths lengths;
    private final Map<Key, FastCgiGroup> groups = new HashMap<>();

    FastCgiReader(SiteReader site, UpstreamReader upstreams, BodyLengths lengths) {
        this.site = site;
        this.upstreams = upstreams;
        this.lengths = lengths;
    }

    List<FastCgiGroup> all() {
        return List.copyOf(groups.values());
    }

    void close() {
        groups.values().forEach(FastCgiGroup::close);
    }

    Optional<Content> content(SiteBlock block, Place place) {
        Optional<Directive> directive = block.own("fastcgi_pass");
        if (directive.isEmpty()) {
            return Optional.empty();
        }
        if (block.own("proxy_pass").isPresent()) {
            site.error(directive.get().name(), "both 'fastcgi_pass' and 'proxy_pass' are given", "keep one of them");
            return Optional.empty();
        }
        Word word = directive.get().arguments().getFirst();
        String text = word.text();
        if (text.indexOf('$') >= 0) {
            site.error(
                    word,
                    "the application of fastcgi_pass cannot be a variable",
                    "name applications with 'upstream', and choose by location or server_name");
            return Optional.empty();
        }
        boolean known = upstreams.named(text).isPresent();
        if (!known && !text.startsWith("unix:") && !text.matches("(\\[[^\\]/]+\\]|[^:/]+):\\d+")) {
            site.error(
                    word,
                    "'" + text + "' is no FastCGI application",
                    text.startsWith("/")
                            ? "unix:" + text + " for a socket with that path"
                            : "unix:/run/php/php-fpm.sock, 127.0.0.1:9000, or the name of an 'upstream'");
            return Optional.empty();
        }
        Optional<UpstreamReader.Group> group = known ? upstreams.named(text) : upstreams.single(word, text);
        if (group.isEmpty()) {
            return Optional.empty();
        }
        List<FastCgiContent.Parameter> parameters = parameters(block, directive.get());
        boolean isHere = true;
        List<SocketAddress> addresses = new ArrayList<>();
        for (UpstreamServer server : group.get().upstream().servers()) {
            Optional<SocketAddress> address = address(word, server.origin());
            if (address.isEmpty()) {
                return Optional.empty();
            }
            addresses.add(address.get());
            isHere &= !(address.get() instanceof InetSocketAddress inet)
                    || inet.getAddress().isLoopbackAddress();
        }
        Path folder = place.store().base();
        return Optional.of(new FastCgiContent(
                group(block, group.get(), addresses),
                text,
                group.get().key(),
                parameters,
                block.word("fastcgi_index").orElse(""),
                block.own("fastcgi_split_path_info").flatMap(this::split),
                hidden(block),
                isHere && Files.isDirectory(folder) ? Optional.of(folder) : Optional.empty(),
                block.flag("fastcgi_intercept_errors"),
                block.nearest("auth_basic")
                        .filter(each -> !each.argument(0).equals("off"))
                        .isPresent(),
                lengths));
    }

    /** As nginx does, a name is looked up when the file is read. */
    private Optional<SocketAddress> address(Word word, Origin origin) {
        if (origin.address().isPresent()) {
            return origin.address();
        }
        try {
            return Optional.of(new InetSocketAddress(InetAddress.getByName(origin.host()), origin.port()));
        } catch (UnknownHostException unknown) {
            site.error(word, "no address is known for the host " + origin.host(), "check its spelling");
            return Optional.empty();
        }
    }

    private FastCgiGroup group(SiteBlock block, UpstreamReader.Group group, List<SocketAddress> addresses) {
        time(block, "fastcgi_send_timeout"); // one that takes nothing for as long as it may be silent is late, too
        FastCgiGroup.Times times = new FastCgiGroup.Times(
                time(block, "fastcgi_connect_timeout"),
                time(block, "fastcgi_read_timeout"),
                block.flag("fastcgi_keep_conn") ? IDLE : Duration.ZERO);
        return groups.computeIfAbsent(
                new Key(group.upstream(), times), _ -> new FastCgiGroup(group.upstream(), addresses, times));
    }

    private Duration time(SiteBlock block, String name) {
        return block.nearest(name)
                .map(directive -> site.millis(directive.arguments().getFirst()))
                .filter(millis -> millis > 0)
                .map(Duration::ofMillis)
                .orElse(Duration.ofSeconds(60));
    }

    private List<FastCgiContent.Parameter> parameters(SiteBlock block, Directive pass) {
        List<FastCgiContent.Parameter> parameters = new ArrayList<>();
        for (Directive directive : block.nearestAll(Set.of("fastcgi_param"))) {
            Word name = directive.arguments().getFirst();
            boolean ifNotEmpty = directive.arguments().size() > 2;
            if (ifNotEmpty && !directive.argument(2).equals("if_not_empty")) {
                site.error(
                        directive.arguments().get(2),
                        "'" + directive.argument(2) + "' is not 'if_not_empty'",
                        "put a value with blanks into quotation marks");
            }
            if (!name.text().matches(NAME)) {
                site.error(
                        name,
                        "'" + name + "' is no name of a parameter",
                        "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;");
            }
            site.template(directive.arguments().get(1))
                    .ifPresent(value -> parameters.add(new FastCgiContent.Parameter(name.text(), value, ifNotEmpty)));
        }
        if (parameters.stream().noneMatch(each -> each.name().equals("SCRIPT_FILENAME"))) {
            site.note(
                    pass.name(),
                    "the application is not told which script to run",
                    "PHP needs: include fastcgi_params;"
                            + " fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;");
        }
        return List.copyOf(parameters);
    }

    private Optional<Expression> split(Directive directive) {
        Word word = directive.arguments().getFirst();
        Optional<Expression> expression = site.expression(word, 0, false);
        if (expression.isPresent() && expression.get().groups() < 2) {
            site.error(
                    word,
                    "fastcgi_split_path_info needs two groups",
                    "the script and what comes behind it: ^(.+?\\.php)(/.*)$");
            return Optional.empty();
        }
        return expression;
    }

    private static Set<String> hidden(SiteBlock block) {
        Set<String> hidden = new HashSet<>(HIDDEN);
        for (Directive directive : block.nearestAll(Set.of("fastcgi_hide_header"))) {
            hidden.add(directive.argument(0).toLowerCase(Locale.ROOT));
        }
        return Set.copyOf(hidden);
    }
}
