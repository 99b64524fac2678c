package dev.pumasi.sql;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.Promise;
import dev.pumasi.runtime.Timer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work, from the wait for a connection to its outcome on the caller's loop.
 *
 * <pre>
 *   waiting ── admitted ──► running (where queries run) ──► over: kept or broken
 *      └── turned away, cancelled ──────────────────────────► over
 * </pre>
 *
 * <p>Cancelled while it waits, it leaves the line. Cancelled while it runs, its statement is cancelled in the database, and it is over when
 * the driver has said so; then the connection is whole and somebody else's. Where the database does not even do that, the connection is cut after
 * {@code cancelMax}.
 */
final class Job<T> extends Promise<T> {

    /** What it does with its connection. */
    @FunctionalInterface
    interface Body<T> {
        T run(Connection connection, Cancellation cancellation) throws Exception;
    }

    /** A connection for one who keeps it for several jobs. */
    record Lease(Lane lane, Connection connection, long sinceNanos) {}

    private final Lane lane;
    private final Settings settings;
    private final Body<T> body;
    /** What it is, in words; they are put together only when they are needed. */
    private final Object attempt;

    private final Cancellation cancellation;

    /** Whose connection it uses; null for one of its own. */
    private final @Nullable Lease lease;

    /** Whether its connection is kept when it ends well. */
    private final boolean leases;

    /** What goes along to the thread on which the queries run; null if nothing does. */
    private final @Nullable Consumer<? super Outcome<T>> callback;

    private @Nullable Operation<?> place;
    private @Nullable Timer cut;

    /** Written where it runs, read by the loop when the connection is to be cut. */
    private volatile @Nullable Connection connection;

    private Job(
            Loop home,
            Lane lane,
            Settings settings,
            Object attempt,
            @Nullable Lease lease,
            boolean leases,
            Cancellation cancellation,
            Body<T> body,
            @Nullable Consumer<? super Outcome<T>> callback) {
        super(home);
        this.lane = lane;
        this.settings = settings;
        this.attempt = attempt;
        this.lease = lease;
        this.leases = leases;
        this.cancellation = cancellation;
        this.body = body;
        this.callback = callback;
    }

    /** Work with a connection of its own. */
    static <T> Job<T> alone(
            Loop home,
            Lane lane,
            Settings settings,
            Object attempt,
            @Nullable Consumer<? super Outcome<T>> callback,
            Body<T> body) {
        Job<T> job = new Job<>(home, lane, settings, attempt, null, false, new Cancellation(), body, callback);
        job.begun();
        return job;
    }

    /** A connection for several jobs; {@code prepared} is done with it first. */
    static Job<Lease> lease(Loop home, Lane lane, Settings settings, Object attempt, Body<?> prepared) {
        Job<Lease> job = new Job<>(
                home,
                lane,
                settings,
                attempt,
                null,
                true,
                new Cancellation(),
                (connection, cancellation) -> {
                    long now = System.nanoTime();
                    prepared.run(connection, cancellation);
                    return new Lease(lane, connection, now);
                },
                null);
        job.begun();
        return job;
    }

    /** Work with somebody's connection. */
    static <T> Job<T> on(Lease lease, Loop home, Settings settings, Object attempt, Body<T> body) {
        Job<T> job = new Job<>(home, lease.lane, settings, attempt, lease, false, new Cancellation(), body, null);
        job.begun();
        return job;
    }

    /** The end of a lease: {@code last} is done, and nothing can cancel that; then the connection goes back. */
    static <T> Job<T> last(Lease lease, Loop home, Settings settings, Object attempt, Body<T> last) {
        Job<T> job = new Job<>(
                home,
                lease.lane,
                settings,
                attempt,
                lease,
                false,
                Cancellation.NONE,
                (connection, cancellation) -> {
                    try {
                        return last.run(connection, cancellation);
                    } finally {
                        lease.lane.giveBack(connection);
                        lease.lane.admission.leave(System.nanoTime() - lease.sinceNanos);
                    }
                },
                null);
        job.begun();
        return job;
    }

    // ------------------------------------------------------------------------------------------- on its loop

    @Override
    protected void begin() {
        if (lease != null) {
            lane.run(loop(), this::runOnLease, this::broken);
            return;
        }
        place = lane.admission.enter(loop(), new Admission.Guest() {
            @Override
            public void admitted() {
                place = null;
                lane.run(loop(), Job.this::runAlone, failure -> {
                    lane.admission.leave(0);
                    broken(failure);
                });
            }

            @Override
            public void turnedAway(Throwable why) {
                place = null;
                if (why instanceof OperationException known && known.failure() == Failure.CANCELLED) {
                    cancelled();
                } else {
                    broken(why);
                }
            }

            @Override
            public String attempt() {
                return attempt.toString();
            }
        });
        if (isDone()) {
            place = null;
        }
    }

