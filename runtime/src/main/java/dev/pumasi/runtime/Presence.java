package dev.pumasi.runtime;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Something that lives on a loop for a while without a driver working on it: it stands in the list of interests, so that
 * people see it, and a loop that stops waits for its end. Cancelling it, which such a loop does again and again, is passed on.
 */
final class Presence extends Operation<@Nullable Void> {

    private final Supplier<String> description;
    private final Runnable onCancel;
    private final Runnable onAbandoned;

    /** @param onAbandoned what is left to do when the loop is over and this had not ended */
    Presence(Loop loop, Supplier<String> description, Runnable onCancel, Runnable onAbandoned) {
        super(loop);
        this.description = description;
        this.onCancel = onCancel;
        this.onAbandoned = onAbandoned;
    }

    @Override
    void start() {
        loop().enter(this);
    }

    /** On the loop; more than once does no harm. */
    void leave() {
        if (isInProgress()) {
            loop().leave(this);
            succeed(null);
        }
    }

    @Override
    void requestCancel() {
        onCancel.run();
    }

    @Override
    void abandoned() {
        onAbandoned.run();
    }

    @Override
    String describe() {
        return description.get();
    }
}
