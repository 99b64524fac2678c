package dev.pumasi.queue.http;

import dev.pumasi.http.BodyOutput;
import dev.pumasi.http.BodyWriter;
import java.util.concurrent.atomic.AtomicInteger;

/** A body that counts as one until it has been written, or is not to be. */
record Counted(BodyWriter body, AtomicInteger count) implements BodyWriter {

    @Override
    public void writeTo(BodyOutput out) throws Exception {
        try {
            body.writeTo(out);
        } finally {
            count.decrementAndGet();
        }
    }

    @Override
    public void discard() {
        count.decrementAndGet();
        body.discard();
    }
}
