package dev.pumasi.queue;

import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Figures.Figure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** A queue's topics and groups, for the live page and the metrics. For engines: each offers those of the queues that it opens. */
public final class QueueFigures {

    private QueueFigures() {}

    /** Offers the figures of {@code queue} until the offer is closed. Any thread. */
    public static Figures.Offer offer(Queue queue) {
        return Figures.offer(queue, open -> of(open.status()));
    }

    private static Collection<Figures.Row> of(List<TopicStatus> topics) {
        List<Figures.Row> rows = new ArrayList<>();
        for (TopicStatus topic : topics) {
            rows.add(new Figures.Row(
                    "queue_topic",
                    topic.name(),
                    List.of(
                            Figure.level("messages", topic.nextSequence() - topic.firstSequence()),
                            Figure.level("bytes", topic.bytes()),
                            Figure.count("published", topic.published()),
                            Figure.count("duplicates", topic.duplicates()),
                            Figure.count("refused", topic.refused()),
                            Figure.count("syncs", topic.syncs()),
                            Figure.count("damaged", topic.damaged())),
                    topic.stopped()));
        }
        for (TopicStatus topic : topics) {
            topic.groups().forEach(group -> rows.add(row(topic.name(), group)));
        }
        return rows;
    }

    private static Figures.Row row(String topic, GroupStatus group) {
        return new Figures.Row(
                "queue_group",
                topic + " / " + group.name(),
                List.of(
                        Figure.level("lag", group.waiting()),
                        Figure.level("in_flight", group.inFlight()),
                        Figure.count("delivered", group.delivered()),
                        Figure.count("acknowledged", group.acknowledged()),
                        Figure.count("rejected", group.rejected()),
                        Figure.count("overdue", group.overdue()),
                        Figure.count("dead_letters", group.dead()),
                        Figure.count("lost", group.lost()),
                        Figure.level("members", group.members())));
    }
}
