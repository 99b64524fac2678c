package dev.pumasi.web;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.OptionalLong;

/**
 * Times as fields have them (RFC 9110 section 5.6.7), in seconds since the epoch. Written as IMF-fixdate; read in all
 * three forms, letter for letter, because what does not parse must be ignored and not guessed at.
 *
 * <pre>
 *   Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
 *   Sunday, 06-Nov-94 08:49:37 GMT    RFC 850, obsolete
 *   Sun Nov  6 08:49:37 1994          asctime, obsolete
 * </pre>
 */
final class HttpDate {

    private static final String DAYS = "MonTueWedThuFriSatSun";
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

    /** A year of two digits that seems to be further ahead is one of the century before. */
    private static final int YEARS_AHEAD_MAX = 50;

    private HttpDate() {}

    static String format(long epochSecond) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
        StringBuilder text = new StringBuilder(29);
        int day = 3 * (time.getDayOfWeek().getValue() - 1);
        int month = 3 * (time.getMonthValue() - 1);
        text.append(DAYS, day, day + 3).append(", ");
        append(text, 2, time.getDayOfMonth()).append(' ');
        text.append(MONTHS, month, month + 3).append(' ');
        append(text, 4, time.getYear()).append(' ');
        append(text, 2, time.getHour()).append(':');
        append(text, 2, time.getMinute()).append(':');
        return append(text, 2, time.getSecond()).append(" GMT").toString();
    }

    private static StringBuilder append(StringBuilder text, int digits, int number) {
        String all = Integer.toString(number);
        return text.append("0".repeat(Math.max(0, digits - all.length()))).append(all);
    }

    /**
     * Empty if it is no date.
     *
     * @param nowSecond decides which century a year of two digits belongs to
     */
    static OptionalLong parse(String text, long nowSecond) {
        try {
            int comma = text.indexOf(',');
            if (comma == 3) {
                return fixdate(text);
            }
            return comma > 3 ? rfc850(text.substring(comma), nowSecond) : asctime(text);
        } catch (DateTimeException | NumberFormatException | StringIndexOutOfBoundsException notADate) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong fixdate(String text) {
        return isLike(text, 4, " ## aaa #### ##:##:## GMT")
                ? time(number(text, 12, 4), text.substring(8, 11), number(text, 5, 2), text.substring(17, 25))
                : OptionalLong.empty();
    }

    /** From the comma on. */
    private static OptionalLong rfc850(String text, long nowSecond) {
        if (!isLike(text, 0, ", ##-aaa-## ##:##:## GMT")) {
            return OptionalLong.empty();
        }
        int thisYear = LocalDateTime.ofEpochSecond(nowSecond, 0, ZoneOffset.UTC).getYear();
        int year = thisYear - thisYear % 100 + number(text, 9, 2);
        if (year > thisYear + YEARS_AHEAD_MAX) {
            year -= 100;
        }
        return time(year, text.substring(5, 8), number(text, 2, 2), text.substring(12, 20));
    }

    private static OptionalLong asctime(String text) {
        String padded =
                text.length() > 8 && text.charAt(8) == ' ' ? text.substring(0, 8) + "0" + text.substring(9) : text;
        return isLike(padded, 0, "aaa aaa ## ##:##:## ####")
                ? time(number(padded, 20, 4), padded.substring(4, 7), number(padded, 8, 2), padded.substring(11, 19))
                : OptionalLong.empty();
    }

    /** Whether the rest of {@code text} has a digit for each #, a letter for each a, and otherwise the same. */
    private static boolean isLike(String text, int from, String pattern) {
        if (text.length() - from != pattern.length()) {
            return false;
        }
        for (int i = 0; i < pattern.length(); i++) {
            char c = text.charAt(from + i);
            boolean fits = switch (pattern.charAt(i)) {
                case '#' -> c >= '0' && c <= '9';
                case 'a' -> c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
                default -> c == pattern.charAt(i);
            };
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    private static OptionalLong time(int year, String month, int day, String clock) {
        int index = MONTHS.indexOf(month);
        if (index < 0 || index % 3 != 0) {
            return OptionalLong.empty();
        }
        int second = Math.min(number(clock, 6, 2), 59); // 60 is a leap second
        LocalDateTime time =
                LocalDateTime.of(year, index / 3 + 1, day, number(clock, 0, 2), number(clock, 3, 2), second);
        return OptionalLong.of(time.toEpochSecond(ZoneOffset.UTC));
    }

    private static int number(String text, int from, int digits) {
        return Integer.parseInt(text, from, from + digits, 10);
    }
}
