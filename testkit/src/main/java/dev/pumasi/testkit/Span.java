package dev.pumasi.testkit;

import java.time.Duration;

/**
 * From which the seed draws one number, both ends included.
 *
 * @param least in the unit that the component says which has this type
 * @param most in the same unit
 */
public record Span(long least, long most) {

    /** Always zero. */
    public static final Span ZERO = new Span(0, 0);

    public Span {
        if (least < 0 || least > most) {
            throw new IllegalArgumentException(
                    "a span goes from zero or more upwards, not from " + least + " to " + most);
        }
    }

    /** In nanoseconds. */
    public static Span micros(long least, long most) {
        return new Span(least * 1_000, most * 1_000);
    }

    /** In nanoseconds. */
    public static Span millis(long least, long most) {
        return new Span(least * 1_000_000, most * 1_000_000);
    }

    /** In nanoseconds. */
    public static Span of(Duration least, Duration most) {
        return new Span(least.toNanos(), most.toNanos());
    }
}
