package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.http.Response;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Answers that consist of little more than a status: redirects, and the short page that goes with an error. */
final class Redirects {

    private static final MediaType HTML = MediaType.of("text/html");

    private static final String HEX = "0123456789ABCDEF";

    private static final Map<Integer, String> REASONS = Map.ofEntries(
            Map.entry(301, "Moved Permanently"),
            Map.entry(302, "Found"),
            Map.entry(303, "See Other"),
            Map.entry(307, "Temporary Redirect"),
            Map.entry(308, "Permanent Redirect"),
            Map.entry(400, "Bad Request"),
            Map.entry(401, "Authorization Required"),
            Map.entry(402, "Payment Required"),
            Map.entry(403, "Forbidden"),
            Map.entry(404, "Not Found"),
            Map.entry(405, "Not Allowed"),
            Map.entry(406, "Not Acceptable"),
            Map.entry(409, "Conflict"),
            Map.entry(410, "Gone"),
            Map.entry(411, "Length Required"),
            Map.entry(412, "Precondition Failed"),
            Map.entry(413, "Request Entity Too Large"),
            Map.entry(414, "Request-URI Too Large"),
            Map.entry(415, "Unsupported Media Type"),
            Map.entry(416, "Requested Range Not Satisfiable"),
            Map.entry(421, "Misdirected Request"),
            Map.entry(429, "Too Many Requests"),
            Map.entry(500, "Internal Server Error"),
            Map.entry(501, "Not Implemented"),
            Map.entry(502, "Bad Gateway"),
            Map.entry(503, "Service Unavailable"),
            Map.entry(504, "Gateway Time-out"),
            Map.entry(507, "Insufficient Storage"),
            Map.entry(508, "Loop Detected"));

    private Redirects() {}

    /** Whether a status says where to go. */
    static boolean isOne(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    static Response to(int status, String location) {
        return page(status).withHeader("Location", sendable(location));
    }

    /** A page that says no more than the status. */
    static Response page(int status) {
        String title = status + " " + REASONS.getOrDefault(status, status >= 500 ? "Error" : "Refused");
        String page = "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title
                + "</h1></center>\r\n<hr><center>pumasi</center>\r\n</body>\r\n</html>\r\n";
        return Response.bytes(HTML, page.getBytes(StandardCharsets.US_ASCII)).withStatus(status);
    }

    /** A decoded path as a URI has it; a second slash at its beginning would be read as a host. */
    static String escaped(String path) {
        StringBuilder made = null;
        byte[] octets = path.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < octets.length; i++) {
            byte octet = octets[i];
            boolean plain = octet > ' ' && octet < 0x7f && "\"<>\\^`{|}".indexOf(octet) < 0;
            if (!plain && made == null) {
                made = new StringBuilder(octets.length + 16);
                for (int j = 0; j < i; j++) {
                    made.append((char) octets[j]);
                }
            }
            if (made != null) {
                if (plain) {
                    made.append((char) octet);
                } else {
                    made.append('%').append(HEX.charAt(octet >> 4 & 15)).append(HEX.charAt(octet & 15));
                }
            }
        }
        return made == null ? path : made.toString();
    }

    /** As {@link #escaped}, for a path of which nothing is a mark: a question mark and a percent sign are escaped as well. */
    static String escapedPath(String path) {
        String made = escaped(path.indexOf('%') < 0 ? path : path.replace("%", "%25"));
        return made.replace("?", "%3F").replace("#", "%23");
    }

    /** What a template has made may hold what a client has sent: nothing of it ends the line. */
    private static String sendable(String location) {
        return escaped(location).strip();
    }
}
