package dev.pumasi.runtime;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The words of a recording, each once, so that an event holds a number instead. They are few: kinds of spans, names of
 * threads, and for what green threads wait for the kind of the operation, not its description, which would cost more than the
 * wait. Never removed. Any thread.
 */
final class Labels {

    /** More are all called {@code other}: an event has so many bits for them. */
    static final int LABELS_MAX = 1 << 16;

    private static final int OTHER = 1;

    private static final List<String> WORDS = new CopyOnWriteArrayList<>(List.of("", "other"));
    private static final Map<String, Integer> NUMBERS = new ConcurrentHashMap<>(Map.of("", 0, "other", OTHER));

    private static final ClassValue<Integer> OF_OPERATION = new ClassValue<>() {
        @Override
        protected Integer computeValue(Class<?> type) {
            return of(word(type));
        }
    };

    private Labels() {}

    static int of(String word) {
        Integer known = NUMBERS.get(word);
        return known != null ? known : add(word);
    }

    /** Of what kind of operation that is: {@code StreamSocket.receive}, {@code Loop.Sleep}. */
    static int of(Operation<?> operation) {
        return OF_OPERATION.get(operation.getClass());
    }

    static String word(int number) {
        return number < WORDS.size() ? WORDS.get(number) : "other";
    }

    private static synchronized int add(String word) {
        Integer known = NUMBERS.get(word);
        if (known != null) {
            return known;
        }
        if (WORDS.size() == LABELS_MAX) {
            return OTHER;
        }
        WORDS.add(word); // before its number is known: who has the number finds the word
        NUMBERS.put(word, WORDS.size() - 1);
        return WORDS.size() - 1;
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
}
