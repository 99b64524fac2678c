package dev.pumasi.runtime;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The words of a recording, each once, so that an event holds a number instead. They are few: kinds of spans, names of
 * threads, and for what green threads wait for the kind of the operation, not its description, which would cost more than the
 * wait. Never removed. Any thread.
 *
 * <p>All that is known is exchanged as a whole and never changed. A lock would be met by two loops whose green threads wait for
 * the same thing for the first time, and who waits for a lock hops: a recording would cause what it is there to show.
 */
final class Labels {

    /** More are all called {@code other}: an event has so many bits for them. */
    static final int LABELS_MAX = 1 << 16;

    private static final int OTHER = 1;

    /** Published by a volatile write, read by a volatile read. */
    private static final AtomicReference<Known> KNOWN =
            new AtomicReference<>(new Known(List.of("", "other"), Map.of("", 0, "other", OTHER), Map.of()));

    private Labels() {}

    static int of(String word) {
        Integer number = KNOWN.get().numbers.get(word);
        return number != null
                ? number
                : KNOWN.updateAndGet(known -> known.with(word)).number(word);
    }

    /** Of what kind of operation that is: {@code StreamSocket.receive}, {@code Loop.Sleep}. */
    static int of(Operation<?> operation) {
        Integer number = KNOWN.get().kinds.get(operation.getClass());
        return number != null ? number : ofKind(operation.getClass());
    }

    private static int ofKind(Class<?> kind) {
        int number = of(word(kind));
        KNOWN.updateAndGet(known -> known.with(kind, number));
        return number;
    }

    static String word(int number) {
        List<String> words = KNOWN.get().words;
        return number < words.size() ? words.get(number) : "other";
    }

    /** An anonymous class is called after the method in which it is written. */
    private static String word(Class<?> type) {
        Method within = type.getEnclosingMethod();
        Class<?> outer = type.getEnclosingClass();
        if (within != null && outer != null) {
            return outer.getSimpleName() + "." + within.getName();
        }
        return outer == null ? type.getSimpleName() : outer.getSimpleName() + "." + type.getSimpleName();
    }

    /** Only kinds of operations of this runtime: there are no others, so nobody's classes are held. */
    private record Known(List<String> words, Map<String, Integer> numbers, Map<Class<?>, Integer> kinds) {

        int number(String word) {
            return numbers.getOrDefault(word, OTHER);
        }

        Known with(String word) {
            if (numbers.containsKey(word) || words.size() == LABELS_MAX) {
                return this;
            }
            List<String> moreWords = new ArrayList<>(words);
            Map<String, Integer> moreNumbers = new HashMap<>(numbers);
            moreNumbers.put(word, moreWords.size());
            moreWords.add(word);
            return new Known(moreWords, moreNumbers, kinds);
        }

        Known with(Class<?> kind, int number) {
            Map<Class<?>, Integer> moreKinds = new HashMap<>(kinds);
            moreKinds.put(kind, number);
            return new Known(words, numbers, moreKinds);
        }
    }
}
