package dev.pumasi.queue.kafka;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Promise;

/** Something that this engine was asked for, and brings about in several steps. It cannot be taken back. */
final class Asked<T> extends Promise<T> {

    /** What to do first, on the loop. */
    interface Beginning<T> {
        void begin(Asked<T> asked);
    }

    private final String what;
    private final Beginning<T> beginning;

    private Asked(Loop loop, String what, Beginning<T> beginning) {
        super(loop);
        this.what = what;
        this.beginning = beginning;
    }

    /** Any thread. */
    static <T> Asked<T> of(Loop loop, String what, Beginning<T> beginning) {
        Asked<T> asked = new Asked<>(loop, what, beginning);
        asked.begun();
        return asked;
    }

    /** On the loop. */
    void yields(T value) {
        kept(value);
    }

    /** On the loop. */
    void fails(Throwable why) {
        broken(why);
    }

    @Override
    protected void begin() {
        beginning.begin(this);
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
