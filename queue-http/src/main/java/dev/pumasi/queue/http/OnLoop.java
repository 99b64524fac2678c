package dev.pumasi.queue.http;

import dev.pumasi.queue.QueueException;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A few lines that must run on a loop, because that is whose state they touch, and what they answer. They do not wait. */
final class OnLoop<T extends @Nullable Object> extends Promise<T> {

    /** What is done there. */
    interface Body<T extends @Nullable Object> {
        T run() throws QueueException;
    }

    private final Body<T> body;

    private OnLoop(Loop loop, Body<T> body) {
        super(loop);
        this.body = body;
    }

    /** Runs it there and answers what it answers. Parks a green thread, blocks a platform thread. */
    static <T extends @Nullable Object> T ask(Loop loop, Body<T> body) throws IOException {
        OnLoop<T> asked = new OnLoop<>(loop, body);
        asked.begun();
        return QueueException.await(asked);
    }

    @Override
    protected void begin() {
        T value;
        try {
            value = body.run();
        } catch (QueueException | RuntimeException refused) {
            broken(refused);
            return;
        }
        kept(value);
    }

    @Override
    protected boolean abandon() {
        return false;
    }

    @Override
    protected String what() {
        return "ask the queue";
    }
}
