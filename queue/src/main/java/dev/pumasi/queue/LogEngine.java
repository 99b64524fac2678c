package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.nio.file.Path;
import java.util.Set;

/**
 * The embedded engine: {@code log:FOLDER}, with these options.
 *
 * <ul>
 *   <li>{@code segment=64m}: length of a segment, 64k to 1g;
 *   <li>{@code message=1m}: the longest body, up to 64m; a segment must hold it;
 *   <li>{@code pending=16m}: how much may wait to be durable in each topic;
 *   <li>{@code company=2ms}: how long an acknowledgement that nobody waits for, or a count, may wait for others before it is synced;
 *   <li>{@code damage=refuse}, or {@code skip}: what to do when something that was durable cannot be read any more.
 * </ul>
 */
final class LogEngine implements Engine {

    static final String SCHEME = "log";

    private static final Set<String> OPTIONS = Set.of("segment", "message", "pending", "company", "damage", "write");
    private static final long MESSAGE_BYTES_MOST = 64L << 20;
    private static final long PENDING_BYTES_MOST = 1L << 30;

    private final FolderLock.Kind lock;

    LogEngine() {
        this(FolderLock.FILE);
    }

    LogEngine(FolderLock.Kind lock) {
        this.lock = lock;
    }

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public Operation<Queue> open(Loop loop, QueueUrl url) {
        LogSettings settings;
        try {
            settings = settings(url);
        } catch (QueueException refused) {
            return Refused.of(loop, "open a queue", refused);
        }
        return LogQueue.open(loop, url, Path.of(url.place()), settings, lock);
    }

    static LogSettings settings(QueueUrl url) throws QueueException {
        url.requireOnly(OPTIONS);
        String damage = url.text("damage", "refuse");
        if (!damage.equals("refuse") && !damage.equals("skip")) {
            throw new QueueException(
                    "open the queue " + url, QueueFailure.INVALID, "damage is refuse or skip, not " + damage);
        }
        String write = url.text("write", "direct");
        if (!write.equals("direct") && !write.equals("cached")) {
            throw new QueueException(
                    "open the queue " + url, QueueFailure.INVALID, "write is direct or cached, not " + write);
        }
        LogSettings settings = new LogSettings(
                url.bytes("segment", LogSettings.SEGMENT_BYTES, 64 << 10, Segment.BYTES_MOST),
                (int) url.bytes("message", LogSettings.MESSAGE_BYTES_MAX, 1, MESSAGE_BYTES_MOST),
                url.bytes("pending", LogSettings.PENDING_BYTES_MAX, 64 << 10, PENDING_BYTES_MOST),
                url.time("company", LogSettings.COMPANY),
                damage.equals("skip"),
                write.equals("direct"));
        if (settings.recordBytesMax() + Segment.HEADER_BYTES > settings.segmentBytes()) {
            throw new QueueException(
                    "open the queue " + url,
                    QueueFailure.INVALID,
                    "a segment of " + settings.segmentBytes() + " bytes does not hold a message of "
                            + settings.messageBytesMax());
        }
        return settings;
    }
}
