package dev.pumasi.runtime;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notifications from any thread to a loop: whoever has an event {@link #post}s it and goes on; the loop's handler, or a
 * green thread that awaits {@link #next}, gets it, in the order in which one thread posted.
 *
 * <p><b>Bounds.</b> It holds so many messages and no more: {@code post} then says no at once, and it is counted. A
 * poster never waits, for it may be a signal's thread, a completer's, another loop. Who wants to be made to wait uses a
 * channel.
 *
 * <p><b>Waking.</b> The first message into an empty mailbox posts one task to the loop, those behind it none; the task
 * hands out up to {@value #MESSAGES_PER_TURN} messages, and posts itself again if there are more, so that a flood does
 * not keep the loop from everything else. Neither takes a lock, and no green thread is woken from elsewhere than its
 * loop.
 */
public final class Mailbox<T> implements AutoCloseable {

    /** How many messages the handler gets in one turn of the loop. */
    static final int MESSAGES_PER_TURN = 256;

    private final Loop loop;
    private final int capacity;
    private final @Nullable Consumer<? super T> handler;
    private final ConcurrentLinkedQueue<T> messages = new ConcurrentLinkedQueue<>();

    /** Messages that were let in and not yet handed out: what the capacity bounds. Raised before a message is added. */
    private final AtomicInteger held = new AtomicInteger();

    /**
     * Whether a task of this mailbox is on its way to the loop. Poster: add the message, then set this, and post if it
     * was not set. Loop: clear it, then look for messages. So a message that the loop does not see has a task behind
     * it.
     */
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private final LongAdder refused = new LongAdder();
    private final Deque<Arrival<T>> waiting = new ArrayDeque<>();
    private volatile boolean closed;

    private Mailbox(Loop loop, int capacity, @Nullable Consumer<? super T> handler) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a mailbox holds one message at least, not " + capacity);
        }
        this.loop = loop;
        this.capacity = capacity;
        this.handler = handler;
    }

    /**
     * A mailbox of at most {@code capacity} messages, which {@code handler} gets on the loop, one at a time. Any
     * thread.
     */
    public static <T> Mailbox<T> open(Loop loop, int capacity, Consumer<? super T> handler) {
        return new Mailbox<>(loop, capacity, handler);
    }

    /** A mailbox whose messages are awaited with {@link #next}. Any thread. */
    public static <T> Mailbox<T> open(Loop loop, int capacity) {
        return new Mailbox<>(loop, capacity, null);
    }

    /** Puts a message in: false if it is full, or closed; that is counted. Any thread; never blocks. */
    public boolean post(T message) {
        if (closed || loop.isOver()) {
            refused.increment();
            return false;
        }
        if (held.incrementAndGet() > capacity) {
            held.decrementAndGet();
            refused.increment();
            return false;
        }
        messages.add(message);
        schedule();
        return true;
    }

    /**
     * The next message; those who await one are served in turn. Any thread.
     *
     * @throws IllegalStateException if this mailbox has a handler
     */
    public Operation<T> next() {
        if (handler != null) {
            throw new IllegalStateException("this mailbox has a handler, which gets every message");
        }
        return new Arrival<>(loop, "await a message", waiting, () -> closed, this::deliver).started();
    }

    /** How many messages wait, as of about now. Any thread. */
    public int waiting() {
        return Math.min(held.get(), capacity);
    }

    /** How many messages were refused because it was full, or closed. Any thread. */
    public long refused() {
        return refused.sum();
    }

    /** Takes no more, and drops what waits; who awaits a message is told so. Any thread. */
    @Override
    public void close() {
        closed = true;
        loop.run(() -> {
            messages.clear();
            while (!waiting.isEmpty()) {
                waiting.remove().refuse();
            }
        });
    }

    private void schedule() {
        if (!scheduled.getAndSet(true)) {
            loop.execute(this::deliver);
        }
    }

    private void deliver() {
        scheduled.set(false);
        for (int left = MESSAGES_PER_TURN; left > 0 && !closed; left--) {
            if (handler == null && waiting.isEmpty()) {
                return; // the next one to await a message looks by itself
            }
            T message = messages.poll();
            if (message == null) {
                return;
            }
            held.decrementAndGet();
            hand(message);
        }
        if (!messages.isEmpty()) {
            schedule();
        }
    }

    private void hand(T message) {
        if (handler == null) {
            waiting.remove().arrive(message);
            return;
        }
        try {
            handler.accept(message);
        } catch (Throwable failure) {
            loop.report("the handler of a mailbox", failure);
        }
    }
}
