package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import org.jspecify.annotations.Nullable;

/**
 * An operation that no driver works on: the program itself brings it about, a lock's holder, another loop, a callback of
 * somebody's library. It is in the loop's list of interests from its beginning to its end, so that a loop which stops
 * cancels it, or waits for it.
 *
 * <p>A subclass says how it begins and whether it can be given up. It is begun once, by {@link #begun}; afterwards whoever
 * brings it about calls {@link #kept}, {@link #broken} or {@link #cancelled}, on the loop, and once.
 *
 * @param <T> what it yields
 */
public abstract class Promise<T extends @Nullable Object> extends Operation<T> {

    protected Promise(Loop loop) {
        super(loop);
    }

    /**
     * Begins. On the loop, once. It may be kept or broken before this returns.
     *
     * @throws OperationException with which it fails
     */
    protected abstract void begin() throws OperationException;

    /**
     * Gives up, if that is still possible. On the loop. May be asked again.
     *
     * @return true if it has: it then ends as cancelled. False if it cannot, or not yet: it will be kept or broken
     */
    protected abstract boolean abandon();

    /** What is tried and on what, for people: {@code "lock mutex accounts"}. */
    protected abstract String what();

    /** Begins it on its loop: inside this call if that is where the caller is. Any thread, once. */
    protected final Promise<T> begun() {
        started();
        return this;
    }

    /** Ends it well. On the loop. */
    protected final void kept(T value) {
        loop().leave(this);
        succeed(value);
    }

    /** Ends it badly. On the loop. */
    protected final void broken(Throwable failure) {
        loop().leave(this);
        fail(failure);
    }

    /** Ends it as cancelled, or as timed out if that was why. On the loop, after {@link #abandon} was asked. */
    protected final void cancelled() {
        loop().leave(this);
        failWith(-Errno.ECANCELED);
    }

    @Override
    final void start() {
        loop().enter(this);
        try {
            begin();
        } catch (OperationException refused) {
            broken(refused);
        }
    }

    @Override
    final void requestCancel() {
        if (abandon()) {
            cancelled();
        }
    }

    @Override
    final String describe() {
        return what();
    }
}
