package dev.pumasi.runtime;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Scope} whose subtasks compete: as soon as one has won, the rest is cancelled.
 *
 * <pre>{@code
 * try (Race<Response> race = Scope.builder().within(Duration.ofSeconds(1)).firstSuccess()) {
 *     race.fork(() -> ask(one));
 *     race.fork(() -> ask(other));
 *     return race.join();
 * }
 * }</pre>
 *
 * <p>A loser may come to a value as well, just too late. If that is something to be closed, look at the handle of each: {@code
 * fork} hands it out, and after {@code join} all have ended.
 *
 * <p>That some lose is no failure: what they throw is reported only if it is a mistake, that is, no {@link IOException}. For
 * everything else see {@link Scope}.
 *
 * @param <T> what there is to win
 */
public final class Race<T extends @Nullable Object> implements AutoCloseable {

    private final Scope scope;

    Race(Scope scope) {
        this.scope = scope;
    }

    /** As {@link Scope#fork}. After the race is decided nothing runs, and the operation has failed already. */
    public Operation<T> fork(Callable<? extends T> task) {
        return scope.fork(task);
    }

    /**
     * Waits until the race is decided and all have ended; parks a green thread, blocks a platform thread.
     *
     * @return what the winner yielded
     * @throws IOException if nobody won: what made the first fail, those behind it as suppressed. Where the first end
     *     decides: what made that one fail. An unchecked exception is thrown as it is
     * @throws OperationException {@link Failure#TIMED_OUT} at the deadline; {@link Failure#CANCELLED} if it was cancelled
     * @throws IllegalStateException if nobody took part
     */
    @SuppressWarnings("unchecked") // only fork puts anything in
    public T join() throws IOException {
        return (T) scope.joinRace().value();
    }

    /** As {@link Scope#cancel}. */
    public void cancel() {
        scope.cancel();
    }

    /** As {@link Scope#isCancelled}; also when the race is decided. */
    public boolean isCancelled() {
        return scope.isCancelled();
    }

    /** As {@link Scope#close}. */
    @Override
    public void close() {
        scope.close();
    }
}
