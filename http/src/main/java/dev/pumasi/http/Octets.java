package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;

/**
 * What a single byte may be in HTTP, as tables, and eight of them at a time as words. The tables are constants of a
 * known length, so that the compiled look-up is one load without a check.
 */
final class Octets {

    /** A character of a token: methods, field names (RFC 9110 section 5.6.2). */
    static final int TOKEN = 1;

    /** Stands in a path as it is: all but {@code %}, {@code .} and {@code ?}, which mean something to whoever scans. */
    static final int PATH = 2;

    /** Stands in a query as it is: all but {@code %}. */
    static final int QUERY = 4;

    /** Stands in a host name as it is: unreserved and sub-delims (RFC 3986 section 3.2.2), without {@code %}. */
    static final int HOST = 8;

    /** Stands in a field value: visible, obs-text, space and tab (RFC 9110 section 5.5). */
    static final int VALUE = 16;

    /** Never needs percent-encoding (RFC 3986 section 2.3). */
    static final int UNRESERVED = 32;

    private static final byte[] KINDS = new byte[256];
    private static final byte[] HEX = new byte[256];
    private static final byte[] LOWER = new byte[256];

    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;

    static {
        String letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        String digits = "0123456789";
        mark(TOKEN, letters + digits + "!#$%&'*+-.^_`|~");
        mark(UNRESERVED, letters + digits + "-._~");
        mark(HOST, letters + digits + "-._~" + "!$&'()*+,;=");
        // Browsers leave more bytes unencoded than RFC 3986 allows (URL Standard, "percent-encode sets"). What they
        // send
        // has to be accepted; a quotation mark, angle brackets and a fragment are sent by none of them.
        mark(PATH, letters + digits + "-_~!$&'()*+,;=:@/[]|");
        mark(QUERY, letters + digits + "-._~!$&'()*+,;=:@/?[]|\\^`{}");
        for (int b = 0; b < 256; b++) {
            if (b == '\t' || b >= 0x20 && b != 0x7f) {
                KINDS[b] |= VALUE;
            }
            LOWER[b] = (byte) (b >= 'A' && b <= 'Z' ? b | 0x20 : b);
            HEX[b] = (byte) (b < 128 ? Character.digit(b, 16) : -1);
        }
    }

    private Octets() {}

    private static void mark(int kind, String members) {
        for (int i = 0; i < members.length(); i++) {
            KINDS[members.charAt(i)] |= (byte) kind;
        }
    }

    static boolean is(int kind, byte octet) {
        return (KINDS[octet & 0xff] & kind) != 0;
    }

    /** The value of a hexadecimal digit, or -1. */
    static int hex(byte octet) {
        return HEX[octet & 0xff];
    }

    static byte lower(byte octet) {
        return LOWER[octet & 0xff];
    }

    /**
     * Marks the control characters in eight bytes: the lowest set bit of the result belongs to the first byte that is
     * below 0x20 or is 0x7f. Bits above it may be wrong (a borrow runs upwards), so only the lowest may be used.
     */
    static long controls(long word) {
        long delete = word ^ 0x7f * ONES;
        return ((word - 0x20 * ONES) & ~word | (delete - ONES) & ~delete) & HIGHS;
    }

    /** As {@link #controls}, for line feeds. */
    static long lineFeeds(long word) {
        long feed = word ^ '\n' * ONES;
        return (feed - ONES) & ~feed & HIGHS;
    }

    /** Where the byte marked by the lowest set bit is, counted from the first. */
    static int first(long marks) {
        return Long.numberOfTrailingZeros(marks) >>> 3;
    }

    /** The index of the first line feed in {@code [from, to)}, or -1. */
    static int indexOfLineFeed(Buffer in, int from, int to) {
        int at = from;
        for (; to - at >= 8; at += 8) {
            long marks = lineFeeds(in.getLong(at));
            if (marks != 0) {
                return at + first(marks);
            }
        }
        for (; at < to; at++) {
            if (in.get(at) == '\n') {
                return at;
            }
        }
        return -1;
    }

    /** Whether {@code name.length()} bytes from {@code at} on are {@code name}, in whatever case. */
    static boolean equalsIgnoreCase(Buffer in, int at, String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c > 0x7f || lower((byte) c) != lower(in.get(at + i))) {
                return false;
            }
        }
        return true;
    }

    /** As {@link #equalsIgnoreCase(Buffer, int, String)}. */
    static boolean equalsIgnoreCase(byte[] in, int at, String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c > 0x7f || lower((byte) c) != lower(in[at + i])) {
                return false;
            }
        }
        return true;
    }

    /** Whether these characters, one byte each, all are of {@code kind}, and there is at least one. */
    static boolean all(int kind, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 0xff || !is(kind, (byte) c)) {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
