package dev.pumasi.queue.http;

import dev.pumasi.queue.GroupStatus;
import dev.pumasi.queue.TopicStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The figures of topics and groups as JSON: {@link TopicStatus} says what each means; {@code lag} is what a group has still to settle. */
public final class StatusJson {

    private StatusJson() {}

    /** A topic as one line, without a line end. */
    public static String line(TopicStatus status) {
        return Json.text(of(status));
    }

    static Map<String, Object> of(TopicStatus status) {
        Map<String, Object> topic = new LinkedHashMap<>();
        topic.put("topic", status.name());
        topic.put("first", status.firstSequence());
        topic.put("next", status.nextSequence());
        topic.put("bytes", status.bytes());
        topic.put("published", status.published());
        topic.put("duplicates", status.duplicates());
        topic.put("refused", status.refused());
        topic.put("syncs", status.syncs());
        topic.put("torn", status.torn());
        topic.put("damaged", status.damaged());
        topic.put("stopped", status.stopped());
        List<Map<String, Object>> groups = new ArrayList<>();
        for (GroupStatus group : status.groups()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("group", group.name());
            one.put("lag", group.waiting() + group.inFlight());
            one.put("settledBefore", group.settledBefore());
            one.put("waiting", group.waiting());
            one.put("inFlight", group.inFlight());
            one.put("delivered", group.delivered());
            one.put("acknowledged", group.acknowledged());
            one.put("rejected", group.rejected());
            one.put("overdue", group.overdue());
            one.put("dead", group.dead());
            one.put("lost", group.lost());
            one.put("members", group.members());
            groups.add(one);
        }
        topic.put("groups", groups);
        return topic;
    }

    static TopicStatus topic(Map<String, @Nullable Object> topic) {
        List<GroupStatus> groups = new ArrayList<>();
        for (Map<String, @Nullable Object> group : objects(topic.get("groups"))) {
            groups.add(new GroupStatus(
                    MessageJson.text(group, "group"),
                    number(group, "settledBefore"),
                    number(group, "waiting"),
                    (int) number(group, "inFlight"),
                    number(group, "delivered"),
                    number(group, "acknowledged"),
                    number(group, "rejected"),
                    number(group, "overdue"),
                    number(group, "dead"),
                    number(group, "lost"),
                    (int) number(group, "members")));
        }
        return new TopicStatus(
                MessageJson.text(topic, "topic"),
                number(topic, "first"),
                number(topic, "next"),
                number(topic, "bytes"),
                number(topic, "published"),
                number(topic, "duplicates"),
                number(topic, "refused"),
                number(topic, "syncs"),
                number(topic, "torn"),
                number(topic, "damaged"),
                MessageJson.text(topic, "stopped"),
                groups);
    }

    static long number(Map<String, @Nullable Object> object, String name) {
        return switch (object.get(name)) {
            case Number number -> number.longValue();
            case null, default -> throw new IllegalArgumentException("there is no number " + name);
        };
    }

    /** The objects in a list. */
    @SuppressWarnings("unchecked") // an object's names are texts, or it would not have been read
    static List<Map<String, @Nullable Object>> objects(@Nullable Object list) {
        List<Map<String, @Nullable Object>> objects = new ArrayList<>();
        if (list instanceof List<?> all) {
            for (Object each : all) {
                if (each instanceof Map<?, ?> object) {
                    objects.add((Map<String, @Nullable Object>) object);
                }
            }
        }
        return objects;
    }
}
