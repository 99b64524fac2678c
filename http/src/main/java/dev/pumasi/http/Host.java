package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;

/** {@code uri-host [":" port]} (RFC 9110 section 7.2, RFC 3986 section 3.2): a name, an IPv4 address or an [IPv6] one. */
final class Host {

    private Host() {}

    /** Whether these bytes are one. No bytes are: a client without an authority sends an empty Host (RFC 9112 3.2). */
    static boolean isValid(Buffer in, int at, int length) {
        int end = at + length;
        int p = at;
        if (p < end && in.get(p) == '[') {
            p = afterBracket(in, p + 1, end);
        } else {
            while (p < end) {
                byte octet = in.get(p);
                if (Octets.is(Octets.HOST, octet)) {
                    p++;
                } else if (octet == '%' && end - p >= 3 && isOctet(in, p + 1)) {
                    p += 3;
                } else {
                    break;
                }
            }
            if (p == at && length > 0) {
                return false;
            }
        }
        return p == end || p > at && in.get(p) == ':' && isPort(in, p + 1, end);
    }

    /** Two hexadecimal digits that stand for something other than NUL. */
    private static boolean isOctet(Buffer in, int at) {
        int digits = Octets.hex(in.get(at)) | Octets.hex(in.get(at + 1));
        return digits > 0;
    }

    /** The index after the closing bracket of an IP literal, or -1. */
    private static int afterBracket(Buffer in, int from, int end) {
        int colons = 0;
        int p = from;
        while (p < end && in.get(p) != ']') {
            byte octet = in.get(p);
            if (octet == ':') {
                colons++;
            } else if (octet != '.' && Octets.hex(octet) < 0) {
                return -1;
            }
            p++;
        }
        return p < end && colons >= 2 && colons <= 7 && p - from <= 45 ? p + 1 : -1;
    }

    /** Up to five digits; none at all are allowed (RFC 3986 section 3.2.3). */
    private static boolean isPort(Buffer in, int from, int end) {
        int port = 0;
        for (int p = from; p < end; p++) {
            int digit = in.get(p) - '0';
            if (digit < 0 || digit > 9 || p - from == 5) {
                return false;
            }
            port = 10 * port + digit;
        }
        return port <= 65_535;
    }
}
