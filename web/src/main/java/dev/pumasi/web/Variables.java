package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a configuration can name of a request, and what it has named itself with {@code set}, {@code map} or a group of an expression. Each
 * name is looked up once, when the file is read.
 */
final class Variables {

    private static final Map<String, Variable> BUILT_IN = builtIn();

    /** Names by which parts of a request go that have any end. */
    private static final String ARGUMENT = "arg_";

    private static final String FIELD = "http_";
    private static final String COOKIE = "cookie_";

    private final Map<String, Integer> own = new HashMap<>();
    private final Map<String, Variable> maps = new HashMap<>();

    /** The place of a variable that the configuration sets; made when it is first named. */
    int own(String name) {
        return own.computeIfAbsent(name, _ -> own.size());
    }

    /** How many there are. */
    int count() {
        return own.size();
    }

    /** A variable that is made of others. Returns whether the name was free. */
    boolean map(String name, Variable made) {
        return !own.containsKey(name) && maps.putIfAbsent(name, made) == null;
    }

    /** Whether the configuration sets or makes it: then an empty one is not for lack of a value. */
    boolean isOwn(String name) {
        return own.containsKey(name) || maps.containsKey(name);
    }

    static boolean isBuiltIn(String name) {
        return BUILT_IN.containsKey(name)
                || name.equals("hostname")
                || name.startsWith(ARGUMENT)
                || name.startsWith(FIELD)
                || name.startsWith(COOKIE);
    }

    /** @throws IllegalArgumentException if there is none of that name */
    Variable find(String name) {
        if (name.length() == 1 && Character.isDigit(name.charAt(0))) {
            int index = name.charAt(0) - '0';
            return visit -> visit.capture(index);
        }
        if (name.equals("hostname")) {
            String machine = hostname(); // which may have to be asked for: never on a loop
            return _ -> machine;
        }
        Integer index = own.get(name);
        if (index != null) {
            int place = index;
            return visit -> visit.own(place);
        }
        Variable known = maps.getOrDefault(name, BUILT_IN.get(name));
        if (known != null) {
            return known;
        }
        if (name.startsWith(ARGUMENT) && name.length() > ARGUMENT.length()) {
            String wanted = name.substring(ARGUMENT.length());
            return visit -> argument(visit.args(), wanted);
        }
        if (name.startsWith(FIELD) && name.length() > FIELD.length()) {
            String wanted = name.substring(FIELD.length()).replace('_', '-');
            return visit -> visit.request().header(wanted, "");
        }
        if (name.startsWith(COOKIE) && name.length() > COOKIE.length()) {
            String wanted = name.substring(COOKIE.length());
            return visit -> cookie(visit.request(), wanted);
        }
        throw new IllegalArgumentException("there is no variable $" + name + near(name));
    }

    private String near(String name) {
        TreeSet<String> all = new TreeSet<>(BUILT_IN.keySet());
        all.addAll(own.keySet());
        all.addAll(maps.keySet());
        int distance = 3;
        String best = "";
        for (String each : all) {
            int away = Directives.distance(name, each, distance);
            if (away < distance) {
                distance = away;
                best = each;
            }
        }
        return best.isEmpty() ? "" : "; did you mean $" + best + "?";
    }

    private static String argument(String query, String wanted) {
        int from = 0;
        while (from < query.length()) {
            int end = query.indexOf('&', from);
            int to = end < 0 ? query.length() : end;
            int equals = from + wanted.length();
            if (equals < to
                    && query.charAt(equals) == '='
                    && query.regionMatches(true, from, wanted, 0, wanted.length())) {
                return query.substring(equals + 1, to);
            }
            from = to + 1;
        }
        return "";
    }

