package dev.pumasi.runtime;

/**
 * An operation that the driver works on and that completes once: subclasses say how it is submitted and what its result
 * means. While in progress it is in the loop's list of interests, which keeps it, and thereby its buffers, reachable.
 */
abstract class IoOperation<T> extends Operation<T> {

    IoOperation(Loop loop) {
        super(loop);
    }

    /** Hands it to the driver under {@code token}; or ends it at once, with {@link #fail}, if that makes no sense. */
    abstract void submit(long token);

    /** What a result of zero or more means. */
    abstract T valueOf(int result);

    @Override
    final void start() {
        int refused;
        try {
            refused = refusal();
        } catch (IllegalStateException mistake) {
            fail(mistake);
            return;
        }
        if (refused != 0) {
            failWith(refused);
        } else {
            submit(loop().enter(this));
        }
    }

    /** An error known before the driver is asked, or 0. */
    int refusal() {
        return 0;
    }

    @Override
    void requestCancel() {
        if (isInProgress()) {
            loop().driver().cancel(token);
        }
    }

    @Override
    void completed(int result, int flags) {
        if (result < 0) {
            failWith(result);
        } else {
            succeed(valueOf(result));
        }
    }
}
