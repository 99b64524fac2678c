package dev.pumasi.http;

import java.nio.charset.StandardCharsets;

/**
 * The fields of a head that has been received, with the bytes they lie in: what remains of a response's head when its
 * connection has gone on. Text is made when it is asked for. Immutable.
 */
final class ReceivedFields {

    private final byte[] bytes;
    private final long[] lines;

    /** @param lines as {@link FieldIndex} has them */
    ReceivedFields(byte[] bytes, long[] lines) {
        this.bytes = bytes;
        this.lines = lines;
    }

    int count() {
        return lines.length;
    }

    /** The first line from {@code from} on with that name, in whatever case; or -1. */
    int find(String name, int from) {
        for (int line = from; line < lines.length; line++) {
            if (FieldIndex.nameBytes(lines[line]) == name.length()
                    && Octets.equalsIgnoreCase(bytes, FieldIndex.nameOffset(lines[line]), name)) {
                return line;
            }
        }
        return -1;
    }

    String name(int line) {
        return text(FieldIndex.nameOffset(lines[line]), FieldIndex.nameBytes(lines[line]));
    }

    String value(int line) {
        return text(FieldIndex.valueOffset(lines[line]), FieldIndex.valueBytes(lines[line]));
    }

    private String text(int at, int length) {
        return new String(bytes, at, length, StandardCharsets.ISO_8859_1);
    }
}
