package dev.pumasi.runtime.sync;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Waits for several channels at once, to receive from some and to send to others, and does exactly one of it: the first that
 * is possible.
 *
 * <pre>{@code
 * String said = new Select<String>()
 *         .receive(orders, order -> order.map(dish -> "cook " + dish).orElse("closed"))
 *         .send(log, "idle", () -> "logged")
 *         .await(Duration.ofSeconds(1), () -> "nothing happened");
 * }</pre>
 *
 * <p>If several are possible, the one that was named first is taken: who wants another order names them in another. If none
 * is, it stands in all their lines, and is taken by whichever comes first; the others have then never happened. A channel
 * that ends is a receive too, of an empty {@link Optional}; a send to a closed one fails with {@link Failure#CLOSED}.
 *
 * <p>Build it on one thread; then it can be used any number of times, by any threads. What is to be done is run after the
 * choice, on the thread that waits.
 *
 * @param <R> what it yields
 */
public final class Select<R> {

    /** How many cases one select has at most. */
    public static final int CASES_MAX = 1024;

    /** What is done with what was received. */
    @FunctionalInterface
    public interface Received<T, R> {
        R apply(Optional<T> item) throws IOException;
    }

    /** What is done otherwise. */
    @FunctionalInterface
    public interface Then<R> {
        R apply() throws IOException;
    }

    private final List<Case<?, R>> cases = new ArrayList<>();

    /** One thing to wait for. */
    private sealed interface Case<T, R> {

        /** Does it, if that is possible now, and says what comes then. */
        @Nullable
        Then<R> attempt() throws OperationException;

        Line line();

        @Nullable
        Object brings();

        /** What comes when it was done by who let us pass. */
        Then<R> passed(Place place) throws OperationException;
    }

    private record Receive<T, R>(Channel<T> channel, Received<? super T, ? extends R> then) implements Case<T, R> {

        @Override
        public @Nullable Then<R> attempt() {
            Optional<T> item = channel.tryReceive();
            return item.isPresent() || channel.isEnded() ? after(item) : null;
        }

        @Override
        public Line line() {
            return channel.receivers();
        }

        @Override
        public @Nullable Object brings() {
            return null;
        }

        @Override
        public Then<R> passed(Place place) {
            return after(Channel.received(place));
        }

        @SuppressWarnings("unchecked") // an Optional is only read from
        private Then<R> after(Optional<T> item) {
            return () -> ((Received<T, ? extends R>) then).apply(item);
        }
    }

    private record Send<T, R>(Channel<T> channel, T item, Then<R> then) implements Case<T, R> {

        @Override
        public @Nullable Then<R> attempt() throws OperationException {
            return channel.trySend(item) ? then : null;
        }

        @Override
        public Line line() {
            return channel.senders();
        }

        @Override
        public @Nullable Object brings() {
            return item;
        }

        @Override
        public Then<R> passed(Place place) throws OperationException {
            channel.requireSent(place);
            return then;
        }
    }

    /** To receive from {@code channel}, or learn of its end. */
    public <T> Select<R> receive(Channel<T> channel, Received<? super T, ? extends R> then) {
        return with(new Receive<>(channel, then));
    }

    /** To send {@code item} to {@code channel}. */
    public <T> Select<R> send(Channel<T> channel, T item, Then<R> then) {
        return with(new Send<>(channel, item, then));
    }

    private Select<R> with(Case<?, R> one) {
        if (cases.size() == CASES_MAX) {
            throw new IllegalStateException("a select has " + CASES_MAX + " cases at most");
        }
        cases.add(one);
        return this;
    }

    /**
     * Waits until one of the cases is possible, does it, and what was to be done then.
     *
     * @throws OperationException with {@link Failure#CANCELLED} if the thread is interrupted while it waits, with
     *     {@link Failure#CLOSED} if its loop stops: nothing was done then. With that also if it was to send to a closed channel
     * @throws IOException of what was to be done
     * @throws IllegalStateException on a loop's own thread, which cannot wait; or without a case, since that would never end
     */
    public R await() throws IOException {
        return choose(Wait.FOREVER).apply();
    }

    /** As {@link #await()}, but does {@code late} if nothing was possible within {@code limit}. */
    public R await(Duration limit, Then<R> late) throws IOException {
        Then<R> then;
        try {
            then = choose(Wait.nanos(limit));
        } catch (OperationException failure) {
            if (failure.failure() != Failure.TIMED_OUT) {
                throw failure;
            }
            then = late;
        }
        return then.apply();
    }

    /** Does one of the cases if it is possible now, and {@code otherwise} if none is. Any thread; never waits. */
    public R now(Then<R> otherwise) throws IOException {
        Then<R> then = attempt();
        return (then == null ? otherwise : then).apply();
    }

    /**
     * The operation that does the first that is possible. What is to be done then is run on the loop's own thread, and must
     * not wait. Any thread; never waits.
     */
    public Operation<R> await(Loop loop) {
        requireCases();
        return new Choice<R>() {
            @Override
            R outcome(Place place) throws IOException {
                return chosen(place).apply();
            }

            @Override
            boolean callsUser() {
                return true;
            }
        }.on(loop);
    }

    private Then<R> choose(long limitNanos) throws OperationException {
        requireCases();
        Wait.requireWaitable(Thread.currentThread(), this);
        Then<R> then = attempt();
        if (then != null) {
            return then;
        }
        return new Choice<Then<R>>() {
            @Override
            Then<R> outcome(Place place) throws OperationException {
                return chosen(place);
            }
        }.await(limitNanos);
    }

    private @Nullable Then<R> attempt() throws OperationException {
        for (Case<?, R> each : cases) {
            Then<R> then = each.attempt();
            if (then != null) {
                return then;
            }
        }
        return null;
    }

    private void requireCases() {
        if (cases.isEmpty()) {
            throw new IllegalStateException("a select without a case would wait for ever");
        }
    }

    @Override
    public String toString() {
        return "select among " + cases.size();
    }

    /** Stands in all lines, with one claim. */
    private abstract class Choice<X> extends Wait<X> {

        private final List<Place> places = new ArrayList<>(cases.size());

        Choice() {
            super(Select.this.toString());
        }

        @Override
        final void enter(Claim claim) throws OperationException {
            for (Case<?, R> each : cases) {
                if (!claim.isWaiting()) {
                    return; // one line has him already
                }
                Place place = new Place(claim, each.brings());
                places.add(place);
                try {
                    each.line().enter(place, this);
                } catch (OperationException tooMany) {
                    places.removeLast();
                    if (claim.tryGiveUp()) {
                        leave();
                        throw tooMany;
                    }
                    return;
                }
            }
        }

        @Override
        final boolean leave() {
            for (int i = 0; i < places.size(); i++) {
                cases.get(i).line().depart(places.get(i));
            }
            return true;
        }

        /** What comes then. Leaves the other lines, in which he stands in vain. */
        @SuppressWarnings("ReferenceEquality") // a place is itself
        final Then<R> chosen(Place place) throws OperationException {
            int choice = -1;
            for (int i = 0; i < places.size(); i++) {
                if (places.get(i) == place) {
                    choice = i;
                } else {
                    cases.get(i).line().depart(places.get(i));
                }
            }
            return cases.get(choice).passed(place);
        }
    }
}
