package dev.pumasi.http;

/**
 * Every way in which the other end can break the protocol or a limit: what it is, where that is written, and the status a
 * client is answered with that has done it. A violation is a value: to detect, count and answer one costs no allocation, so that a client that
 * sends nothing else gains nothing by it. After each of them the connection is closed, because it is no longer certain
 * where the next message begins. Servers break the same rules in their answers, and a few more; whoever has asked them on
 * behalf of a client answers that client with 502.
 *
 * <p>Sections are of RFC 9112 (HTTP/1.1), RFC 9110 (HTTP semantics), RFC 6585 (status 431) and RFC 3986 (URIs).
 */
public enum Violation {
    // Lines
    BARE_CR("9112 2.2", 400, "a carriage return without a line feed"),
    BARE_LF("9112 2.2", 400, "a line feed without a carriage return"),
    EMPTY_LINES("9112 2.2", 400, "too many empty lines before the request line"),

    // The request line
    REQUEST_LINE_MALFORMED("9112 3", 400, "the request line is not: method, one space, target, one space, version"),
    METHOD_MALFORMED("9112 3.1", 400, "the method is not a token"),
    METHOD_TOO_LONG("9112 3", 501, "the method is longer than any that there is"),
    METHOD_CONNECT("9110 9.3.6", 501, "CONNECT asks for a tunnel, and this is not a proxy"),
    TARGET_MALFORMED("9112 3.2", 400, "the request target has a byte that no URI has"),
    TARGET_PERCENT(
            "3986 2.1",
            400,
            "a percent sign in the target without two hexadecimal digits, or an encoded NUL in the path"),
    TARGET_FORM("9112 3.2", 400, "the request target is of none of the forms that go with the method"),
    TARGET_TOO_LONG("9110 15.5.15", 414, "the request line is longer than the limit"),
    VERSION_MALFORMED("9112 2.3", 400, "the protocol version is not of the form HTTP/1.1"),
    VERSION_UNSUPPORTED("9110 15.6.6", 505, "a major version other than 1"),

    // Field lines
    FIELD_NAME_MALFORMED("9110 5.1", 400, "a field name is not a token, or a field line has no colon"),
    FIELD_NAME_SPACE("9112 5.1", 400, "whitespace between a field name and its colon"),
    FIELD_VALUE_CONTROL("9110 5.5", 400, "a control character in a field value"),
    OBS_FOLD("9112 5.2", 400, "a field value that goes on in the next line"),
    SPACE_BEFORE_FIELDS("9112 2.2", 400, "whitespace between the request line and the first field"),
    FIELD_TOO_LONG("6585 5", 431, "a field line is longer than the limit"),
    FIELDS_TOO_MANY("6585 5", 431, "more fields than the limit"),
    HEAD_TOO_LARGE("6585 5", 431, "the request line and fields together are larger than the limit"),

    // Host
    HOST_MISSING("9112 3.2", 400, "HTTP/1.1 without a Host field"),
    HOST_REPEATED("9112 3.2", 400, "more than one Host field"),
    HOST_MALFORMED("9112 3.2", 400, "the Host field is not a host with an optional port"),

    // Where the body ends
    CONTENT_LENGTH_MALFORMED("9112 6.3", 400, "the Content-Length is not a decimal number"),
    CONTENT_LENGTH_REPEATED("9112 6.3", 400, "more than one Content-Length"),
    CONTENT_LENGTH_OVERFLOW("9110 8.6", 413, "the Content-Length is larger than any body can be"),
    LENGTH_AND_TRANSFER_ENCODING("9112 6.1", 400, "both a Content-Length and a Transfer-Encoding"),
    TRANSFER_ENCODING_MALFORMED(
            "9112 6.3", 400, "the last transfer coding is not chunked, or chunked is not the only one of its kind"),
    TRANSFER_ENCODING_REPEATED("9112 6.1", 400, "more than one Transfer-Encoding field"),
    TRANSFER_ENCODING_UNKNOWN("9112 6.1", 501, "a transfer coding other than chunked"),
    TRANSFER_ENCODING_HTTP_1_0("9112 6.1", 400, "a Transfer-Encoding in HTTP/1.0, which has none"),
    EXPECTATION_UNKNOWN("9110 10.1.1", 417, "an expectation other than 100-continue"),

    // Bodies
    BODY_TOO_LARGE("9110 15.5.14", 413, "the body is larger than the limit"),
    CHUNK_SIZE_MALFORMED("9112 7.1", 400, "a chunk size is not a hexadecimal number"),
    CHUNK_SIZE_OVERFLOW("9112 7.1", 413, "a chunk size is larger than any body can be"),
    CHUNK_EXTENSION_MALFORMED("9112 7.1.1", 400, "a chunk extension is not: semicolon, name, equals sign, value"),
    CHUNK_LINE_TOO_LONG("9112 7.1.1", 400, "a chunk size with its extensions is longer than the limit"),
    CHUNK_EXTENSIONS_TOO_LARGE("9112 7.1.1", 400, "the chunk extensions of a body together are larger than the limit"),
    CHUNK_END_MISSING("9112 7.1", 400, "a chunk's data is not followed by a line end"),
    TRAILER_FORBIDDEN(
            "9110 6.5.1", 400, "a trailer field that would change framing, routing, authentication or content"),
    TRAILERS_TOO_MANY("6585 5", 431, "more trailer fields than the limit"),
    TRAILERS_TOO_LARGE("6585 5", 431, "the trailer section is larger than the limit"),

    // The answers of other servers, as a client reads them
    STATUS_LINE_MALFORMED("9112 4", 502, "the status line is not: version, one space, three digits, a reason or none"),
    STATUS_LINE_TOO_LONG("9112 4", 502, "the status line is longer than the limit"),
    STATUS_OUT_OF_RANGE("9110 15", 502, "a status that is not between 100 and 599"),
    INTERIM_TOO_MANY("9110 15.2", 502, "more interim answers to one request than the limit"),
    UPGRADE_UNASKED("9110 15.2.2", 502, "an upgrade that the request has not asked for"),
    BYTES_UNASKED("9112 6.3", 502, "bytes that belong to no answer"),

    // Time, and connections that end too early
    HEAD_TIMEOUT("9110 15.5.9", 408, "the request line and fields did not arrive in time"),
    BODY_TIMEOUT("9110 15.5.9", 408, "the body did not arrive in time"),
    HEAD_INCOMPLETE("9112 8", 400, "the connection ended within the request line or the fields"),
    BODY_INCOMPLETE("9112 8", 400, "the connection ended within the body");

    private final String section;
    private final int status;
    private final String text;
    private final Response response;

    Violation(String section, int status, String text) {
        this.section = section;
        this.status = status;
        this.text = text;
        response = Response.text(status + " " + Status.reason(status) + ": " + text + " (" + source() + ")\n")
                .withStatus(status)
                .withClose();
    }

    /** Where it is written: {@code "RFC 9112 section 2.2"}. */
    public String source() {
        int space = section.indexOf(' ');
        return "RFC " + section.substring(0, space) + " section " + section.substring(space + 1);
    }

    /** The status code of the answer. */
    public int status() {
        return status;
    }

    /** The whole answer, always the same object. */
    Response response() {
        return response;
    }

    /** What it is, in one line without a full stop. */
    public String text() {
        return text;
    }
}
