package dev.pumasi.http;

/** How the end of a response's body is found (RFC 9112 section 6.3). */
enum BodyFraming {
    /** Nothing follows the head, whatever its Content-Length says: HEAD, 204, 304. */
    NONE,
    /** As many bytes as the Content-Length says, possibly none. */
    LENGTH,
    /** Chunks, the last of which has no bytes (RFC 9112 section 7.1). */
    CHUNKED,
    /** Everything up to the end of the connection, which is all that HTTP/1.0 has. */
    UNTIL_CLOSE;

    static BodyFraming of(Response response, boolean toHead, boolean http10) {
        if (toHead || Status.isBodiless(response.status())) {
            return NONE;
        }
        if (response.lengthBytes() >= 0) {
            return LENGTH;
        }
        return http10 ? UNTIL_CLOSE : CHUNKED;
    }
}
