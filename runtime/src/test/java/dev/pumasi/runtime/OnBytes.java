package dev.pumasi.runtime;

import dev.pumasi.runtime.memory.Buffer;
import java.util.concurrent.atomic.AtomicLong;

/** A receiver for which only bytes matter. */
@FunctionalInterface
interface OnBytes extends Receiver {

    @Override
    void received(Buffer data, int length);

    @Override
    default void ended() {}

    @Override
    default void failed(OperationException failure) {}

    static Receiver of(OnBytes body) {
        return body;
    }

    /** Counts what arrives. */
    static Receiver counting(AtomicLong bytes) {
        return of((data, length) -> bytes.addAndGet(length));
    }
}
