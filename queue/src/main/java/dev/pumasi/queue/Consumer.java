package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.io.IOException;

/**
 * A member of a group. Each message of the topic goes to one member; messages of one key one at a time and in order,
 * whoever the members are. At least once: what was delivered and not durably acknowledged when the process ends is
 * delivered again.
 *
 * <p>Any thread may call any method.
 */
public interface Consumer extends AutoCloseable {

    /** How many threads {@link #handle} starts at most. */
    int HANDLERS_MAX = 4096;

    Topic topic();

    /** The group's name. */
    String group();

    /**
     * The next message, as soon as there is one. Members are served in the order in which they ask. Can be cancelled and
     * given a time limit; a message that had been on its way then goes to the next.
     */
    Operation<Delivery> startTake();

    /** The next message; waits for it. Parks a green thread, blocks a platform thread. */
    default Delivery take() throws IOException {
        return QueueException.await(startTake());
    }

    /**
     * Handles messages with {@code handler}, until this consumer or what is returned is closed: up to {@code parallel} at
     * once, each on a green thread of {@code loop}.
     */
    default Handling handle(Loop loop, int parallel, Handler handler) {
        return new Handling(this, loop, parallel, handler);
    }

    /** Takes no more; what it has and did not settle goes to other members, or waits for one. Does not wait. */
    @Override
    void close();
}
