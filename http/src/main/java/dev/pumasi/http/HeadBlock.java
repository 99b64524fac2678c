package dev.pumasi.http;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * The beginning of every response, ready to be copied: the status line of 200, Server and Date. One for each loop, which
 * tells it the time once per turn; only when the second has changed are the date's bytes written again.
 *
 * <p>The date is an IMF-fixdate (RFC 9110 section 5.6.7), which always has the same length.
 */
final class HeadBlock {

    private static final int DATE_BYTES = "Sun, 06 Nov 1994 08:49:37 GMT".length();
    private static final byte[] DAYS = "ThuFriSatSunMonTueWed".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec".getBytes(StandardCharsets.US_ASCII);

    private final Buffer bytes;
    private final int statusLength;
    private final int dateAt;
    private long second = Long.MIN_VALUE;

    /** With {@code server} as the Server field; empty for none. The date is 1970 until the first {@link #tick}. */
    HeadBlock(String server) {
        byte[] status = Status.line(200);
        byte[] serverLine = server.isEmpty() ? new byte[0] : Response.encode(new Field("Server", server));
        byte[] date = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n".getBytes(StandardCharsets.US_ASCII);
        bytes = Buffer.allocate(status.length + serverLine.length + date.length);
        bytes.put(0, status, 0, status.length);
        bytes.put(status.length, serverLine, 0, serverLine.length);
        bytes.put(status.length + serverLine.length, date, 0, date.length);
        statusLength = status.length;
        dateAt = status.length + serverLine.length + "Date: ".length();
    }

    /** It is so many milliseconds after the epoch. */
    void tick(long epochMillis) {
        long now = Math.floorDiv(epochMillis, 1000L);
        if (now != second) {
            second = now;
            write(now);
        }
    }

    /** All of it, for a response of 200. */
    int length() {
        return bytes.capacity();
    }

    /** With the status line of {@code status}. */
    int length(int status) {
        return bytes.capacity() - statusLength + Status.line(status).length;
    }

    /** Copies the block with the status line of {@code status}; answers the index after it. */
    int copyTo(Buffer out, int at, int status) {
        if (status == 200) {
            out.put(at, bytes, 0, bytes.capacity());
            return at + bytes.capacity();
        }
        byte[] line = Status.line(status);
        out.put(at, line, 0, line.length);
        int rest = bytes.capacity() - statusLength;
        out.put(at + line.length, bytes, statusLength, rest);
        return at + line.length + rest;
    }

    private void write(long epochSecond) {
        long day = Math.floorDiv(epochSecond, 86_400L);
        int ofDay = (int) Math.floorMod(epochSecond, 86_400L);
        // Civil from days, counting from 1 March of year 0 so that the leap day comes last (Hinnant,
        // "chrono-compatible low-level date algorithms").
        long shifted = day + 719_468;
        long era = Math.floorDiv(shifted, 146_097L);
        int dayOfEra = (int) Math.floorMod(shifted, 146_097L);
        int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int monthFromMarch = (5 * dayOfYear + 2) / 153;
        int dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
        int month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);

        int at = dateAt;
        bytes.put(at, DAYS, 3 * (int) Math.floorMod(day, 7L), 3);
        twoDigits(at + 5, dayOfMonth);
        bytes.put(at + 8, MONTHS, 3 * (month - 1), 3);
        twoDigits(at + 12, (int) (year / 100 % 100));
        twoDigits(at + 14, (int) (year % 100));
        twoDigits(at + 17, ofDay / 3600);
        twoDigits(at + 20, ofDay / 60 % 60);
        twoDigits(at + 23, ofDay % 60);
    }

    private void twoDigits(int at, int number) {
        bytes.put(at, (byte) ('0' + number / 10));
        bytes.put(at + 1, (byte) ('0' + number % 10));
    }

    @Override
    public String toString() {
        return bytes.latin1(dateAt, DATE_BYTES);
    }
}
