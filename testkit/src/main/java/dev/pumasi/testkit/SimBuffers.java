package dev.pumasi.testkit;

import dev.pumasi.runtime.memory.Buffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * The provided buffers of a {@link SimDriver}. One that is given back is scribbled over, so that whoever still reads it
 * sees rubbish.
 */
final class SimBuffers {

    /** What given-back buffers are overwritten with. */
    static final byte SCRIBBLE = (byte) 0xDB;

    /** For {@link #take}: all are handed out. */
    static final int NONE = -1;

    private final Buffer[] provided;
    private final boolean[] held;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final byte[] scribble;

    SimBuffers(int count, int bytes) {
        provided = new Buffer[count];
        held = new boolean[count];
        scribble = new byte[bytes];
        Arrays.fill(scribble, SCRIBBLE);
        Buffer slab = Buffer.allocate(count * bytes);
        for (int id = 0; id < count; id++) {
            provided[id] = slab.slice(id * bytes, bytes);
            free.add(id);
        }
    }

    int bytes() {
        return scribble.length;
    }

    int heldCount() {
        return provided.length - free.size();
    }

    /** The buffer that has been free for longest, or {@link #NONE}. */
    int take() {
        Integer id = free.poll();
        if (id == null) {
            return NONE;
        }
        held[id] = true;
        return id;
    }

    Buffer get(int id) {
        return provided[id];
    }

    void release(int id) {
        if (!held[id]) {
            throw new IllegalStateException("provided buffer " + id + " is given back, but was not handed out");
        }
        held[id] = false;
        provided[id].put(0, scribble, 0, scribble.length);
        free.add(id);
    }
}
