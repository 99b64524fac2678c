package dev.pumasi.queue;

import dev.pumasi.runtime.Operation;
import java.io.IOException;

/**
 * Puts messages into a topic. A message is published when it is <b>durable</b>: a crash at any later moment does not undo
 * it. Many publishers share one sync, so it pays to have many, or to have many operations in progress.
 *
 * <p><b>Order.</b> Messages that one thread publishes one after another, waiting or not, are stored in that order.
 *
 * <p><b>If it fails</b> with {@link QueueFailure#FULL}, {@link QueueFailure#DISK_FULL} or {@link QueueFailure#TOO_LARGE},
 * nothing was stored. After any other failure, or a crash, the message may be there or not: publish it again, with the
 * same id.
 *
 * <p>Any thread may call any method.
 */
public interface Publisher {

    Topic topic();

    /**
     * Publishes; yields where it stands, when it is durable there. Refused with {@link QueueFailure#FULL} if too much waits
     * to be written. Cancelling does not take it back.
     */
    Operation<Position> startPublish(Message message);

    /** Publishes, and returns when it is durable. While too much waits to be written it waits, too. Parks a green thread, blocks a platform thread. */
    Position publish(Message message) throws IOException;
}
