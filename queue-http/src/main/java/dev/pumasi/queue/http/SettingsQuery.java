package dev.pumasi.queue.http;

import dev.pumasi.queue.GroupSettings;
import dev.pumasi.queue.Position;
import dev.pumasi.queue.Retention;
import dev.pumasi.queue.Start;
import dev.pumasi.queue.TopicSettings;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Settings of groups and topics as parameters of a query, there and back. What is not said is the default. */
final class SettingsQuery {

    static final Set<String> OF_GROUPS =
            Set.of("start", "settle-within", "deliveries-max", "delay-first", "delay-max", "dead-letter-topic");

    static final Set<String> OF_TOPICS =
            Set.of("retention-bytes", "retention-age", "retention-unread-too", "same-id-window", "same-ids-max");

    private static final Pattern TIME = Pattern.compile("(\\d{1,15})(ms|s|m|h|d)");

    private SettingsQuery() {}

    /** Refuses parameters that nobody reads: a misspelt one would be silently without effect. */
    static void requireOnly(String query, Set<String> known) {
        for (String parameter : query.isEmpty() ? new String[0] : query.split("&", -1)) {
            int equals = parameter.indexOf('=');
            String name = equals < 0 ? parameter : parameter.substring(0, equals);
            if (!known.contains(name)) {
                throw new IllegalArgumentException("there is no parameter '" + name + "'"
                        + (known.isEmpty()
                                ? " here, and no other either"
                                : ", but these: " + String.join(", ", new TreeSet<>(known))));
            }
        }
    }

    static GroupSettings group(Function<String, Optional<String>> query) {
        GroupSettings otherwise = GroupSettings.DEFAULT;
        return new GroupSettings(
                query.apply("start").map(SettingsQuery::start).orElse(otherwise.start()),
                time(query, "settle-within", otherwise.settleWithin()),
                (int) number(query, "deliveries-max", otherwise.deliveriesMax(), 0, Integer.MAX_VALUE),
                time(query, "delay-first", otherwise.delayFirst()),
                time(query, "delay-max", otherwise.delayMax()),
                query.apply("dead-letter-topic"));
    }

    static String query(GroupSettings settings) {
        Map<String, String> said = new LinkedHashMap<>();
        switch (settings.start()) {
            case Start.Beginning _ -> {}
            case Start.End _ -> said.put("start", "end");
            case Start.At(Position position) -> said.put("start", position.toString());
            case Start.Time(Instant instant) -> said.put("start", instant.toString());
        }
        said.put("settle-within", Math.max(1, settings.settleWithin().toMillis()) + "ms");
        said.put("deliveries-max", Integer.toString(settings.deliveriesMax()));
        said.put("delay-first", settings.delayFirst().toMillis() + "ms");
        said.put("delay-max", settings.delayMax().toMillis() + "ms");
        settings.deadLetterTopic().ifPresent(topic -> said.put("dead-letter-topic", topic));
        return joined(said);
    }

    static TopicSettings topic(Function<String, Optional<String>> query) {
        TopicSettings otherwise = TopicSettings.DEFAULT;
        Retention kept = otherwise.retention();
        return new TopicSettings(
                new Retention(
                        number(query, "retention-bytes", kept.bytesMax(), 0, Long.MAX_VALUE),
                        time(query, "retention-age", kept.ageMax()),
                        query.apply("retention-unread-too").map("true"::equals).orElse(kept.unreadToo())),
                time(query, "same-id-window", otherwise.sameIdWindow()),
                (int) number(query, "same-ids-max", otherwise.sameIdsMax(), 0, TopicSettings.SAME_IDS_MAX));
    }

    static String query(TopicSettings settings) {
        Map<String, String> said = new LinkedHashMap<>();
        said.put("retention-bytes", Long.toString(settings.retention().bytesMax()));
        said.put("retention-age", settings.retention().ageMax().toMillis() + "ms");
        said.put("retention-unread-too", Boolean.toString(settings.retention().unreadToo()));
        said.put("same-id-window", settings.sameIdWindow().toMillis() + "ms");
        said.put("same-ids-max", Integer.toString(settings.sameIdsMax()));
        return joined(said);
    }

    private static String joined(Map<String, String> said) {
        return said.entrySet().stream()
                .map(each -> each.getKey() + "=" + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    /** {@code beginning}, {@code end}, a position, or a time as ISO 8601 has it. */
    static Start start(String text) {
        if (text.equals("beginning")) {
            return Start.beginning();
        }
        if (text.equals("end")) {
            return Start.end();
        }
        try {
            return text.indexOf('T') > 0 ? Start.time(Instant.parse(text)) : Start.at(Position.parse(text));
        } catch (DateTimeException | IllegalArgumentException neither) {
            throw new IllegalArgumentException(
                    "start is beginning, end, a position like 0-42 or a time like 2026-11-21T18:00:00Z, not '" + text
                            + "'",
                    neither);
        }
    }

    /** As in {@code 500ms}, {@code 10s}, {@code 5m}, {@code 2h}, {@code 7d}. */
    static Duration time(Function<String, Optional<String>> query, String name, Duration otherwise) {
        Optional<String> said = query.apply(name);
        if (said.isEmpty()) {
            return otherwise;
        }
        Matcher matcher = TIME.matcher(said.get());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(name + "=" + said.get() + " is no time; write 500ms, 10s, 5m, 2h or 7d");
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

    static long number(Function<String, Optional<String>> query, String name, long otherwise, long least, long most) {
        Optional<String> said = query.apply(name);
        if (said.isEmpty()) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(said.get());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException none) {
            // told below
        }
        throw new IllegalArgumentException(
                name + "=" + said.get() + " is no whole number from " + least + " to " + most);
    }
}
