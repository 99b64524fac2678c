package dev.pumasi.runtime;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Something that is asked on the loop by another thread. */
final class Call<T extends @Nullable Object> extends Operation<T> {

    private final String attempt;
    private final Callable<T> body;

    Call(Loop loop, String attempt, Callable<T> body) {
        super(loop);
        this.attempt = attempt;
        this.body = body;
    }

    @Override
    void start() {
        T value;
        try {
            value = body.call();
        } catch (Exception failure) {
            fail(failure);
            return;
        }
        succeed(value);
    }

    @Override
    void requestCancel() {
        // It runs when its turn comes; there is nothing to interrupt.
    }

    @Override
    String describe() {
        return attempt;
    }
}
