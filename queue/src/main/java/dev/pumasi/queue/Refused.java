package dev.pumasi.queue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Promise;
import java.io.IOException;

/** What was refused before it could begin: an operation that fails on its loop, so that callers are told in one way. */
final class Refused<T> extends Promise<T> {

    private final String what;
    private final IOException why;

    private Refused(Loop loop, String what, IOException why) {
        super(loop);
        this.what = what;
        this.why = why;
    }

    /** Any thread. */
    static <T> Refused<T> of(Loop loop, String what, IOException why) {
        Refused<T> refused = new Refused<>(loop, what, why);
        refused.begun();
        return refused;
    }

    @Override
    protected void begin() {
        broken(why);
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
