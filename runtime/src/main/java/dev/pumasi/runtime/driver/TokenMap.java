package dev.pumasi.runtime.driver;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds a waiting operation by its token, for {@link Driver#cancel}. Open addressing with linear probing; a removal
 * closes its gap by moving later entries back (Knuth, The Art of Computer Programming 3, 6.4, algorithm R), so there
 * are no tombstones and nothing is allocated but for growth. Token 0 is the empty place. Belongs to one thread.
 */
final class TokenMap<T> {

    private static final int CAPACITY_FIRST = 256;
    /** 2^64 divided by the golden ratio: spreads tokens that count upwards, or differ in their upper half only. */
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private long[] tokens = new long[CAPACITY_FIRST];
    private @Nullable Object[] operations = new Object[CAPACITY_FIRST];
    private int size;

    void put(long token, T operation) {
        if (2 * size >= tokens.length) {
            grow();
        }
        int at = place(token);
        if (tokens[at] == token) {
            throw new IllegalStateException("token " + token + " is in use by another operation");
        }
        tokens[at] = token;
        operations[at] = operation;
        size++;
    }

    @SuppressWarnings("unchecked") // put() takes nothing else
    @Nullable
    T get(long token) {
        return (T) operations[place(token)];
    }

    @SuppressWarnings("unchecked") // put() takes nothing else
    void forEach(Consumer<T> action) {
        for (Object operation : operations) {
            if (operation != null) {
                action.accept((T) operation);
            }
        }
    }

    void remove(long token) {
        int gap = place(token);
        if (operations[gap] == null) {
            return;
        }
        int mask = tokens.length - 1;
        for (int at = gap + 1 & mask; tokens[at] != 0; at = at + 1 & mask) {
            // An entry may move back to the gap unless its home lies after the gap.
            if ((at - home(tokens[at]) & mask) >= (at - gap & mask)) {
                tokens[gap] = tokens[at];
                operations[gap] = operations[at];
                gap = at;
            }
        }
        tokens[gap] = 0;
        operations[gap] = null;
        size--;
    }

    /** Where the token is, or where it would go. */
    private int place(long token) {
        int at = home(token);
        while (tokens[at] != 0 && tokens[at] != token) {
            at = at + 1 & tokens.length - 1;
        }
        return at;
    }

    private int home(long token) {
        return (int) ((token * SPREAD) >>> 32) & (tokens.length - 1);
    }

    private void grow() {
        long[] oldTokens = tokens;
        @Nullable Object[] oldOperations = operations;
        tokens = new long[2 * oldTokens.length];
        operations = new Object[2 * oldTokens.length];
        for (int i = 0; i < oldTokens.length; i++) {
            if (oldTokens[i] != 0) {
                int at = place(oldTokens[i]);
                tokens[at] = oldTokens[i];
                operations[at] = oldOperations[i];
            }
        }
    }
}
