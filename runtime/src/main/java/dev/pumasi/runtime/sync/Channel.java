package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue between threads, green and others, of one loop or of several. Who sends waits while it is full, who
 * receives while it is empty: back-pressure. First in, first out, and first come, first served on both sides.
 *
 * <p><b>The end.</b> After {@link #close} senders fail with {@link Failure#CLOSED}, those who wait too; receivers get what
 * is still in it, and then learn that it has ended: an empty {@link Optional}.
 *
 * <p><b>Nothing is lost.</b> An item is either in the channel, or has been handed to exactly one receiver. Whoever gives up
 * waiting has received nothing; whoever was handed an item has it, also if he is interrupted at that moment: he returns
 * with it. A send that failed has sent nothing.
 *
 * <p>Waits as {@link Mutex} does. An item costs one small object, its node; nothing else is allocated unless somebody waits.
 *
 * @param <T> what it carries
 */
public final class Channel<T> {

    /** More than this in one channel is a leak, not a buffer. */
    public static final int CAPACITY_MAX = 1 << 24;

    private final String name;
    private final int capacity;
    private final String receiveFrom;
    private final String sendTo;
    private final Items items;

    /** A channel in which so many items can wait, without a name. */
    public Channel(int capacity) {
        this("", capacity);
    }

    /** With a name, for messages and thread dumps. */
    public Channel(String name, int capacity) {
        if (capacity < 1 || capacity > CAPACITY_MAX) {
            throw new IllegalArgumentException("between 1 and " + CAPACITY_MAX + " items, not " + capacity);
        }
        this.name = name;
        this.capacity = capacity;
        receiveFrom = "receive from " + this;
        sendTo = "send to " + this;
        items = new Items(capacity);
    }

    // ------------------------------------------------------------------------------------------- send

    /**
     * Puts {@code item} in, and waits while it is full.
     *
     * @throws OperationException with {@link Failure#CLOSED} if it is closed, or its loop stops; {@link Failure#CANCELLED}
     *     if the thread is interrupted while it waits; {@link Failure#REJECTED} if too many wait. Nothing was sent then
     * @throws IllegalStateException on a loop's own thread, which cannot wait
     */
    public void send(T item) throws OperationException {
        send(item, Wait.FOREVER);
    }

    /** As {@link #send(Object)}, and fails with {@link Failure#TIMED_OUT} if there is no room within {@code limit}. */
    public void send(T item, Duration limit) throws OperationException {
        send(item, Wait.nanos(limit));
    }

    private void send(T item, long limitNanos) throws OperationException {
        Wait.requireWaitable(Thread.currentThread(), sendTo);
        if (!trySend(item)) {
            new Send(item).await(limitNanos);
        }
    }

    /**
     * Puts {@code item} in if there is room and no sender waits. Any thread; never waits.
     *
     * @throws OperationException with {@link Failure#CLOSED} if it is closed
     */
    public boolean trySend(T item) throws OperationException {
        return switch (items.append(item)) {
            case DONE -> true;
            case WOULD_WAIT -> false;
            case CLOSED -> throw new OperationException(sendTo, Failure.CLOSED);
        };
    }

    /** The operation that puts {@code item} in. Any thread; never waits. */
    public Operation<Channel<T>> send(Loop loop, T item) {
        return new Send(item).on(loop);
    }

    // ------------------------------------------------------------------------------------------- receive

    /**
     * Takes the oldest item, and waits while there is none.
     *
     * @return empty if the channel has ended: it is closed, and all has been received
     * @throws OperationException with {@link Failure#CANCELLED} if the thread is interrupted while it waits, {@link
     *     Failure#CLOSED} if its loop stops; {@link Failure#REJECTED} if too many wait. Nothing was received then
     * @throws IllegalStateException on a loop's own thread, which cannot wait
     */
    public Optional<T> receive() throws OperationException {
        return receive(Wait.FOREVER);
    }

    /** As {@link #receive()}, and fails with {@link Failure#TIMED_OUT} if nothing comes within {@code limit}. */
    public Optional<T> receive(Duration limit) throws OperationException {
        return receive(Wait.nanos(limit));
    }

    private Optional<T> receive(long limitNanos) throws OperationException {
        Wait.requireWaitable(Thread.currentThread(), receiveFrom);
        Optional<T> item = tryReceive();
        return item.isPresent() || isEnded() ? item : new Receive().await(limitNanos);
    }

    /**
     * Takes the oldest item if there is one and no receiver waits. Any thread; never waits.
     *
     * @return empty if there is none just now, or has {@link #isEnded ended}
     */
    public Optional<T> tryReceive() {
        return item(items.take());
    }

    /** The operation that takes the oldest item; empty at the end. Any thread; never waits. */
    public Operation<Optional<T>> receive(Loop loop) {
        return new Receive().on(loop);
    }

    // ------------------------------------------------------------------------------------------- the end

    /** Ends it: nothing more can be sent. Again, nothing. Any thread; never waits. */
    public void close() {
        items.close();
    }

    /** Whether it was closed. */
    public boolean isClosed() {
        return items.isClosed();
    }

    /** Whether it was closed and all has been received. */
    public boolean isEnded() {
        return items.isEnded();
    }

    /** How many items are in it, as of about now. */
    public int size() {
        return items.size();
    }

    public int capacity() {
        return capacity;
    }

    /** How many wait to send, as of about now. */
    public int sendersWaiting() {
        return items.senders.waiting();
    }

    /** How many wait to receive, as of about now. */
    public int receiversWaiting() {
        return items.receivers.waiting();
    }

    @Override
    public String toString() {
        return name.isEmpty() ? "a channel" : "channel " + name;
    }

    // ------------------------------------------------------------------------------------------- inside

    Line receivers() {
        return items.receivers;
    }

    Line senders() {
        return items.senders;
    }

    /** What one was given who was let pass to receive; empty at the end. */
    static <T> Optional<T> received(Place place) {
        return item(place.given);
    }

    /** For one who was let pass to send. */
    void requireSent(Place place) throws OperationException {
        if (Items.foundClosed(place)) {
            throw new OperationException(sendTo, Failure.CLOSED);
        }
    }

    @SuppressWarnings("unchecked") // only items of this channel's type are put in
    private static <T> Optional<T> item(@Nullable Object item) {
        return Optional.ofNullable((T) item);
    }

    private final class Send extends Wait.InLine<Channel<T>> {

        Send(T item) {
            super(sendTo, items.senders, item);
        }

        @Override
        Channel<T> outcome(Place place) throws OperationException {
            requireSent(place);
            return Channel.this;
        }
    }

    private final class Receive extends Wait.InLine<Optional<T>> {

        Receive() {
            super(receiveFrom, items.receivers, null);
        }

        @Override
        Optional<T> outcome(Place place) {
            return received(place);
        }
    }
}
