package dev.pumasi.queue.http;

import java.time.Duration;

/**
 * What those who ask a {@link QueueHandler} may take of it. Beyond a number the answer is 429, with Retry-After; beyond a time
 * it is the answer that there is by then.
 *
 * @param publishersWaitingMax how many publications wait for room when the queue is full; each holds its body in memory
 * @param publishPatience how long one waits; then it is 503
 * @param batchMessagesMax how many messages a batch has; beyond that 413
 * @param waitMax how long a consumer may wait for a message in one request; a longer wish is cut to it
 * @param waitingMax how many requests wait for messages, streams of events among them
 * @param takeMax how many messages a consumer takes with one request; a greater wish is cut to it
 * @param windowMax how many deliveries of one stream of events are not settled; a greater wish is cut to it
 * @param outMax how many deliveries are not settled, of all consumers
 * @param membersMax how many consumers there are
 * @param beat how often a client that waits is sent an empty line or a comment: one that has gone is noticed by that
 */
public record QueueLimits(
        int publishersWaitingMax,
        Duration publishPatience,
        int batchMessagesMax,
        Duration waitMax,
        int waitingMax,
        int takeMax,
        int windowMax,
        int outMax,
        int membersMax,
        Duration beat) {

    /** 64 publishers, 5 s; 1,000 messages in a batch; 60 s, 1,024 requests; 256 taken at once, 1,024 of a stream, 65,536 of all; 1,024 consumers; a beat each second. */
    public static final QueueLimits DEFAULTS = new QueueLimits(
            64,
            Duration.ofSeconds(5),
            1_000,
            Duration.ofSeconds(60),
            1_024,
            256,
            1_024,
            1 << 16,
            1_024,
            Duration.ofSeconds(1));

    public QueueLimits {
        if (publishersWaitingMax < 0
                || publishPatience.isNegative()
                || batchMessagesMax < 1
                || waitMax.isNegative()
                || waitingMax < 0
                || takeMax < 1
                || windowMax < 1
                || outMax < 1
                || membersMax < 1
                || beat.isNegative()
                || beat.isZero()) {
            throw new IllegalArgumentException("a limit is too small: " + publishersWaitingMax + ", " + publishPatience
                    + ", " + batchMessagesMax + ", " + waitMax + ", " + waitingMax + ", " + takeMax + ", " + windowMax
                    + ", " + outMax + ", " + membersMax + ", " + beat);
        }
    }

    public QueueLimits withPublishersWaiting(int most, Duration patience) {
        return new QueueLimits(
                most, patience, batchMessagesMax, waitMax, waitingMax, takeMax, windowMax, outMax, membersMax, beat);
    }

    public QueueLimits withBatchMessagesMax(int most) {
        return new QueueLimits(
                publishersWaitingMax,
                publishPatience,
                most,
                waitMax,
                waitingMax,
                takeMax,
                windowMax,
                outMax,
                membersMax,
                beat);
    }

    public QueueLimits withWaiting(int most, Duration longest) {
        return new QueueLimits(
                publishersWaitingMax,
                publishPatience,
                batchMessagesMax,
                longest,
                most,
                takeMax,
                windowMax,
                outMax,
                membersMax,
                beat);
    }

    public QueueLimits withOut(int takeMost, int windowMost, int most) {
        return new QueueLimits(
                publishersWaitingMax,
                publishPatience,
                batchMessagesMax,
                waitMax,
                waitingMax,
                takeMost,
                windowMost,
                most,
                membersMax,
                beat);
    }

    public QueueLimits withMembersMax(int most) {
        return new QueueLimits(
                publishersWaitingMax,
                publishPatience,
                batchMessagesMax,
                waitMax,
                waitingMax,
                takeMax,
                windowMax,
                outMax,
                most,
                beat);
    }

    public QueueLimits withBeat(Duration pause) {
        return new QueueLimits(
                publishersWaitingMax,
                publishPatience,
                batchMessagesMax,
                waitMax,
                waitingMax,
                takeMax,
                windowMax,
                outMax,
                membersMax,
                pause);
    }
}
