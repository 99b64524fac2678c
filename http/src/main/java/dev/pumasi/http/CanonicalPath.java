package dev.pumasi.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Paths brought into one form, so that what names the same resource compares equal and nothing climbs out of the root
 * (RFC 3986 section 6.2.2): percent-encodings of unreserved characters are decoded, the others have capital digits, and
 * dot segments are removed, where {@code ..} above the root stays at the root. An encoded slash stays encoded: it is part
 * of a segment and separates none. Empty segments stay, too.
 */
final class CanonicalPath {

    private static final byte[] DIGITS = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);

    private CanonicalPath() {}

    /** Works in place on an absolute path whose percent-encodings are well-formed; answers the new length, at least 1. */
    static int canonicalise(byte[] path, int length) {
        return removeDotSegments(path, decodeUnreserved(path, length));
    }

    /** A pattern's or a file's name as the canonical form has it. */
    static byte[] encode(String path) {
        byte[] utf8 = path.getBytes(StandardCharsets.UTF_8);
        byte[] encoded = new byte[3 * utf8.length];
        int to = 0;
        for (byte octet : utf8) {
            if (octet == '.' || octet == '%' || octet > 0 && Octets.is(Octets.PATH, octet)) {
                encoded[to++] = octet;
            } else {
                encoded[to++] = '%';
                encoded[to++] = DIGITS[octet >> 4 & 15];
                encoded[to++] = DIGITS[octet & 15];
            }
        }
        return Arrays.copyOf(encoded, decodeUnreserved(encoded, to));
    }

    /** The text of a whole canonical path: decoded, and without dot segments even where an encoded slash made one. */
    static String text(byte[] path, int length) {
        int percent = indexOf(path, 0, length, '%');
        if (percent < 0) {
            return new String(path, 0, length, StandardCharsets.ISO_8859_1);
        }
        byte[] decoded = new byte[length];
        int decodedLength = decode(path, 0, length, decoded, false);
        return new String(decoded, 0, removeDotSegments(decoded, decodedLength), StandardCharsets.UTF_8);
    }

    /** The text of a part of a path, decoded as UTF-8; what is not UTF-8 becomes U+FFFD. */
    static String segmentText(byte[] path, int from, int length) {
        if (indexOf(path, from, length, '%') < 0) {
            return new String(path, from, length, StandardCharsets.ISO_8859_1);
        }
        byte[] decoded = new byte[length];
        return new String(decoded, 0, decode(path, from, length, decoded, false), StandardCharsets.UTF_8);
    }

    /** The text of a part of a query, where a plus sign is a space. */
    static String queryText(byte[] query, int from, int length) {
        byte[] decoded = new byte[length];
        return new String(decoded, 0, decode(query, from, length, decoded, true), StandardCharsets.UTF_8);
    }

    private static int decode(byte[] in, int from, int length, byte[] out, boolean plusIsSpace) {
        int to = 0;
        for (int i = from; i < from + length; i++) {
            byte octet = in[i];
            if (octet == '%') {
                octet = (byte) (Octets.hex(in[i + 1]) << 4 | Octets.hex(in[i + 2]));
                i += 2;
            } else if (octet == '+' && plusIsSpace) {
                octet = ' ';
            }
            out[to++] = octet;
        }
        return to;
    }

    private static int decodeUnreserved(byte[] path, int length) {
        int to = 0;
        for (int from = 0; from < length; from++) {
            byte octet = path[from];
            if (octet != '%' || length - from < 3) {
                path[to++] = octet;
                continue;
            }
            byte decoded = (byte) (Octets.hex(path[from + 1]) << 4 | Octets.hex(path[from + 2]));
            from += 2;
            if (Octets.is(Octets.UNRESERVED, decoded)) {
                path[to++] = decoded;
            } else {
                path[to] = '%';
                path[to + 1] = DIGITS[decoded >> 4 & 15];
                path[to + 2] = DIGITS[decoded & 15];
                to += 3;
            }
        }
        return to;
    }

    /** RFC 3986 section 5.2.4, in place. */
    private static int removeDotSegments(byte[] path, int length) {
        int to = 0;
        int from = 0;
        while (from < length) {
            // path[from] is a slash; the segment reaches up to the next one.
            int end = from + 1;
            while (end < length && path[end] != '/') {
                end++;
            }
            int segment = end - from - 1;
            boolean dot = segment == 1 && path[from + 1] == '.';
            boolean dots = segment == 2 && path[from + 1] == '.' && path[from + 2] == '.';
            if (dot || dots) {
                if (dots && to > 0) {
                    do {
                        to--;
                    } while (to > 0 && path[to] != '/');
                }
                if (end == length) {
                    path[to++] = '/';
                }
            } else {
                System.arraycopy(path, from, path, to, end - from);
                to += end - from;
            }
            from = end;
        }
        return to;
    }

    private static int indexOf(byte[] bytes, int from, int length, char wanted) {
        for (int i = from; i < from + length; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }
}
