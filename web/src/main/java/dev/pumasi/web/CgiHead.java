package dev.pumasi.web;

import dev.pumasi.http.Field;
import java.util.List;

/**
 * What a script says of its answer, before the body (RFC 3875 section 6).
 *
 * @param status what the client is told
 * @param fields those that are passed on: not those that are the server's, nor the script's word to the server
 * @param lengthBytes of the body as the script has announced it; −1 if it has not
 * @param localTarget a path, with a query or not, that is to be answered instead (section 6.2.2); else empty
 * @param isTyped whether it says what the body is
 */
record CgiHead(int status, List<Field> fields, long lengthBytes, String localTarget, boolean isTyped) {

    CgiHead {
        fields = List.copyOf(fields);
    }

    /** Whether an answer of this status has no body by definition (RFC 9110 sections 15.3.5 and 15.4.5). */
    boolean isBodiless() {
        return status == 204 || status == 304;
    }
}
