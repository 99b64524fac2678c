package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/**
 * A message in the hands of one consumer, until it is settled: acknowledged, rejected, or taken back because time is over
 * ({@link GroupSettings#settleWithin}) or the consumer closes. Whoever comes too late learns it by {@link
 * QueueFailure#STALE}; an acknowledgement still counts as long as nobody else has been given the message.
 *
 * <p>Any thread may call any method. Methods whose name begins with {@code start} do not wait.
 */
public interface Delivery {

    /** The topic it was published to. */
    String topic();

    Message message();

    Position position();

    /** When it was stored. */
    Instant storedAt();

    /**
     * How often it has been handed to a consumer of this group, this time included; from 1. It was written down before this
     * delivery began, so it does not begin anew after a restart.
     */
    int attempt();

    /** It is done with; yields its position when a crash cannot undo that. */
    Operation<Position> startAcknowledge();

    /** It is done with, and so durably when this returns. Parks a green thread, blocks a platform thread. */
    default void acknowledge() throws IOException {
        QueueException.await(startAcknowledge());
    }

    /**
     * It could not be handled, and is delivered again after a while ({@link GroupSettings#delayAfter}) or goes to the dead
     * letters with {@code reason}. Yields its position when a crash cannot undo that.
     *
     * @param reason for people; cut to {@value #REASON_CHARACTERS_MAX} characters
     */
    Operation<Position> startReject(String reason);

    /** As {@link #startReject(String)}, after so long a while. */
    Operation<Position> startReject(String reason, Duration delay);

    /** As {@link #startReject(String)}; returns when a crash cannot undo it. */
    default void reject(String reason) throws IOException {
        QueueException.await(startReject(reason));
    }

    /** As {@link #startReject(String, Duration)}; returns when a crash cannot undo it. */
    default void reject(String reason, Duration delay) throws IOException {
        QueueException.await(startReject(reason, delay));
    }

    /** More of a reason than this is cut off. */
    int REASON_CHARACTERS_MAX = 500;

    // What a dead letter's headers say of its life.

    /** Where it was published. */
    String DEAD_TOPIC = "dead-topic";
    /** Which group could not handle it. */
    String DEAD_GROUP = "dead-group";
    /** Its position in its topic. */
    String DEAD_POSITION = "dead-position";
    /** How often it had been delivered. */
    String DEAD_ATTEMPTS = "dead-attempts";
    /** Why it was rejected the last time. */
    String DEAD_REASON = "dead-reason";
}
