package dev.pumasi.web;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and times as nginx writes them (nginx.org/en/docs/syntax.html). */
final class Units {

    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})([kKmMgG]?)");
    private static final Pattern TIME = Pattern.compile("(\\d{1,15})(ms|[smhdwMy]?)\\s*");

    private Units() {}

    /** {@code 8k}, {@code 1m}, {@code 2g}: bytes; empty if it is no size. */
    static OptionalLong bytes(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        long factor = switch (matcher.group(2)) {
            case "k", "K" -> 1L << 10;
            case "m", "M" -> 1L << 20;
            case "g", "G" -> 1L << 30;
            default -> 1L;
        };
        long number = Long.parseLong(matcher.group(1));
        return number > Long.MAX_VALUE / 4 / factor ? OptionalLong.empty() : OptionalLong.of(number * factor);
    }

    /** {@code 30s}, {@code 1h 30m}, {@code 500ms}; a number alone is seconds. Milliseconds; empty if it is no time. */
    static OptionalLong millis(String text) {
        Matcher matcher = TIME.matcher(text);
        long sum = 0;
        int end = 0;
        long before = Long.MAX_VALUE;
        while (end < text.length() && matcher.find() && matcher.start() == end) {
            long factor = switch (matcher.group(2)) {
                case "ms" -> 1L;
                case "m" -> 60_000L;
                case "h" -> 3_600_000L;
                case "d" -> 86_400_000L;
                case "w" -> 7 * 86_400_000L;
                case "M" -> 30 * 86_400_000L;
                case "y" -> 365 * 86_400_000L;
                default -> 1_000L;
            };
            long number = Long.parseLong(matcher.group(1));
            if (factor >= before || number > Long.MAX_VALUE / 8 / factor || sum > Long.MAX_VALUE / 8) {
                return OptionalLong.empty(); // larger units go first, each once
            }
            before = factor;
            sum += number * factor;
            end = matcher.end();
        }
        return end == text.length() && end > 0 ? OptionalLong.of(sum) : OptionalLong.empty();
    }
}
