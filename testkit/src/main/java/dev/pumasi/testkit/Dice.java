package dev.pumasi.testkit;

/**
 * A source of seeded decisions: SplitMix64 (Steele, Lea, Flood: <i>Fast Splittable Pseudorandom Number Generators</i>,
 * OOPSLA 2014). Written out here, and not taken from the JDK, so that a seed means the same run on every release. Not
 * for secrets. Confined to one thread.
 */
public final class Dice {

    static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    Dice(long seed) {
        state = seed;
    }

    /** The paper's {@code mix64} (variant 13 of Stafford): every bit of the input changes half of the output's. */
    static long mix(long bits) {
        long z = bits;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    public long next() {
        state += GOLDEN_GAMMA;
        return mix(state);
    }

    /** A number in {@code [0, bound)}. */
    public int below(int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("nothing lies in [0, " + bound + ")");
        }
        // The upper 64 bits of the product: unbiased to within bound / 2^64.
        return (int) Math.unsignedMultiplyHigh(next(), bound);
    }

    /** A number in {@code [least, most]}. */
    public long between(long least, long most) {
        if (least > most) {
            throw new IllegalArgumentException("nothing lies in [" + least + ", " + most + "]");
        }
        long count = most - least + 1;
        return count == 0 ? next() : least + Math.unsignedMultiplyHigh(next(), count);
    }

    /** A number within the span. */
    public long within(Span span) {
        return between(span.least(), span.most());
    }

    /** True with this probability; certain answers draw nothing. */
    public boolean chance(double probability) {
        if (probability <= 0) {
            return false;
        }
        return probability >= 1 || (next() >>> 11) * 0x1p-53 < probability;
    }

    /** Fills with bytes of any value. */
    public byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) next();
        }
        return bytes;
    }
}
