package dev.pumasi.runtime.sync;

import org.jspecify.annotations.Nullable;

/** A place in a {@link Line}. Links belong to the line; {@link #brought} and {@link #given} to line and waiter in turn. */
final class Place {

    final Claim claim;

    /** What he brings or wants: an item to send, the owner-to-be of a mutex, a number of permits. */
    final @Nullable Object brought;

    /** What he was given. Written by who lets him pass, before DONE. */
    @Nullable
    Object given;

    /** He is let pass whether or not he has given up meanwhile: his claim has been decided elsewhere. */
    final boolean decided;

    @Nullable
    Place previous;

    @Nullable
    Place next;

    boolean linked;

    Place(Claim claim, @Nullable Object brought, boolean decided) {
        this.claim = claim;
        this.brought = brought;
        this.decided = decided;
    }

    Place(Claim claim, @Nullable Object brought) {
        this(claim, brought, false);
    }

    boolean isAlive() {
        return decided || claim.isWaiting();
    }

    boolean tryClaim() {
        return decided || claim.tryClaim();
    }
}
