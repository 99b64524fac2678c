package dev.pumasi.runtime.sync;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Two channels, and those who wait for both at once, some of whom give up. Who receives waits only for an item that is sure to come; so one
 * who hangs was passed over. Each item is received once, or is still there.
 */
public class SelectModel {

    /** More than any scenario sends. */
    private static final int CAPACITY = 16;

    private final Channel<Integer> one = new Channel<>(CAPACITY);
    private final Channel<Integer> other = new Channel<>(CAPACITY);

    /** Items that will come, or are there, and that nobody has been promised yet. */
    private final AtomicInteger promised = new AtomicInteger();

    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger received = new AtomicInteger();

    private Select<Integer> both() {
        return new Select<Integer>()
                .receive(one, item -> item.orElseThrow())
                .receive(other, item -> item.orElseThrow());
    }

    @Operation
    public void sendToOne() throws IOException {
        send(one);
    }

    @Operation
    public void sendToOther() throws IOException {
        send(other);
    }

    private void send(Channel<Integer> channel) throws IOException {
        promised.incrementAndGet();
        sent.incrementAndGet();
        channel.send(1);
    }

    /** Whether there was one. */
    @Operation
    public boolean receive() throws IOException {
        if (promised.getAndUpdate(count -> Math.max(0, count - 1)) == 0) {
            return false;
        }
        received.addAndGet(both().await());
        return true;
    }

    /** Waits and gives up at once. An item that comes all the same is another's, and goes back. */
    @Operation
    public void waitAndGiveUp() throws IOException {
        if (both().await(Duration.ZERO, () -> 0) == 1) {
            one.send(1);
        }
    }

    @Validate
    public void nothingIsLost() {
        int left = one.size() + other.size();
        int waiting = one.receiversWaiting() + other.receiversWaiting();
        if (left + received.get() != sent.get() || waiting != 0) {
            throw new IllegalStateException(
                    sent + " sent, " + received + " received, " + left + " left, " + waiting + " waiting");
        }
    }
}
