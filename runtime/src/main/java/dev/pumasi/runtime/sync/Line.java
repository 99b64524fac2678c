package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait for one thing, first come, first served: the heart of every primitive of this package.
 *
 * <p><b>No locks inside.</b> A green thread must not block its loop, and so everything else that lives there, because the
 * platform thread that holds some internal lock has lost its processor. So there is none. What need not wait is one
 * compare-and-set on the primitive's own word and allocates nothing. What must wait writes a message into the line's {@code
 * inbox}, a stack that is pushed to by compare-and-set, and whoever finds the inbox idle takes the <em>baton</em>: he alone
 * works on the queue of places until the inbox is empty again. The others go their way, to park: nobody ever waits for the
 * baton. (Hendler, Incze, Shavit, Tzafrir, "Flat combining", SPAA 2010, without its lock's waiters.)
 *
 * <p>So a holder of the baton who loses his processor delays those who wait in this line, who are parked and cost nobody
 * anything, and nothing else. The price: he may serve others for as long as they come faster than he lets them pass; a
 * pass takes some tens of nanoseconds.
 *
 * <p><b>The inbox</b> is one word: null (nobody has the baton) → {@code BUSY} (somebody has it, nothing is new) → {@code
 * AGAIN} (he must look again) or a {@link Message} (the newest; older ones behind it). Only the holder puts it back to null,
 * by compare-and-set from BUSY: so nothing that was written to it is overlooked.
 *
 * <p><b>Orderings.</b> Every access to the inbox and to the primitives' words is volatile, hence in one total order.
 *
 * <ul>
 *   <li>The queue of places is plain memory. It is passed on with the baton: releasing it is the compare-and-set to null,
 *       taking it the one from null, which reads what the former wrote.
 *   <li>Who changes what others wait for (a release, a send, an end) first writes the word, then calls {@link #signal},
 *       which reads the inbox. Who begins to wait first counts himself into the word ({@link #enlist}), then writes the
 *       inbox, and the holder of the baton then reads the word. So either the first sees that somebody waits, or the
 *       second sees that he need not (Dekker).
 *   <li>{@code signal} may leave when it finds AGAIN or a message: the holder's exchange of the inbox comes after that
 *       read, and his look at the word after his exchange.
 *   <li>What is handed over is written before the waiter's {@link Claim} is DONE, and read after.
 * </ul>
 *
 * <p><b>Fair, and what that costs.</b> The word counts who waits; while it is not zero, nobody passes but through the queue:
 * no barging, by {@code tryLock} neither. A mutex that many want is handed from one to the next, and each hand-over is a
 * park and a wake, where a barging lock would let the running thread take it again. It is slower under contention, and
 * nobody starves. Who tries while another is just leaving the queue may be refused although he could have had it.
 *
 * <p><b>Waking.</b> A green thread waits by an operation of its own loop, and that is ended on its loop: by the caller, if he
 * is there, else by a task. So no wake-up crosses over. Threads outside loops are unparked directly.
 *
 * <p><b>Giving up.</b> Time-outs, interrupts and cancellations decide by the waiter's {@link Claim}, at once and wherever he
 * stands; the place is then taken out of the queue by a message, in constant time, so that those who come and give up do
 * not pile up behind one who holds on.
 *
 * <p><b>What it will not do.</b> No priorities, no inheritance of them; and it does not notice that threads wait for each
 * other in a circle.
 */
abstract class Line {

    /** How many may wait in one line; more are refused with {@link Failure#REJECTED}. */
    static final int WAITING_MAX = (1 << 20) - 1;

    /** Somebody arrives, or has gone. */
    private static final class Message {
        final Place who;
        final boolean arrives;

        @Nullable
        Message older;

        Message(Place who, boolean arrives) {
            this.who = who;
            this.arrives = arrives;
        }
    }

    private static final Object BUSY = new Object();
    private static final Object AGAIN = new Object();

    private static final VarHandle INBOX;

    static {
        try {
            INBOX = MethodHandles.lookup().findVarHandle(Line.class, "inbox", Object.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private volatile @Nullable Object inbox;

    // The queue: of the holder of the baton.
    private @Nullable Place first;
    private @Nullable Place last;

    // ------------------------------------------------------------------------------ what a primitive says

    /** Counts one more who waits. Any thread. False if there are {@link #WAITING_MAX}, unless {@code surely}. */
    abstract boolean enlist(boolean surely);

    /** Whether this one, the first, could pass now. Holding the baton; nobody else can take it away from him then. */
    abstract boolean ready(Place place);

    /** He passes: takes for him what he waits for, and counts one less. Holding the baton, after {@link #ready}. */
    abstract void pass(Place place);

    /** Counts one less, who has gone. Holding the baton. */
    abstract void gone();

    /** Nobody is left in the queue. Holding the baton. */
    void emptied() {}

    // ------------------------------------------------------------------------------ what a primitive calls

    /**
     * Goes to the end of the line; he may have passed when this returns. Any thread.
     *
     * @throws OperationException with {@link Failure#REJECTED} if the line is too long
     */
    final void enter(Place place, Object what) throws OperationException {
        if (!enlist(place.decided)) {
            throw new OperationException(what.toString(), Failure.REJECTED);
        }
        post(new Message(place, true));
    }

    /** As {@link #enter}, for one whom no limit turns away. */
    final void enterDecided(Place place) {
        enlist(true);
        post(new Message(place, true));
    }

    /** He has given up, or was claimed by another line. Any thread, after {@link #enter} has returned. */
    final void depart(Place place) {
        post(new Message(place, false));
    }

    /** What they wait for may have come: lets pass who can. Any thread. */
    final void signal() {
        while (true) {
            Object now = inbox;
            if (now == null) {
                if (INBOX.compareAndSet(this, null, BUSY)) {
                    serve(null);
                    return;
                }
            } else if (now == BUSY) {
                if (INBOX.compareAndSet(this, BUSY, AGAIN)) {
                    return;
                }
            } else {
                return;
            }
        }
    }

    /** Whether nobody has the baton. For tests. */
    final boolean isIdle() {
        return inbox == null;
    }

    // ------------------------------------------------------------------------------ inside

    private void post(Message message) {
        while (true) {
            Object now = inbox;
            // Each time: what was there before may have been served meanwhile.
            message.older = now instanceof Message older ? older : null;
            if (now == null) {
                if (INBOX.compareAndSet(this, null, BUSY)) {
                    serve(message);
                    return;
                }
            } else {
                if (INBOX.compareAndSet(this, now, message)) {
                    return;
                }
            }
        }
    }

    /** With the baton in hand, until the inbox is empty. */
    private void serve(@Nullable Message newest) {
        Message messages = newest;
        while (true) {
            for (Message message = inOrder(messages); message != null; message = message.older) {
                if (message.arrives) {
                    append(message.who);
                } else if (message.who.linked) {
                    remove(message.who);
                    gone();
                }
            }
            letPass();
            if (first == null) {
                emptied();
            }
            if (INBOX.compareAndSet(this, BUSY, null)) {
                return;
            }
            messages = INBOX.getAndSet(this, BUSY) instanceof Message more ? more : null;
        }
    }

    private void letPass() {
        for (Place place = first; place != null; place = first) {
            if (!place.isAlive()) {
                remove(place);
                gone();
            } else if (!ready(place)) {
                return;
            } else {
                remove(place);
                if (place.tryClaim()) {
                    pass(place);
                    place.claim.grant(place);
                } else {
                    gone();
                }
            }
        }
    }

    private static @Nullable Message inOrder(@Nullable Message newest) {
        Message oldest = null;
        while (newest != null) {
            Message older = newest.older;
            newest.older = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

    private void append(Place place) {
        place.linked = true;
        place.previous = last;
        if (last == null) {
            first = place;
        } else {
            last.next = place;
        }
        last = place;
    }

    private void remove(Place place) {
        Place previous = place.previous;
        Place next = place.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next == null) {
            last = previous;
        } else {
            next.previous = previous;
        }
        place.previous = null;
        place.next = null;
        place.linked = false;
    }
}
