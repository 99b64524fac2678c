package dev.pumasi.web;

import dev.pumasi.http.Field;
import dev.pumasi.http.Request;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A request as CGI's variables (RFC 3875 section 4.1): exactly those, and the request's fields as {@code HTTP_…}.
 *
 * <p><b>Which fields are not handed on.</b> Those that have a variable of their own; Authorization and Proxy-Authorization, which
 * are secrets between the client and this server (section 4.1.18); those that are about the connection; and <b>Proxy</b>, because
 * {@code HTTP_PROXY} means something else to half of the world's programs ("httpoxy"). A name with an underscore is left out as
 * well: it would be mistaken for the one with a hyphen, which somebody in front of us may have vouched for.
 */
final class CgiVariables {

    private static final Set<String> WITHHELD = Set.of(
            "authorization",
            "connection",
            "content-length",
            "content-type",
            "expect",
            "keep-alive",
            "proxy",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final int PORT_OF_HTTP = 80;

    private CgiVariables() {}

    /**
     * @param bodyBytes the length of the body; 0 if there is none, −1 if nobody knows it
     * @param software the server's name
     * @param user who has shown to be who, if anybody has; else empty
     */
    static Map<String, String> of(Request request, CgiTarget target, long bodyBytes, String software, String user) {
        Map<String, String> variables = new TreeMap<>();
        fields(request, variables);
        variables.put("GATEWAY_INTERFACE", "CGI/1.1");
        variables.put("REQUEST_METHOD", request.method());
        variables.put("SCRIPT_NAME", target.scriptName());
        variables.put("QUERY_STRING", request.query());
        variables.put("SERVER_PROTOCOL", request.version());
        variables.put("SERVER_SOFTWARE", software);
        server(request, variables);
        String address = address(request.remoteAddress());
        variables.put("REMOTE_ADDR", address);
        variables.put("REMOTE_HOST", address); // section 4.1.9: names are not looked up
        if (!target.pathInfo().isEmpty()) {
            variables.put("PATH_INFO", target.pathInfo());
            variables.put("PATH_TRANSLATED", target.pathTranslated());
        }
        if (bodyBytes > 0) {
            variables.put("CONTENT_LENGTH", Long.toString(bodyBytes));
        }
        request.header("Content-Type").ifPresent(type -> variables.put("CONTENT_TYPE", text(type)));
        if (!user.isEmpty()) {
            variables.put("AUTH_TYPE", "Basic");
            variables.put("REMOTE_USER", user);
        }
        return variables;
    }

    /** The request's fields as {@code HTTP_…}. */
    static void fields(Request request, Map<String, String> variables) {
        for (Field field : request.fields()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            if (name.indexOf('_') >= 0 || WITHHELD.contains(name)) {
                continue;
            }
            String separator = name.equals("cookie") ? "; " : ", ";
            variables.merge(
                    "HTTP_" + name.toUpperCase(Locale.ROOT).replace('-', '_'),
                    text(field.value()),
                    (before, more) -> before + separator + more);
        }
    }

    /** Section 4.1.14 and 4.1.15; whom the client wants to talk to has been checked by the codec. */
    private static void server(Request request, Map<String, String> variables) {
        String host = request.host();
        int colon = host.endsWith("]") ? -1 : host.lastIndexOf(':');
        String name = colon < 0 ? host : host.substring(0, colon);
        String port = colon < 0 ? "" : host.substring(colon + 1);
        variables.put("SERVER_NAME", name.isEmpty() ? "localhost" : name.toLowerCase(Locale.ROOT));
        variables.put("SERVER_PORT", port.isEmpty() ? Integer.toString(PORT_OF_HTTP) : port);
    }

    static String address(SocketAddress peer) {
        return peer instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getHostAddress()
                : "127.0.0.1"; // a Unix domain socket: somebody on this machine
    }

    /** A field's bytes as text, where they are UTF-8, so that a process is handed the same bytes. */
    static String text(String value) {
        boolean ascii = value.chars().allMatch(c -> c < 0x80);
        if (ascii) {
            return value;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
        } catch (CharacterCodingException otherEncoding) {
            return value;
        }
    }
}
