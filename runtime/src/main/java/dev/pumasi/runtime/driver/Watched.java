package dev.pumasi.runtime.driver;

/** What a readiness driver remembers of one handle's number; used again when the number is. */
final class Watched {

    final int handle;
    final Attempt input = new Attempt(this);
    final Attempt output = new Attempt(this);

    boolean isOpen;
    /** Counts the closes, so that a report on an earlier socket of the same number is recognised. */
    int generation;
    /** What the kernel was last told to watch: {@link ReadinessDriver#READABLE}, {@link ReadinessDriver#WRITABLE}. */
    int registered;
    /** Whether it stands in the driver's list of handles whose registration is to be looked at. */
    boolean isListed;

    Watched(int handle) {
        this.handle = handle;
    }

    /** What the operations in progress wait for. */
    int wanted() {
        return (input.isWaiting() ? ReadinessDriver.READABLE : 0) | (output.isWaiting() ? ReadinessDriver.WRITABLE : 0);
    }
}
