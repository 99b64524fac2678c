package dev.pumasi.web;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What holds in a location, its own or inherited.
 *
 * @param types what files are
 * @param errorPages what is answered instead of a page of our own, by status
 * @param bodyBytesMax the largest body of a request; 0 for any that the server takes
 * @param headers fields that are added to answers
 * @param expires how long answers may be kept
 * @param compression what is compressed
 * @param access who may ask
 * @param exceptions what holds for other methods only; empty for nothing
 * @param closes whether each answer ends its connection
 * @param logs where answers are written down
 * @param interceptsErrors whether {@code error_page} holds for answers of other servers
 * @param charset what answers are said to be written in
 */
record Holds(
        TypeTable types,
        Map<Integer, ErrorPage> errorPages,
        long bodyBytesMax,
        List<Added> headers,
        Expires expires,
        Compression compression,
        Access access,
        Optional<Exceptions> exceptions,
        boolean closes,
        List<Logging> logs,
        boolean interceptsErrors,
        Charset charset) {

    /**
     * {@code error_page}
     *
     * @param target a path, a URI, or the name of a location
     * @param status what to answer: −1 for the one there is, 0 for that of the page
     */
    record ErrorPage(Template target, int status) {}

    /**
     * {@code add_header}
     *
     * @param always whether also when something went wrong
     */
    record Added(String name, Template value, boolean always) {}

    /** {@code limit_except}: what holds for all methods but these. */
    record Exceptions(Set<String> methods, Access access) {}

    /** Statuses whose answers get fields, if these are not for all. */
    static boolean isDecorated(int status) {
        return switch (status) {
            case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308 -> true;
            default -> false;
        };
    }
}
