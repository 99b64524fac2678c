package dev.pumasi.queue.kafka;

import dev.pumasi.queue.QueueException;
import dev.pumasi.queue.QueueFailure;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.IllegalGenerationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** What Kafka's failures are in the queue's words. */
final class Failures {

    private Failures() {}

    static QueueException of(String attempt, Throwable thrown) {
        Throwable cause = cause(thrown);
        if (cause instanceof QueueException known) {
            return known;
        }
        QueueFailure failure = kind(cause);
        if (failure == QueueFailure.CLOSED || failure == QueueFailure.STALE) {
            return new QueueException(attempt, failure, thrown);
        }
        QueueException told = new QueueException(
                attempt,
                failure,
                failure.cause() + " (" + cause.getClass().getSimpleName() + ": " + cause.getMessage() + ")");
        told.initCause(thrown);
        return told;
    }

    /** Without what other threads have wrapped it in. */
    static Throwable cause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof ExecutionException
                || cause instanceof CompletionException
                || cause.getClass() == KafkaException.class) {
            Throwable inner = cause.getCause();
            if (inner == null) {
                break;
            }
            cause = inner;
        }
        return cause;
    }

    /** In this order: some of them are others' subclasses. */
    private static final Map<Class<? extends Throwable>, QueueFailure> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put(RecordTooLargeException.class, QueueFailure.TOO_LARGE);
        KINDS.put(UnknownTopicOrPartitionException.class, QueueFailure.NOT_FOUND);
        KINDS.put(GroupIdNotFoundException.class, QueueFailure.NOT_FOUND);
        KINDS.put(GroupMaxSizeReachedException.class, QueueFailure.TOO_MANY);
        KINDS.put(InterruptException.class, QueueFailure.CLOSED);
        KINDS.put(InterruptedException.class, QueueFailure.CLOSED);
        KINDS.put(CommitFailedException.class, QueueFailure.STALE);
        KINDS.put(FencedMemberEpochException.class, QueueFailure.STALE);
        KINDS.put(StaleMemberEpochException.class, QueueFailure.STALE);
        KINDS.put(UnknownMemberIdException.class, QueueFailure.STALE);
        KINDS.put(IllegalGenerationException.class, QueueFailure.STALE);
        KINDS.put(FencedInstanceIdException.class, QueueFailure.STALE);
        KINDS.put(GroupNotEmptyException.class, QueueFailure.INVALID);
        KINDS.put(AuthenticationException.class, QueueFailure.INVALID);
        KINDS.put(AuthorizationException.class, QueueFailure.INVALID);
        KINDS.put(ConfigException.class, QueueFailure.INVALID);
        KINDS.put(InvalidConfigurationException.class, QueueFailure.INVALID);
        KINDS.put(InvalidTopicException.class, QueueFailure.INVALID);
        KINDS.put(InvalidPartitionsException.class, QueueFailure.INVALID);
        KINDS.put(InvalidReplicationFactorException.class, QueueFailure.INVALID);
        KINDS.put(PolicyViolationException.class, QueueFailure.INVALID);
        KINDS.put(UnsupportedVersionException.class, QueueFailure.INVALID);
    }

    /** What is not listed has to do with brokers that are out of reach, not ready, or too few. */
    private static QueueFailure kind(Throwable cause) {
        return KINDS.entrySet().stream()
                .filter(each -> each.getKey().isInstance(cause))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(QueueFailure.UNAVAILABLE);
    }
}
