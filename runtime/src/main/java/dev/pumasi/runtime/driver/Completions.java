package dev.pumasi.runtime.driver;

/**
 * What one turn of a driver brought, in the order in which it happened. A driver fills it during {@link Driver#poll};
 * the loop runs what it holds afterwards, so that no completion runs inside another. Reused for every turn and confined
 * to the loop's thread; adding allocates nothing.
 */
public final class Completions {

    /** Set when the operation goes on: another completion with the same token will follow. */
    public static final int MORE = 1 << 1;

    /** Set when the result's bytes lie in a provided buffer, whose id is in the upper half of the flags. */
    public static final int BUFFER = 1;

    private static final int BUFFER_ID_SHIFT = 16;

    private final long[] tokens;
    private final int[] results;
    private final int[] flags;
    private int size;

    /** @param capacity how many completions one turn gathers at most: what keeps a turn short */
    public Completions(int capacity) {
        tokens = new long[capacity];
        results = new int[capacity];
        flags = new int[capacity];
    }

    /**
     * Adds one. The caller has seen that there is room.
     *
     * @param result what the operation returned: zero or positive, or a negated {@link Errno}
     * @param flag {@link #MORE}, {@link #BUFFER} with its id, or 0
     */
    public void add(long token, int result, int flag) {
        tokens[size] = token;
        results[size] = result;
        flags[size] = flag;
        size++;
    }

    public boolean isFull() {
        return size == tokens.length;
    }

    public int room() {
        return tokens.length - size;
    }

    public int size() {
        return size;
    }

    public void clear() {
        size = 0;
    }

    public long token(int index) {
        return tokens[index];
    }

    public int result(int index) {
        return results[index];
    }

    public int flags(int index) {
        return flags[index];
    }

    /** The flags that say: these bytes lie in provided buffer {@code id}. */
    public static int inBuffer(int id) {
        return BUFFER | id << BUFFER_ID_SHIFT;
    }

    /** The provided buffer that the flags name; asked only when {@link #BUFFER} is set. */
    public static int bufferId(int flags) {
        return flags >>> BUFFER_ID_SHIFT;
    }
}
