package dev.pumasi.runtime.sync;

import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * A channel in which one item finds room, with senders and receivers that wait, try, and give up. Each item is a power of two,
 * so that a sum tells whether what was sent has been received, once each, but for what is left. Each call sends as much as it
 * receives, so that all can end.
 */
public class ItemsWaitingModel {

    private final Items items = new Items(1);
    private final AtomicInteger next = new AtomicInteger(1);
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger received = new AtomicInteger();

    private int item() {
        return next.getAndUpdate(number -> number << 1);
    }

    private void received(Object item) {
        if (item != null) {
            received.addAndGet((Integer) item);
        }
    }

    private void send(int item) {
        if (!Items.foundClosed(Stand.wait(items.senders, item))) {
            sent.addAndGet(item);
        }
    }

    /** Has something to receive before it waits for it, since it was sent by itself or was taken by one who sent as much. */
    @Operation
    public void sendAndReceive() {
        int item = item();
        Place[] place = new Place[1];
        if (items.append(item) == Items.Attempt.DONE) {
            sent.addAndGet(item);
            received(Stand.wait(items.receivers, null).given);
        } else if (Stand.waitsNot(items.senders, place, item) && !Items.foundClosed(place[0])) {
            sent.addAndGet(item);
            received(Stand.wait(items.receivers, null).given);
        }
    }

    /** Makes room itself before it waits for room, and replaces what it has taken: somebody may wait for that. */
    @Operation
    public void makeRoomAndSend() {
        Object item = items.take();
        if (item != null) {
            received(item);
            send(item());
        }
    }

    @Operation
    public void close() {
        items.close();
    }

    @Validate
    public void nothingIsLost() {
        int left = 0;
        for (Object item = items.take(); item != null; item = items.take()) {
            left += (Integer) item;
        }
        if (sent.get() != received.get() + left) {
            throw new IllegalStateException("sent " + sent + ", received " + received + ", left " + left);
        }
        if (items.receivers.waiting() + items.senders.waiting() != 0) {
            throw new IllegalStateException("somebody is still counted");
        }
        if (!items.receivers.isIdle() || !items.senders.isIdle()) {
            throw new IllegalStateException("somebody still has a baton");
        }
    }
}
