package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * The newest bytes of a {@link Log}, as they were written: so that a group that keeps up reads nothing from the disk, which has been
 * written past the page cache. Of one segment at a time, at most {@value #BYTES} bytes; no memory before somebody has read.
 */
final class Recent {

    /** A power of two: positions wrap around in it. What comes during a few commits of many publishers. */
    static final int BYTES = 512 * 1024;

    private @Nullable Buffer ring;
    private @Nullable Segment segment;
    private long from;
    private long to;

    /** Keeps the records of a batch that is durable. */
    void keep(Batch batch) {
        Buffer into = ring;
        if (into == null) {
            return;
        }
        if (segment != batch.segment || to != batch.position) {
            segment = batch.segment;
            from = batch.position;
        }
        to = batch.position + batch.length;
        from = Math.max(from, to - BYTES);
        long at = Math.max(batch.position, from);
        while (at < to) {
            int place = (int) (at & BYTES - 1);
            int count = (int) Math.min(to - at, BYTES - place);
            into.put(place, batch.buffer, (int) (batch.lead + at - batch.position), count);
            at += count;
        }
    }

    /** Copies what it has from that position on; answers how many bytes, 0 if it has not got the first. */
    int read(Segment from, long position, Buffer into, int offset, int length) {
        Buffer kept = ring;
        if (kept == null) {
            ring = Buffer.allocate(BYTES);
            return 0;
        }
        if (from != segment || position < this.from || position >= to) {
            return 0;
        }
        int count = (int) Math.min(length, to - position);
        for (int done = 0; done < count; ) {
            int place = (int) (position + done & BYTES - 1);
            int some = Math.min(count - done, BYTES - place);
            into.put(offset + done, kept, place, some);
            done += some;
        }
        return count;
    }
}
