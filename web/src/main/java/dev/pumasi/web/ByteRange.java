package dev.pumasi.web;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A part of a file that a client wants (RFC 9110 section 14).
 *
 * @param from the first byte
 * @param length how many, at least one
 */
record ByteRange(long from, long length) {

    /** A request for more ranges than these is an attack, or would be better served with the whole (section 14.2). */
    static final int RANGES_MAX = 16;

    private static final String UNIT = "bytes=";

    private static final long ABSENT = -1;
    private static final long MALFORMED = -2;

    /** For Content-Range. */
    String of(long size) {
        return "bytes " + from + '-' + (from + length - 1) + '/' + size;
    }

    /**
     * The ranges of a Range field that lie within {@code size} bytes, in its order; none if none does, which is to be
     * answered with 416. Empty if the field is to be ignored: another unit, malformed, too many ranges, or so much that the
     * whole is less.
     */
    static Optional<List<ByteRange>> parse(String field, long size) {
        if (!field.regionMatches(true, 0, UNIT, 0, UNIT.length()) || size == 0) {
            return Optional.empty();
        }
        List<ByteRange> ranges = new ArrayList<>();
        int count = 0;
        long total = 0;
        for (String text : field.substring(UNIT.length()).split(",", -1)) {
            String spec = text.strip();
            if (spec.isEmpty()) {
                continue; // a list may have empty elements: section 5.6.1.2
            }
            int dash = spec.indexOf('-');
            if (dash < 0 || spec.length() == 1 || ++count > RANGES_MAX) {
                return Optional.empty();
            }
            long first = number(spec, 0, dash);
            long last = number(spec, dash + 1, spec.length());
            if (first == MALFORMED || last == MALFORMED || first >= 0 && last >= 0 && last < first) {
                return Optional.empty();
            }
            long from = first == ABSENT ? Math.max(0, size - last) : first;
            long end =
                    first == ABSENT || last == ABSENT ? size : Math.min(size, last == Long.MAX_VALUE ? size : last + 1);
            if (from < end) {
                ranges.add(new ByteRange(from, end - from));
                total += end - from;
            }
        }
        if (count == 0 || ranges.size() > 1 && total >= size) {
            return Optional.empty();
        }
        return Optional.of(ranges);
    }

    /** One that is too large for us is larger than any file. */
    private static long number(String text, int from, int to) {
        if (from == to) {
            return ABSENT;
        }
        long number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return MALFORMED;
            }
            number = number > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : 10 * number + digit;
        }
        return number;
    }
}