    @Override
    protected boolean abandon() {
        Operation<?> waits = place;
        if (waits != null) {
            waits.cancel(); // it tells the guest
            return false;
        }
        if (cancellation == Cancellation.NONE || cancellation.isRequested()) {
            return false;
        }
        cancellation.request(work -> lane.runAside(loop(), work));
        Timer timer = Timer.of(this::cutConnection);
        cut = timer;
        loop().start(timer, settings.cancelMax().toNanos());
        return false;
    }

    /** The database has not even heard that it should stop. */
    private void cutConnection() {
        Connection stuck = connection;
        if (stuck != null) {
            lane.runAside(loop(), () -> {
                try {
                    stuck.unwrap(Connection.class).abort(Runnable::run);
                } catch (SQLException gone) {
                    // That is what was wanted.
                }
                lane.pool.evict(stuck);
            });
        }
    }

    private void end(Outcome<T> outcome) {
        Timer timer = cut;
        if (timer != null) {
            loop().cancel(timer);
        }
        switch (outcome) {
            case Success<T>(T value) -> kept(value);
            case Failed<T>(Throwable failure) -> {
                if (cancellation.isRequested() && failure instanceof DatabaseException known && wasAskedFor(known)) {
                    cancelled();
                } else {
                    broken(failure);
                }
            }
        }
    }

    /** Whether it failed because it was cancelled, and not of something that happened just then. */
    private static boolean wasAskedFor(DatabaseException failure) {
        return switch (failure.failure()) {
            case CANCELLED, CONNECTION_LOST, OTHER -> true;
            default -> false;
        };
    }

    // ------------------------------------------------------------------------------------------- where queries run

    private void runOnLease() {
        Lease mine = lease;
        if (mine == null) {
            throw new IllegalStateException("no connection for " + attempt);
        }
        connection = mine.connection;
        Outcome<T> outcome = outcome(mine.connection);
        connection = null;
        loop().run(() -> end(outcome));
    }

    private void runAlone() {
        long begunNanos = System.nanoTime();
        Connection mine;
        try {
            mine = lane.take();
        } catch (SQLException | IOException | RuntimeException | Error none) {
            lane.admission.leave(System.nanoTime() - begunNanos);
            Outcome<T> refused = new Failed<>(refusal(none));
            tell(refused);
            loop().run(() -> end(refused));
            return;
        }
        connection = mine;
        Outcome<T> outcome = outcome(mine);
        connection = null;
        boolean keeps = leases && outcome instanceof Success;
        if (!keeps) {
            lane.giveBack(mine);
        }
        tell(outcome); // before it leaves: while the callback runs, this thread is nobody else's
        if (!keeps) {
            lane.admission.leave(System.nanoTime() - begunNanos);
        }
        loop().run(() -> end(outcome));
    }

    private Outcome<T> outcome(Connection on) {
        try {
            return new Success<>(body.run(on, cancellation));
        } catch (SQLException said) {
            return new Failed<>(Diagnosis.of(attempt.toString(), said));
        } catch (Throwable failure) {
            return new Failed<>(failure);
        }
    }

    private void tell(Outcome<T> outcome) {
        Consumer<? super Outcome<T>> told = callback;
        if (told != null) {
            try {
                told.accept(outcome);
            } catch (Throwable failure) {
                loop().report("what continues after " + attempt, failure);
            }
        }
    }

    /** Why there was no connection although it was admitted. */
    private Throwable refusal(Throwable none) {
        Duration retryAfter = lane.admission.retryAfter();
        return switch (none) {
            case OperationException known
            when known.failure() == Failure.TIMED_OUT ->
                new RefusedException(
                        attempt.toString(), SqlFailure.UNREACHABLE, settings.printableUrl(), retryAfter, none);
            case SQLException said -> {
                SQLException first = said.getCause() instanceof SQLException cause ? cause : said;
                SqlFailure why =
                        Diagnosis.failure(first) == SqlFailure.DENIED ? SqlFailure.DENIED : SqlFailure.UNREACHABLE;
                yield new RefusedException(
                        attempt.toString(), why, settings.printableUrl() + ": " + first.getMessage(), retryAfter, said);
            }
            default -> none;
        };
    }

    @Override
    protected String what() {
        return attempt.toString();
    }
}