    private static String cookie(Request request, String wanted) {
        for (String line : request.headers("Cookie")) {
            for (String pair : line.split(";")) {
                int equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).strip().equals(wanted)) {
                    return pair.substring(equals + 1).strip();
                }
            }
        }
        return "";
    }

    private static Map<String, Variable> builtIn() {
        Map<String, Variable> all = new TreeMap<>();
        all.put("uri", Visit::uri);
        all.put("document_uri", Visit::uri);
        all.put("request_uri", visit -> visit.request().target());
        all.put("args", Visit::args);
        all.put("query_string", Visit::args);
        all.put("is_args", visit -> visit.args().isEmpty() ? "" : "?");
        all.put("host", Visit::host);
        all.put("http_host", visit -> visit.request().header("Host", ""));
        all.put("server_name", visit -> visit.server().name());
        all.put("server_addr", visit -> address(visit.request().localAddress()));
        all.put("server_port", visit -> port(visit.request().localAddress()));
        all.put("server_protocol", visit -> visit.request().version());
        all.put("scheme", _ -> "http");
        all.put("https", _ -> "");
        all.put("pid", _ -> Long.toString(ProcessHandle.current().pid()));
        all.put("request_method", Visit::method);
        all.put(
                "request",
                visit -> visit.request().method() + " " + visit.request().target() + " "
                        + visit.request().version());
        all.put("remote_addr", visit -> address(visit.request().remoteAddress()));
        all.put("remote_port", visit -> port(visit.request().remoteAddress()));
        all.put("remote_user", Visit::user);
        all.put("content_length", visit -> visit.request().header("Content-Length", ""));
        all.put("content_type", visit -> visit.request().header("Content-Type", ""));
        all.put("document_root", visit -> visit.location().files().whole().of(visit));
        all.put("request_filename", visit -> visit.location().fileName(visit));
        all.put("fastcgi_script_name", FastCgiContent::scriptName);
        all.put("fastcgi_path_info", FastCgiContent::pathInfo);
        all.put("nginx_version", _ -> "pumasi"); // for SERVER_SOFTWARE, where programs look for the word before it
        all.put("proxy_add_x_forwarded_for", Variables::forwardedFor);
        all.put("proxy_host", visit -> visit.proxied().host());
        all.put("proxy_port", visit -> visit.proxied().port());
        all.put(
                "upstream_addr",
                visit -> visit.asked().map(AskedServers::servers).orElse(""));
        all.put(
                "upstream_status",
                visit -> visit.asked().map(AskedServers::statuses).orElse(""));
        all.put(
                "upstream_response_time",
                visit -> visit.asked().map(AskedServers::times).orElse(""));
        all.put("connection", visit -> Long.toString(visit.request().connectionNumber()));
        all.put("connection_requests", visit -> Integer.toString(visit.request().numberOnConnection()));
        all.put("request_length", Variables::requestLength);
        all.put("realpath_root", visit -> visit.location().files().realRoot(visit));
        all.put("status", visit -> Integer.toString(visit.status()));
        all.put(
                "time_iso8601",
                _ -> AccessFormat.Second.at(System.currentTimeMillis()).iso());
        all.put(
                "time_local",
                _ -> AccessFormat.Second.at(System.currentTimeMillis()).local());
        all.put("request_id", Visit::id);
        all.put("msec", _ -> milliseconds(System.currentTimeMillis()));
        all.put("request_time", visit -> milliseconds(visit.ageNanos() / 1_000_000));
        return Map.copyOf(all);
    }

    /** Seconds with three places. Not by a formatter: the JDK's has locks, which green threads of two loops would wait for. */
    static String milliseconds(long millis) {
        long rest = millis % 1000;
        return millis / 1000 + (rest < 10 ? ".00" : rest < 100 ? ".0" : ".") + rest;
    }

    /** A body in chunks says no length. */
    private static String requestLength(Visit visit) {
        Request request = visit.request();
        return Long.toString(request.headBytes() + Math.max(0, request.contentLength()));
    }

    private static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }

    static String address(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return "unix:";
        }
        String text = inet.getAddress().getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }

    private static String port(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? Integer.toString(inet.getPort()) : "";
    }

    private static String forwardedFor(Visit visit) {
        String before = String.join(", ", visit.request().headers("X-Forwarded-For"));
        String client = address(visit.request().remoteAddress());
        return before.isEmpty() ? client : before + ", " + client;
    }
}
