package dev.pumasi.runtime.driver;

/** Where a loop takes its time from. Given, never taken: a simulated driver owns its own. Any thread; never blocks. */
public interface Clock {

    /** The machine's clocks. */
    Clock SYSTEM = new Clock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis();
        }
    };

    /** Monotonic time in nanoseconds from an arbitrary origin. */
    long nanoTime();

    /** Wall-clock time in milliseconds since 1970-01-01T00:00Z. */
    long currentTimeMillis();
}
