package dev.pumasi.queue.http;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Promise;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An operation whose outcome is known when it begins. */
final class Done<T> extends Promise<T> {

    private final String what;
    private final @Nullable T value;
    private final @Nullable IOException failure;

    private Done(Loop loop, String what, @Nullable T value, @Nullable IOException failure) {
        super(loop);
        this.what = what;
        this.value = value;
        this.failure = failure;
    }

    static <T> Operation<T> failed(Loop loop, String what, IOException failure) {
        return new Done<T>(loop, what, null, failure).begun();
    }

    static <T> Operation<T> well(Loop loop, String what, T value) {
        return new Done<>(loop, what, value, null).begun();
    }

    @Override
    protected void begin() {
        T there = value;
        if (there != null) {
            kept(there);
        } else if (failure != null) {
            broken(failure);
        }
    }

    @Override
    protected boolean abandon() {
        return false;
    }

    @Override
    protected String what() {
        return what;
    }
}
