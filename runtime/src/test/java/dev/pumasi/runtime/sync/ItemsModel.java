package dev.pumasi.runtime.sync;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** A channel's queue while nobody waits: as if each call happened at one moment, in one order. */
@Param(name = "item", gen = IntGen.class, conf = "1:3")
public class ItemsModel {

    private static final int CAPACITY = 2;

    private final Items items = new Items(CAPACITY);

    @Operation
    public String append(@Param(name = "item") int item) {
        return items.append(item).name();
    }

    @Operation
    public Integer take() {
        return (Integer) items.take();
    }

    @Operation
    public void close() {
        items.close();
    }

    @Operation
    public boolean isEnded() {
        return items.isEnded();
    }

    /** The same, one after another. */
    public static class Sequential {

        private final Deque<Integer> items = new ArrayDeque<>();
        private boolean closed;

        public String append(int item) {
            if (closed) {
                return "CLOSED";
            }
            if (items.size() == CAPACITY) {
                return "WOULD_WAIT";
            }
            items.add(item);
            return "DONE";
        }

        public Integer take() {
            return items.poll();
        }

        public void close() {
            closed = true;
        }

        public boolean isEnded() {
            return closed && items.isEmpty();
        }
    }
}
