package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;

/**
 * What stands behind a {@link Queue}: chosen by the scheme of its URL. Engines other than the embedded log are found by
 * {@link java.util.ServiceLoader}.
 */
public interface Engine {

    /** What a URL for it begins with, without the colon: {@code "log"}. */
    String scheme();

    /**
     * Opens a queue whose state belongs to {@code loop}. Any thread; does not wait. Fails with {@link QueueException}, also
     * for options that it does not know.
     */
    Operation<Queue> open(Loop loop, QueueUrl url);
}
