package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import java.util.Queue;
import java.util.function.BooleanSupplier;

/**
 * Waits for the next of what comes to somebody on a loop: a message, a signal. It queues up behind those who wait already;
 * whom it waits for hands it what has come, or refuses it when nothing will come any more. Belongs to the loop's thread.
 */
final class Arrival<T> extends Operation<T> {

    private final String what;
    private final Queue<Arrival<T>> waiting;
    private final BooleanSupplier closed;
    private final Runnable deliver;

    /**
     * @param waiting where it queues up, and whence it is taken before it is handed something
     * @param closed whether nothing will come any more
     * @param deliver hands out what has come already
     */
    Arrival(Loop loop, String what, Queue<Arrival<T>> waiting, BooleanSupplier closed, Runnable deliver) {
        super(loop);
        this.what = what;
        this.waiting = waiting;
        this.closed = closed;
        this.deliver = deliver;
    }

    @Override
    void start() {
        if (closed.getAsBoolean()) {
            failWith(-Errno.EBADF);
            return;
        }
        loop().enter(this);
        waiting.add(this);
        deliver.run();
    }

    void arrive(T value) {
        loop().leave(this);
        succeed(value);
    }

    void refuse() {
        loop().leave(this);
        failWith(-Errno.EBADF);
    }

    @Override
    void requestCancel() {
        waiting.remove(this);
        loop().leave(this);
        failWith(-Errno.ECANCELED);
    }

    @Override
    String describe() {
        return what;
    }
}
