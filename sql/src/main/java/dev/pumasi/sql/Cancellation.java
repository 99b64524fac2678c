package dev.pumasi.sql;

import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.sync.Latch;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Between the thread on which a statement runs and the loop that wants it to end.
 *
 * <pre>
 *   idle (null) ── begins ──► its brake ── ends ──► idle
 *     │                          └── request ──► a latch, until the driver has cancelled ── ends, waits for it ──► idle
 *     └── request ──► {@link #requested}: the next statement does not begin
 * </pre>
 *
 * <p>A connection must not go on to the next statement while a cancellation is on its way to the database: that would hit the wrong one. So
 * {@link #ends} waits for it. Who begins first writes the brake and then reads {@code requested}; who requests writes that first and then
 * reads the brake: one of the two sees the other.
 */
final class Cancellation {

    /** Makes what runs end; may block, on a thread that may. */
    @FunctionalInterface
    interface Brake {
        void pull() throws SQLException;
    }

    /** Where nobody will ever cancel. */
    static final Cancellation NONE = new Cancellation();

    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();
    private volatile boolean requested;

    /** A statement is about to run. On its thread. */
    void begins(Brake brake) throws SQLException {
        if (this == NONE) {
            return;
        }
        state.set(brake);
        if (requested) {
            ends(); // the request may have seen the statement as well
            throw new SQLException("cancelled before it began", "57014");
        }
    }

    /** It has ended, well or not. On its thread; waits if a cancellation is on its way. */
    void ends() {
        if (this == NONE) {
            return;
        }
        if (state.getAndSet(null) instanceof Latch underWay) {
            try {
                underWay.await();
            } catch (OperationException hurried) {
                // Interrupted by a pool that closes: its connections are of no use any more.
            }
        }
    }

    /**
     * Asks that what runs, or will run, ends. On the loop; more than once does no harm.
     *
     * @param elsewhere runs what may block
     */
    void request(Consumer<Runnable> elsewhere) {
        requested = true;
        if (state.get() instanceof Brake running) {
            Latch underWay = new Latch(1);
            if (state.compareAndSet(running, underWay)) {
                elsewhere.accept(() -> {
                    try {
                        running.pull();
                    } catch (SQLException unheard) {
                        // The server does not answer; the connection will be cut instead.
                    } finally {
                        underWay.countDown();
                    }
                });
            }
        }
    }

    boolean isRequested() {
        return requested;
    }
}
