package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.util.Arrays;

/**
 * Where the fields of a head are: four 16-bit numbers per line (offset and length of the name, offset and length of the
 * value), relative to the first byte of the head. Nothing is copied or decoded until somebody asks, and the bytes may
 * move to another buffer meanwhile.
 */
final class FieldIndex {

    private static final int LINES_AT_FIRST = 16;

    private Buffer in;
    private int base;
    private long[] lines = new long[LINES_AT_FIRST];
    private int count;

    FieldIndex(Buffer in) {
        this.in = in;
    }

    void clear() {
        count = 0;
    }

    /** The head's bytes begin at {@code base} of {@code in} now. */
    void at(Buffer in, int base) {
        this.in = in;
        this.base = base;
    }

    void add(int name, int nameLength, int value, int valueLength) {
        if (count == lines.length) {
            lines = Arrays.copyOf(lines, 2 * count);
        }
        lines[count++] = (long) name << 48 | (long) nameLength << 32 | (long) value << 16 | valueLength;
    }

    int count() {
        return count;
    }

    static int nameOffset(long line) {
        return (int) (line >>> 48);
    }

    static int nameBytes(long line) {
        return (int) (line >>> 32) & 0xffff;
    }

    static int valueOffset(long line) {
        return (int) line >>> 16;
    }

    static int valueBytes(long line) {
        return (int) line & 0xffff;
    }

    private int nameAt(int line) {
        return base + nameOffset(lines[line]);
    }

    private int nameLength(int line) {
        return nameBytes(lines[line]);
    }

    /** The index in the buffer of the value's first byte. */
    int valueAt(int line) {
        return base + valueOffset(lines[line]);
    }

    int valueLength(int line) {
        return valueBytes(lines[line]);
    }

    /** The fields with the head's bytes, of which there are {@code headLength}, copied. */
    ReceivedFields copy(int headLength) {
        return new ReceivedFields(in.bytes(base, headLength), Arrays.copyOf(lines, count));
    }

    /** The first line from {@code from} on with that name, in whatever case; or -1. */
    int find(String name, int from) {
        int length = name.length();
        for (int line = from; line < count; line++) {
            if (nameLength(line) == length && Octets.equalsIgnoreCase(in, nameAt(line), name)) {
                return line;
            }
        }
        return -1;
    }

    String name(int line) {
        checkLine(line);
        return in.latin1(nameAt(line), nameLength(line));
    }

    String value(int line) {
        checkLine(line);
        return in.latin1(valueAt(line), valueLength(line));
    }

    private void checkLine(int line) {
        if (line >= count) {
            throw new IndexOutOfBoundsException("field " + line + " of " + count);
        }
    }
}
