package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A point in time until which something must be done: absolute, so that it can be handed on through any number of steps
 * without growing. It is read from a loop's clock, hence simulated where the loop is. Immutable; any thread.
 */
public final class Deadline {

    private final Clock clock;
    private final long nanos;

    private Deadline(Clock clock, long nanos) {
        this.clock = clock;
        this.nanos = nanos;
    }

    /** In {@code time} from now, by the clock of the caller's loop; outside of loops by the machine's. */
    public static Deadline in(Duration time) {
        Loop loop = Loop.current().orElse(null);
        return in(loop == null ? Clock.SYSTEM : loop.driver().clock(), time);
    }

    /** In {@code time} from now, by the clock of this loop. */
    public static Deadline in(Loop loop, Duration time) {
        return in(loop.driver().clock(), time);
    }

    /** The earliest of the scopes around the caller, or empty if none has one. */
    public static Optional<Deadline> current() {
        Extent innermost = Extent.INNERMOST.get();
        return innermost == null ? Optional.empty() : Optional.ofNullable(innermost.deadline());
    }

    private static Deadline in(Clock clock, Duration time) {
        return new Deadline(clock, clock.nanoTime() + Loop.nanos(time));
    }

    /** How long it still is until then; {@link Duration#ZERO} if it has passed. */
    public Duration remaining() {
        return Duration.ofNanos(remainingNanos());
    }

    public boolean hasPassed() {
        return remainingNanos() == 0;
    }

    /** The earlier of the two, which must be of one clock. */
    public Deadline earlier(Deadline other) {
        return nanos - other.nanos <= 0 ? this : other;
    }

    static @Nullable Deadline earlier(@Nullable Deadline one, @Nullable Deadline other) {
        return one == null ? other : other == null ? one : one.earlier(other);
    }

    long remainingNanos() {
        return Math.max(0, nanos - clock.nanoTime());
    }

    @Override
    public String toString() {
        return "in " + remaining();
    }
}
