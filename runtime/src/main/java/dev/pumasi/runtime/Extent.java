package dev.pumasi.runtime;

import org.jspecify.annotations.Nullable;

/**
 * What a thread is in, from the innermost outwards: the scopes it has opened, and the subtask it runs, if it does. It is
 * asked when a thread was interrupted, when a scope is opened, and never where nothing of that kind happens: a thread outside
 * of all scopes does not even have the thread-local.
 */
sealed interface Extent permits Scope.Block, Subtask {

    ThreadLocal<@Nullable Extent> INNERMOST = new ThreadLocal<>();

    /** The next one of the same thread. */
    @Nullable
    Extent outer();

    /** Why this has interrupted the thread; null if it has not. Any thread. */
    @Nullable
    Failure told();

    /** The earliest that counts here, those of everything around included. */
    @Nullable
    Deadline deadline();

    /** The loop of those who wait in it. */
    Loop loop();

    /** Why anything around the calling thread has interrupted it, the outermost first; null if nothing has. */
    static @Nullable Failure toldHere() {
        Failure told = null;
        for (Extent extent = INNERMOST.get(); extent != null; extent = extent.outer()) {
            Failure here = extent.told();
            told = here == null ? told : here;
        }
        return told;
    }

    /** Makes {@code extent} the calling thread's innermost. */
    static void enter(@Nullable Extent extent) {
        if (extent == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(extent);
        }
    }

    /** Closes the scopes that the calling thread has opened inside {@code outer} and not closed; whether there were any. */
    @SuppressWarnings("ReferenceEquality") // an extent is itself
    static boolean closeInside(Extent outer) {
        boolean any = false;
        Extent innermost = INNERMOST.get();
        while (innermost != outer && innermost instanceof Scope.Block left) {
            any = true;
            left.close();
            innermost = INNERMOST.get();
        }
        return any;
    }
}
