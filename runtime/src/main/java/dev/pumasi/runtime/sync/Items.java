package dev.pumasi.runtime.sync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What is in a {@link Channel}, and who waits on either side of it.
 *
 * <p>A linked queue as of Michael and Scott ("Simple, fast, and practical non-blocking and blocking concurrent
 * queue algorithms", PODC 1996), whose nodes are numbered, so that the tail's number less what has been taken is what is
 * there. Each decision is one compare-and-set on one word, so there is no moment at which a part of it is done:
 *
 * <ul>
 *   <li>to send: the last node's {@code next} from null to the new node. In place of null it can be {@code CLOSED}, which
 *       stays, or {@code RESERVED}: senders stand in line, and only the holder of their line's baton appends. An item is
 *       written before that, and read by who has found its node thereby;
 *   <li>to receive: {@code taken}, which counts what was taken and, in the same word, who waits. Who has counted owns the
 *       node of that number, and need not hurry.
 * </ul>
 *
 * <p>A node that is in the queue for him who counts has been appended before; so nobody waits for one who is about to write.
 * Who sends appends and then looks whether a receiver waits; who waits counts himself and then looks at the queue; the other
 * side likewise with {@code taken} and the senders' count (see {@code Line}).
 */
final class Items {

    /** What an attempt came to. */
    enum Attempt {
        DONE,
        WOULD_WAIT,
        CLOSED
    }

    private static final class Node {

        final long number;

        /** Written before the node is appended; then of whoever has counted its number. */
        @Nullable
        Object item;

        /** Null, {@link #RESERVED}, {@link #CLOSED}, or the next node, for good. */
        @Nullable
        volatile Object next;

        Node(long number, @Nullable Object item, @Nullable Object next) {
            this.number = number;
            this.item = item;
            NEXT.setRelease(this, next);
        }
    }

    private static final Object RESERVED = new Object();
    private static final Object CLOSED = new Object();

    private static final VarHandle NEXT;
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            NEXT = lookup.findVarHandle(Node.class, "next", Object.class);
            HEAD = lookup.findVarHandle(Items.class, "head", Node.class);
            TAIL = lookup.findVarHandle(Items.class, "tail", Node.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    final Receivers receivers = new Receivers();
    final Senders senders = new Senders();

    private final int capacity;

    /** A node whose item has been taken, or is being taken: at or before the last number that was counted. */
    private volatile Node head;

    /** At or before the last node. */
    private volatile Node tail;

    Items(int capacity) {
        this.capacity = capacity;
        Node none = new Node(0, null, null);
        head = none;
        tail = none;
    }

    /** Appends it, if there is room and nobody waits to do so. */
    Attempt append(Object item) {
        while (true) {
            long taken = receivers.taken();
            Node last = last();
            Object next = last.next;
            if (next == CLOSED) {
                return Attempt.CLOSED;
            }
            if (next == RESERVED) {
                return Attempt.WOULD_WAIT;
            }
            if (next == null) {
                if (between(taken, last.number) >= capacity) {
                    if (receivers.taken() == taken) {
                        return Attempt.WOULD_WAIT; // so it was full when the last node was the last
                    }
                } else if (NEXT.compareAndSet(last, null, new Node(last.number + 1, item, null))) {
                    receivers.look();
                    return Attempt.DONE;
                }
            }
        }
    }

    /** Takes the oldest; null if there is none or somebody waits for it. */
    @Nullable
    Object take() {
        while (true) {
            Node from = head; // before the count is read: so it is not beyond it
            long word = receivers.word;
            long taken = Receivers.taken(word);
            if (Receivers.waiting(word) != 0 || between(taken, last().number) == 0) {
                return null;
            }
            if (receivers.tryCount(word)) {
                Object item = item(from, taken + 1);
                senders.look();
                return item;
            }
        }
    }

    void close() {
        while (true) {
            Node last = last();
            Object next = last.next;
            if (next == CLOSED) {
                return;
            }
            if (!(next instanceof Node) && NEXT.compareAndSet(last, next, CLOSED)) {
                receivers.signal();
                senders.signal();
                return;
            }
        }
    }

    boolean isClosed() {
        return last().next == CLOSED;
    }

    boolean isEnded() {
        long taken = receivers.taken();
        Node last = last();
        return last.next == CLOSED && between(taken, last.number) == 0;
    }

    int size() {
        long taken = receivers.taken();
        return (int) Math.min(capacity, between(taken, last().number));
    }

    /** Whether one who was let pass to send has found it closed. */
    static boolean foundClosed(Place place) {
        return place.given == CLOSED;
    }

    // ------------------------------------------------------------------------------------------- inside

    /** From what has been taken, counted in 44 bits, to a number that is not before it. */
    private static long between(long taken, long number) {
        return number - taken & Receivers.TAKEN_MASK;
    }

    /** The last node: one whose next was none when it was looked at. */
    private Node last() {
        Node seen = tail;
        Node node = seen;
        while (node.next instanceof Node next) {
            node = next;
        }
        if (!node.equals(seen)) {
            TAIL.compareAndSet(this, seen, node);
        }
        return node;
    }

    /** The item of that number, by who has counted it. */
    private Object item(Node from, long number) {
        Node node = from;
        while (between(number, node.number) != 0) {
            if (!(node.next instanceof Node next)) {
                throw new AssertionError("counted beyond the last");
            }
            node = next;
        }
        Object item = node.item;
        node.item = null;
        // If others move it meanwhile it stays behind a little, until the next one.
        Node old = head;
        if (between(number, old.number) > Receivers.TAKEN_MASK / 2) {
            HEAD.compareAndSet(this, old, node);
        }
        if (item == null) {
            throw new AssertionError("taken twice");
        }
        return item;
    }

    final class Receivers extends Line {

        private static final int WAITING_BITS = 20;
        private static final long WAITING_MASK = (1L << WAITING_BITS) - 1;
        private static final long TAKEN_ONE = 1L << WAITING_BITS;
        static final long TAKEN_MASK = -1L >>> WAITING_BITS;

        private static final VarHandle WORD;

        static {
            try {
                WORD = MethodHandles.lookup().findVarHandle(Receivers.class, "word", long.class);
            } catch (ReflectiveOperationException impossible) {
                throw new ExceptionInInitializerError(impossible);
            }
        }

        /** How many items have been taken, modulo 2^44; and who waits, below. */
        private volatile long word;

        int waiting() {
            return waiting(word);
        }

        static int waiting(long word) {
            return (int) (word & WAITING_MASK);
        }

        static long taken(long word) {
            return word >>> WAITING_BITS;
        }

        long taken() {
            return taken(word);
        }

        boolean tryCount(long seen) {
            return WORD.compareAndSet(this, seen, seen + TAKEN_ONE);
        }

        /** After something was appended. */
        void look() {
            if (waiting(word) != 0) {
                signal();
            }
        }

        @Override
        boolean enlist(boolean surely) {
            while (true) {
                long now = word;
                if (waiting(now) == WAITING_MAX) {
                    return false;
                }
                if (WORD.compareAndSet(this, now, now + 1)) {
                    return true;
                }
            }
        }

        @Override
        boolean ready(Place place) {
            long taken = taken();
            Node last = last();
            return between(taken, last.number) > 0 || last.next == CLOSED;
        }

        /** While somebody waits nobody else counts, so what {@link #ready} has seen is still there. */
        @Override
        void pass(Place place) {
            Node from = head;
            long taken = taken();
            if (between(taken, last().number) > 0) {
                WORD.getAndAdd(this, TAKEN_ONE - 1);
                place.given = item(from, taken + 1);
                senders.look();
            } else {
                gone();
            }
        }

        @Override
        void gone() {
            WORD.getAndAdd(this, -1L);
        }
    }

    final class Senders extends Line {

        private static final VarHandle WAITING;

        static {
            try {
                WAITING = MethodHandles.lookup().findVarHandle(Senders.class, "waiting", int.class);
            } catch (ReflectiveOperationException impossible) {
                throw new ExceptionInInitializerError(impossible);
            }
        }

        private volatile int waiting;

        int waiting() {
            return waiting;
        }

        /** After something was taken. */
        void look() {
            if (waiting != 0) {
                signal();
            }
        }

        @Override
        boolean enlist(boolean surely) {
            int before = (int) WAITING.getAndAdd(this, 1);
            if (before >= WAITING_MAX) {
                WAITING.getAndAdd(this, -1);
                return false;
            }
            return true;
        }

        /** Reserves the end of the queue first, so that nobody fills the room that it then looks for. */
        @Override
        boolean ready(Place place) {
            while (true) {
                Node last = last();
                Object next = last.next;
                if (next == CLOSED) {
                    return true;
                }
                if (next == RESERVED || next == null && NEXT.compareAndSet(last, null, RESERVED)) {
                    // The number stands still now; what is taken only grows.
                    return between(receivers.taken(), last.number) < capacity;
                }
            }
        }

        @Override
        void pass(Place place) {
            Node last = last();
            Node node = new Node(last.number + 1, place.brought, RESERVED);
            gone();
            if (NEXT.compareAndSet(last, RESERVED, node)) {
                receivers.look();
            } else {
                place.given = CLOSED; // nothing else can have come between
            }
        }

        @Override
        void gone() {
            WAITING.getAndAdd(this, -1);
        }

        /** The end of the queue is everybody's again. */
        @Override
        void emptied() {
            NEXT.compareAndSet(last(), RESERVED, null);
        }
    }
}
