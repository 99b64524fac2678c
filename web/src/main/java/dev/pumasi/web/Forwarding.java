package dev.pumasi.web;

import dev.pumasi.http.ClientResponse;
import dev.pumasi.http.Field;
import dev.pumasi.http.Request;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What of a message's fields goes on, and what a proxy adds (RFC 9110 section 7.6, RFC 7239). Everything is written anew from
 * fields that were parsed; what concerns this connection only, or where a body ends, is never among them.
 */
final class Forwarding {

    /** Under which name it stands in Via. */
    static final String PSEUDONYM = "pumasi";

    /** A message that has passed so many of us runs in a circle. */
    static final int PASSES_MAX = 10;

    /** Of one connection (RFC 9110 section 7.6.1), or made anew by whoever sends. */
    private static final Set<String> NOT_FORWARDED = Set.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "http2-settings",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    /** Says where a request came from; believed of trusted peers only. */
    private static final Set<String> ORIGINS =
            Set.of("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip");

    /** Our server says these of itself, as nginx does. */
    private static final Set<String> SERVERS_OWN = Set.of("date", "server");

    private Forwarding() {}

    /**
     * The fields of a request as it is sent on.
     *
     * @param trusted whether the peer is a proxy of ours, whose word of where the request came from is taken
     */
    static List<Field> ofRequest(Request request, boolean trusted) {
        Set<String> listed = listed(request.headers("Connection"));
        List<Field> kept = new ArrayList<>();
        String forwardedFor = "";
        String forwarded = "";
        String proto = "http";
        String host = request.host();
        for (Field field : request.fields()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            if (NOT_FORWARDED.contains(name) || listed.contains(name)) {
                continue;
            }
            if (!ORIGINS.contains(name)) {
                kept.add(field);
            } else if (trusted) {
                switch (name) {
                    case "x-forwarded-for" -> forwardedFor += field.value() + ", ";
                    case "forwarded" -> forwarded += field.value() + ", ";
                    case "x-forwarded-proto" -> proto = field.value();
                    case "x-forwarded-host" -> host = field.value();
                    default -> kept.add(field);
                }
            }
        }
        String client = client(request.remoteAddress());
        kept.add(new Field("X-Forwarded-For", forwardedFor + client));
        kept.add(new Field("X-Forwarded-Proto", proto));
        if (!host.isEmpty()) {
            kept.add(new Field("X-Forwarded-Host", host));
        }
        kept.add(new Field("Forwarded", forwarded + element(client, proto, request.host())));
        kept.add(new Field("Via", request.version().substring("HTTP/".length()) + " " + PSEUDONYM));
        return kept;
    }

    /** One element of Forwarded (RFC 7239 section 4); what is no token is quoted. */
    private static String element(String client, String proto, String host) {
        String node = client.indexOf(':') >= 0 ? "\"[" + client + "]\"" : client;
        String quoted = host.replace("\\", "\\\\").replace("\"", "\\\"");
        return "for=" + node + (host.isEmpty() ? "" : ";host=\"" + quoted + "\"") + ";proto=" + proto;
    }

    private static String client(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return "unknown"; // a Unix domain socket has nobody's name on it
        }
        String text = inet.getAddress().getHostAddress();
        int scope = text.indexOf('%');
        return inet.getAddress() instanceof Inet6Address && scope >= 0 ? text.substring(0, scope) : text;
    }

    /** Whether it has passed us too often. */
    static boolean goesInCircles(Request request) {
        int passes = 0;
        for (String value : request.headers("Via")) {
            for (int at = value.indexOf(PSEUDONYM); at >= 0; at = value.indexOf(PSEUDONYM, at + 1)) {
                passes++;
            }
        }
        return passes >= PASSES_MAX;
    }

    /** The fields of an answer as it is sent on. */
    static List<Field> ofAnswer(ClientResponse answer) {
        Set<String> listed = listed(answer.headers("Connection"));
        List<Field> kept = new ArrayList<>();
        for (Field field : answer.fields()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            if (!NOT_FORWARDED.contains(name) && !SERVERS_OWN.contains(name) && !listed.contains(name)) {
                kept.add(field);
            }
        }
        return kept;
    }

    /** Trailers as they are sent on: the codec lets none through that would frame or route. */
    static List<Field> trailers(List<Field> trailers) {
        return List.copyOf(trailers);
    }

    /** What Connection names, which concerns this connection only. */
    private static Set<String> listed(List<String> connection) {
        if (connection.isEmpty()) {
            return Set.of();
        }
        String joined = String.join(",", connection).toLowerCase(Locale.ROOT);
        if (joined.equals("keep-alive") || joined.equals("close")) {
            return Set.of(); // by far the most, and neither is forwarded anyway
        }
        Set<String> names = new HashSet<>();
        for (String name : joined.split(",")) {
            names.add(name.strip());
        }
        return names;
    }

    /** Whether a list field has that member. */
    static boolean hasMember(List<String> values, String member) {
        for (String value : values) {
            for (String each : value.split(",")) {
                if (each.strip().equalsIgnoreCase(member)) {
                    return true;
                }
            }
        }
        return false;
    }
}
