package dev.pumasi.runtime;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One look-up of one name, and all who wait for it: of whatever loop, they share it.
 *
 * <p>One field, as in {@link Operation}: null or {@link Waiter} (in progress; a stack of those who wait) → {@link Answer}
 * (over, for good). Who waits pushes itself by compare-and-set, the answer is swapped in and thereby takes the whole stack.
 * There is no lock, so no green thread can park here, to be woken by a stranger.
 */
final class NameQuery {

    /** So many may wait for one name; who gave up counts until the query is over. */
    static final int WAITERS_MAX = 1 << 16;

    sealed interface Answer {
        /** When it is to be forgotten, by the clock of {@link Names}. */
        long expiresNanos();
    }

    record Found(List<InetAddress> addresses, long expiresNanos) implements Answer {}

    record Refused(Failure failure, @Nullable Throwable cause, long expiresNanos) implements Answer {}

    /** One who waits; null when it gave up. */
    private static final class Waiter {
        volatile @Nullable NameLookUp who;
        final @Nullable Waiter next;
        final int depth;

        Waiter(NameLookUp who, @Nullable Waiter next) {
            this.who = who;
            this.next = next;
            depth = next == null ? 1 : next.depth + 1;
        }
    }

    /** What {@link #join} found. */
    sealed interface Joined {}

    /** The answer is there already. */
    record Known(Answer answer) implements Joined {}

    /** It will be told; {@code leave} takes it out again. */
    record Waits(Runnable leave) implements Joined {}

    /** Too many wait. */
    enum Full implements Joined {
        FULL
    }

    final String name;
    final long askedNanos;
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

    NameQuery(String name, long askedNanos) {
        this.name = name;
        this.askedNanos = askedNanos;
    }

    /** Null while it is in progress. */
    @Nullable
    Answer answer() {
        return state.get() instanceof Answer answer ? answer : null;
    }

    /** Whether it can serve who asks now. */
    boolean isCurrent(long nowNanos) {
        Answer answer = answer();
        return answer == null || answer.expiresNanos() - nowNanos > 0;
    }

    Joined join(NameLookUp who) {
        while (true) {
            Object before = state.get();
            if (before instanceof Answer answer) {
                return new Known(answer);
            }
            Waiter waiter = new Waiter(who, (Waiter) before);
            if (waiter.depth > WAITERS_MAX) {
                return Full.FULL;
            }
            if (state.compareAndSet(before, waiter)) {
                return new Waits(() -> waiter.who = null);
            }
        }
    }

    /** Ends it; the first answer counts. */
    void end(Answer answer) {
        Object before = state.get();
        while (!(before instanceof Answer)) {
            if (state.compareAndSet(before, answer)) {
                for (Waiter waiter = (Waiter) before; waiter != null; waiter = waiter.next) {
                    NameLookUp who = waiter.who;
                    if (who != null) {
                        who.tell(answer);
                    }
                }
                return;
            }
            before = state.get();
        }
    }
}
