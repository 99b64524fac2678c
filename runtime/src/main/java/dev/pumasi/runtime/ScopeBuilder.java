package dev.pumasi.runtime;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is said about a {@link Scope} or a {@link Race} before it is opened. Belongs to one thread. */
public final class ScopeBuilder {

    /** How many subtasks may run at once unless {@link #limit} says otherwise. */
    static final int UNLIMITED = Integer.MAX_VALUE;

    private @Nullable Supplier<Loop> placement;
    private int runningMax = UNLIMITED;
    private @Nullable Deadline deadline;
    private ScopedValue.@Nullable Carrier given;

    ScopeBuilder() {}

    /** Everything in the scope must be done in {@code limit} from now. Of several deadlines the earliest counts. */
    public ScopeBuilder within(Duration limit) {
        Loop here = Loop.current().orElse(null);
        return by(here == null ? Deadline.in(limit) : Deadline.in(here, limit));
    }

    /** Everything in the scope must be done by then. Of several deadlines the earliest counts. */
    public ScopeBuilder by(Deadline limit) {
        deadline = Deadline.earlier(deadline, limit);
        return this;
    }

    /** At most so many subtasks run at once; {@link Scope#fork} waits until there is room. */
    public ScopeBuilder limit(int running) {
        if (running < 1) {
            throw new IllegalArgumentException("at least one must be able to run, not " + running);
        }
        runningMax = running;
        return this;
    }

    /** Subtasks run on this loop instead of the opener's. */
    public ScopeBuilder on(Loop loop) {
        placement = () -> loop;
        return this;
    }

    /** Subtasks run on the loops of this group, in turn: at the same time, hence on state that is safe for that. */
    public ScopeBuilder on(LoopGroup group) {
        placement = group::next;
        return this;
    }

    /** Subtasks see this value, whatever they inherit. */
    public <V> ScopeBuilder where(ScopedValue<V> key, V value) {
        given = given == null ? ScopedValue.where(key, value) : given.where(key, value);
        return this;
    }

    /**
     * Opens a scope whose subtasks must all succeed: the first failure cancels the rest.
     *
     * @throws IllegalStateException on a loop's own thread outside a green one, which cannot wait; on a thread that belongs to no
     *     loop, unless {@link #on} says which to use; if that loop has stopped
     */
    public Scope open() {
        return open(Scope.Policy.ALL_SUCCEED);
    }

    /** Opens a scope whose subtasks all go on to their end, whatever the others come to. As {@link #open} otherwise. */
    public Scope allEnd() {
        return open(Scope.Policy.ALL_END);
    }

    /** Opens a race that the first to succeed wins; the rest is cancelled then. As {@link #open} otherwise. */
    public <T extends @Nullable Object> Race<T> firstSuccess() {
        return new Race<>(open(Scope.Policy.FIRST_SUCCESS));
    }

    /** Opens a race that the first to end decides, whether it succeeds or fails. As {@link #open} otherwise. */
    public <T extends @Nullable Object> Race<T> firstEnd() {
        return new Race<>(open(Scope.Policy.FIRST_END));
    }

    private Scope open(Scope.Policy policy) {
        Loop home = home();
        return new Scope(home, policy, placement == null ? () -> home : placement, runningMax, deadline, given).begin();
    }

    /** The loop on which the opener is woken. */
    private Loop home() {
        Loop here = Loop.current().orElse(null);
        if (here != null) {
            if (!Thread.currentThread().isVirtual()) {
                throw new IllegalStateException("a loop's own thread cannot wait for subtasks: open a scope on a green"
                        + " thread, or use a Background");
            }
            return here;
        }
        Extent around = Extent.INNERMOST.get();
        if (around != null) {
            return around.loop();
        }
        if (placement == null) {
            throw new IllegalStateException(
                    Thread.currentThread() + " belongs to no loop: say with Scope.builder().on(…) where subtasks run");
        }
        return placement.get();
    }
}
