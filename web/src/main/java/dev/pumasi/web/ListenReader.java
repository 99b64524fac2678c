package dev.pumasi.web;

import dev.pumasi.web.conf.Directive;
import dev.pumasi.web.conf.Word;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads {@code listen}. */
final class ListenReader {

    private static final int PORT_DEFAULT = 80;

    /** What it says. */
    record Listen(SocketAddress address, boolean byDefault) {}

    private ListenReader() {}

    static SocketAddress wildcard(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), port);
    }

    static Optional<Listen> read(Directive directive, SiteReader site) {
        Word first = directive.arguments().getFirst();
        Optional<SocketAddress> address = address(first, site);
        boolean byDefault = false;
        for (Word word : directive.arguments().subList(1, directive.arguments().size())) {
            String name = word.text().indexOf('=') < 0
                    ? word.text()
                    : word.text().substring(0, word.text().indexOf('='));
            switch (name) {
                case "default_server", "default" -> byDefault = true;
                case "ssl", "quic", "http3", "spdy" -> {
                    site.error(
                            word,
                            "there is no TLS here",
                            "put a server that has it before this one, and remove '" + word + "'");
                    return Optional.empty();
                }
                case "proxy_protocol" -> {
                    site.error(
                            word,
                            "the PROXY protocol is not spoken here",
                            "remove it, and have X-Forwarded-For sent instead");
                    return Optional.empty();
                }
                case "http2" -> site.note(word, "only HTTP/1.1 is spoken here", "clients that can do more use it");
                case "reuseport",
                        "backlog",
                        "rcvbuf",
                        "sndbuf",
                        "deferred",
                        "accept_filter",
                        "so_keepalive",
                        "fastopen",
                        "bind",
                        "setfib" ->
                    site.note(
                            word, "'" + word + "' has no effect", "each loop listens for itself, with a queue of 4096");
                case "ipv6only" -> {
                    if (!word.text().endsWith("=off")) {
                        site.note(
                                word,
                                "'" + word + "' has no effect",
                                "[::] takes IPv4 as well, unless *:port is listened on too");
                    }
                }
                default -> {
                    site.error(
                            word,
                            "listen has no parameter '" + word + "'",
                            word.firstOfLine()
                                    ? "is a ';' missing at the end of the line before?"
                                    : Directives.distance(name, "default_server", 4) < 4
                                            ? "did you mean 'default_server'?"
                                            : "default_server is one");
                    return Optional.empty();
                }
            }
        }
        boolean marked = byDefault;
        return address.map(where -> new Listen(where, marked));
    }

    private static Optional<SocketAddress> address(Word word, SiteReader site) {
        String text = word.text();
        if (text.startsWith("unix:")) {
            if (text.length() == 5) {
                site.error(word, "a socket without a path", "listen unix:/run/site.socket;");
                return Optional.empty();
            }
            return Optional.of(UnixDomainSocketAddress.of(Path.of(text.substring(5))));
        }
        int colon = text.lastIndexOf(':');
        boolean bracketed = text.startsWith("[");
        boolean hasPort = colon > 0 && text.indexOf(']', colon) < 0;
        String host = text.matches("\\d+") ? "*" : hasPort ? text.substring(0, colon) : text;
        String port =
                text.matches("\\d+") ? text : hasPort ? text.substring(colon + 1) : Integer.toString(PORT_DEFAULT);
        if (!port.matches("\\d{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
            site.error(word, "'" + port + "' is no port", "a number from 1 to 65535");
            return Optional.empty();
        }
        int number = Integer.parseInt(port);
        if (host.equals("*")) {
            return Optional.of(wildcard(number));
        }
        if (bracketed != host.endsWith("]")) {
            site.error(word, "a bracket is missing", "listen [::1]:80;");
            return Optional.empty();
        }
        String name = bracketed ? host.substring(1, host.length() - 1) : host;
        if (!bracketed && name.indexOf(':') >= 0) {
            site.error(word, "an address of IPv6 stands in brackets", "listen [" + text + "]:80;");
            return Optional.empty();
        }
        try {
            return Optional.of(new InetSocketAddress(InetAddress.getByName(name), number));
        } catch (UnknownHostException unknown) {
            site.error(
                    word, "no address is known for '" + name + "'", "name an address of this machine, or only a port");
            return Optional.empty();
        }
    }

    /** For people. */
    static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return "unix:" + address;
        }
        String host = inet.getAddress().getHostAddress();
        return (inet.getAddress().isAnyLocalAddress() && !host.contains(":")
                        ? "*"
                        : host.contains(":") ? "[" + shortened(inet.getAddress()) + "]" : host)
                + ":" + inet.getPort();
    }

    private static String shortened(InetAddress address) {
        return address.isAnyLocalAddress() ? "::" : address.isLoopbackAddress() ? "::1" : address.getHostAddress();
    }

    /** All there are, for a check. */
    static List<String> texts(List<SocketAddress> all) {
        return all.stream().map(ListenReader::text).toList();
    }
}
