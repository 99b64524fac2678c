package dev.pumasi.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Status lines, encoded once, and what a status says about a body (RFC 9110 section 15). */
final class Status {

    private static final byte[] @Nullable [] LINES = new byte[600][];

    static {
        String known = """
                200 OK|201 Created|202 Accepted|203 Non-Authoritative Information|204 No Content|205 Reset Content
                206 Partial Content|300 Multiple Choices|301 Moved Permanently|302 Found|303 See Other|304 Not Modified
                307 Temporary Redirect|308 Permanent Redirect|400 Bad Request|401 Unauthorized|402 Payment Required
                403 Forbidden|404 Not Found|405 Method Not Allowed|406 Not Acceptable|407 Proxy Authentication Required
                408 Request Timeout|409 Conflict|410 Gone|411 Length Required|412 Precondition Failed
                413 Content Too Large|414 URI Too Long|415 Unsupported Media Type|416 Range Not Satisfiable
                417 Expectation Failed|421 Misdirected Request|422 Unprocessable Content|423 Locked|424 Failed Dependency
                425 Too Early|426 Upgrade Required|428 Precondition Required|429 Too Many Requests
                431 Request Header Fields Too Large|451 Unavailable For Legal Reasons|500 Internal Server Error
                501 Not Implemented|502 Bad Gateway|503 Service Unavailable|504 Gateway Timeout
                505 HTTP Version Not Supported|507 Insufficient Storage|508 Loop Detected
                511 Network Authentication Required
                """;
        for (String status : known.split("[|\n]")) {
            LINES[Integer.parseInt(status.substring(0, 3))] = encode(status);
        }
    }

    private Status() {}

    private static byte[] encode(String status) {
        return ("HTTP/1.1 " + status + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** Interim statuses are the server's own and 101 leaves HTTP, so a response has neither. */
    static int check(int status) {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("status " + status + " is not between 200 and 599");
        }
        return status;
    }

    /** The status line with its line end; a status without a known reason has an empty one. */
    static byte[] line(int status) {
        byte[] line = LINES[status];
        return line != null ? line : encode(status + " ");
    }

    /** {@code Not Found}; empty for a status that is not known. */
    static String reason(int status) {
        byte[] line = line(status);
        return new String(line, 13, line.length - 15, StandardCharsets.US_ASCII);
    }

    /** Whether a response of that status never has a body (RFC 9112 section 6.3). */
    static boolean isBodiless(int status) {
        return status == 204 || status == 304;
    }
}
