package dev.pumasi.testkit;

import java.security.SecureRandom;
import java.util.Objects;

/**
 * What a run is decided by: the same seed, the same run. A seed is split by name into seeds for the parts, so that a
 * part which is added, or which draws more often than before, does not disturb the others.
 *
 * <p>Tests take {@link #fromCommandLine}: a fresh one each time, or the one of a failure that is looked for again.
 * Immutable.
 *
 * @param value what the dice of this part begin with
 * @param origin the value of the seed from which this one was split, at last: what is printed and accepted
 */
public record Seed(long value, long origin) {

    /** The system property that decides a run: {@code -Dpumasi.seed=42}, decimal or {@code 0x…}. */
    public static final String PROPERTY = "pumasi.seed";

    public Seed(long value) {
        this(value, value);
    }

    /**
     * The seed that the user named with {@code -Dpumasi.seed=…}, or else a fresh one.
     *
     * @throws IllegalArgumentException if the property is not a number
     */
    public static Seed fromCommandLine() {
        String given = System.getProperty(PROPERTY);
        return given == null ? fresh() : parse(given);
    }

    /** One that nobody has chosen. */
    public static Seed fresh() {
        return new Seed(new SecureRandom().nextLong());
    }

    static Seed parse(String text) {
        try {
            return new Seed(
                    text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text));
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException(
                    "-D" + PROPERTY + "=" + text + " is not a number: give one as a failed run printed it", notANumber);
        }
    }

    /** The seed of the part with this name. */
    public Seed split(String part) {
        long hash = Objects.requireNonNull(part).length();
        for (int i = 0; i < part.length(); i++) {
            hash = Dice.mix(hash + part.charAt(i));
        }
        return new Seed(Dice.mix(value ^ Dice.mix(hash)), origin);
    }

    /** The seed of the part with this number. */
    public Seed split(long number) {
        return new Seed(Dice.mix(value + Dice.GOLDEN_GAMMA * (number + 1)), origin);
    }

    /** Dice that always fall the same way for this seed. */
    public Dice dice() {
        return new Dice(value);
    }

    /** How a user runs it again. */
    public String replay() {
        return "-D" + PROPERTY + "=0x" + Long.toHexString(origin);
    }

    @Override
    public String toString() {
        return "0x" + Long.toHexString(value);
    }
}
