package dev.pumasi.queue;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a queue is and how it is to be opened: {@code log:/var/lib/shop?segment=64m&message=4m}.
 *
 * @param scheme which engine
 * @param place what is between the scheme's colon and the question mark
 * @param options what follows, in that order
 */
public record QueueUrl(String scheme, String place, Map<String, String> options) {

    private static final Pattern SHAPE = Pattern.compile("([a-z][a-z0-9+.-]*):([^?]+)(?:\\?(.*))?");
    private static final Pattern BYTES = Pattern.compile("(\\d{1,15})([kmg]?)");
    private static final Pattern TIME = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");

    /**
     * Reads a URL.
     *
     * @throws QueueException {@link QueueFailure#INVALID} if it is none
     */
    public static QueueUrl parse(String text) throws QueueException {
        Matcher matcher = SHAPE.matcher(text);
        if (!matcher.matches()) {
            throw new QueueException(
                    "open the queue " + text,
                    QueueFailure.INVALID,
                    "that is no queue's address; one looks like log:/var/lib/shop or log:/var/lib/shop?segment=64m");
        }
        Map<String, String> options = new LinkedHashMap<>();
        String query = matcher.group(3);
        if (query != null && !query.isEmpty()) {
            for (String option : query.split("&", -1)) {
                int equals = option.indexOf('=');
                if (equals < 1 || options.put(option.substring(0, equals), option.substring(equals + 1)) != null) {
                    throw new QueueException(
                            "open the queue " + text,
                            QueueFailure.INVALID,
                            "options are name=value, each once, with & between them, and not '" + option + "'");
                }
            }
        }
        return new QueueUrl(matcher.group(1), matcher.group(2), Map.copyOf(options));
    }

    /** Refuses options that nobody reads: a misspelt one would be silently without effect. */
    public void requireOnly(Set<String> known) throws QueueException {
        for (String name : options.keySet()) {
            if (!known.contains(name)) {
                throw invalid("there is no option " + name + ", but these: " + String.join(", ", new TreeSet<>(known)));
            }
        }
    }

    /** An option's text, or {@code otherwise}. */
    public String text(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    /** A number of bytes, as in {@code 512}, {@code 64k}, {@code 8m}, {@code 1g}; within those bounds. */
    public long bytes(String name, long otherwise, long least, long most) throws QueueException {
        String given = options.get(name);
        if (given == null) {
            return otherwise;
        }
        Matcher matcher = BYTES.matcher(given);
        if (matcher.matches()) {
            long unit = switch (matcher.group(2)) {
                case "k" -> 1L << 10;
                case "m" -> 1L << 20;
                case "g" -> 1L << 30;
                default -> 1;
            };
            long number = Long.parseLong(matcher.group(1));
            if (number <= Long.MAX_VALUE / unit && number * unit >= least && number * unit <= most) {
                return number * unit;
            }
        }
        throw invalid(name + "=" + given + " is no number of bytes from " + least + " to " + most
                + " (write 512, 64k, 8m or 1g)");
    }

    /** A time, as in {@code 500ms}, {@code 10s}, {@code 5m}, {@code 2h}, {@code 7d}. */
    public Duration time(String name, Duration otherwise) throws QueueException {
        String given = options.get(name);
        if (given == null) {
            return otherwise;
        }
        Matcher matcher = TIME.matcher(given);
        if (!matcher.matches()) {
            throw invalid(name + "=" + given + " is no time (write 500ms, 10s, 5m, 2h or 7d)");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    private QueueException invalid(String details) {
        return new QueueException("open the queue " + this, QueueFailure.INVALID, details);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(scheme).append(':').append(place);
        char between = '?';
        for (Map.Entry<String, String> option : options.entrySet()) {
            text.append(between).append(option.getKey()).append('=').append(option.getValue());
            between = '&';
        }
        return text.toString();
    }
}
