package dev.pumasi.queue;

import java.util.List;

/**
 * Figures of a topic.
 *
 * @param firstSequence of the oldest message that is kept
 * @param nextSequence behind the last message that is durable
 * @param bytes on the disk
 * @param published since the queue was opened
 * @param duplicates publications of an id that was there already, since then
 * @param refused publications refused, since then
 * @param syncs how often the disk was asked to make durable, since then
 * @param torn bytes cut off at the opening: of a commit that was not complete when the process or the machine ended
 * @param damaged bytes found unreadable that once were durable, since then
 * @param stopped why nothing is written any more; empty if all is well
 */
public record TopicStatus(
        String name,
        long firstSequence,
        long nextSequence,
        long bytes,
        long published,
        long duplicates,
        long refused,
        long syncs,
        long torn,
        long damaged,
        String stopped,
        List<GroupStatus> groups) {}
