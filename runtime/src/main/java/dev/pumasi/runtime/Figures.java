package dev.pumasi.runtime;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where the parts of a process that count something say so: pools of threads, databases, queues. Whoever shows figures (the live
 * page, the metrics) asks here, and so need not know the modules that have them; and a part that an application brings along, with
 * classes of its own class loader, is seen without a line of the application's.
 *
 * <p>A part {@linkplain #offer offers} its figures when it opens and takes the offer back when it closes. Nothing is counted, copied or called until
 * somebody looks.
 *
 * <p>Any thread may call any method.
 */
public final class Figures {

    /** How many sources there may be; those beyond are {@linkplain #leftOut counted} and not shown. */
    public static final int SOURCES_MAX = 1024;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.runtime");

    /** By number, so that they are shown in the order in which they were opened. */
    private static final ConcurrentSkipListMap<Long, Source<?>> SOURCES = new ConcurrentSkipListMap<>();

    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final AtomicInteger SIZE = new AtomicInteger();
    private static final AtomicInteger LEFT_OUT = new AtomicInteger();

    private Figures() {}

    /**
     * One figure.
     *
     * @param name in words of lower-case letters, digits and underscores: {@code in_use}
     * @param value as of about now
     * @param grows whether it only grows, as something that is counted does
     */
    public record Figure(String name, double value, boolean grows) {

        public Figure {
            if (name.isEmpty()
                    || !name.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_')) {
                throw new IllegalArgumentException("'" + name + "' is no name of a figure");
            }
        }

        /** One that goes up and down. */
        public static Figure level(String name, double value) {
            return new Figure(name, value, false);
        }

        /** One that only grows. */
        public static Figure count(String name, double value) {
            return new Figure(name, value, true);
        }
    }

    /**
     * The figures of one thing.
     *
     * @param kind what it is, as {@link Figure#name}: {@code offload}, {@code database}, {@code queue_topic}. All of a kind have the
     *     same figures.
     * @param name which one, in words of its own
     * @param figures what it counts
     * @param note something an operator should read, such as why it does not work; mostly empty
     */
    public record Row(String kind, String name, List<Figure> figures, String note) {

        public Row {
            Figure.level(kind, 0); // the same rule
            figures = List.copyOf(figures);
        }

        public Row(String kind, String name, List<Figure> figures) {
            this(kind, name, figures, "");
        }
    }

    /** What takes a source back. */
    @FunctionalInterface
    public interface Offer extends AutoCloseable {
        @Override
        void close();
    }

    /** A source: who has figures, and how they are read. Whoever forgets to close an offer is not kept alive by it. */
    private record Source<T>(WeakReference<T> owner, Function<? super T, ? extends Collection<Row>> read) {

        /** Null if the owner is gone. */
        @Nullable
        Collection<Row> rows() {
            T here = owner.get();
            return here == null ? null : read.apply(here);
        }
    }

    /**
     * Offers the figures of {@code owner} until the offer is closed, or the owner is garbage.
     *
     * @param read how they are read: called on any thread, often while others work, so it must not block and not ask a loop. It must not
     *     hold the owner itself, but use the one it is given.
     */
    public static <T> Offer offer(T owner, Function<? super T, ? extends Collection<Row>> read) {
        if (SIZE.incrementAndGet() > SOURCES_MAX) {
            SIZE.decrementAndGet();
            LEFT_OUT.incrementAndGet();
            return () -> {};
        }
        long number = NUMBERS.incrementAndGet();
        SOURCES.put(number, new Source<>(new WeakReference<>(owner), read));
        return () -> take(number);
    }

    private static void take(long number) {
        if (SOURCES.remove(number) != null) {
            SIZE.decrementAndGet();
        }
    }

    /** All figures, as of about now. A source that fails is left out this time. */
    public static List<Row> all() {
        List<Row> rows = new ArrayList<>();
        SOURCES.forEach((number, source) -> {
            try {
                Collection<Row> some = source.rows();
                if (some == null) {
                    take(number);
                } else {
                    rows.addAll(some);
                }
            } catch (RuntimeException failure) {
                LOG.log(System.Logger.Level.DEBUG, "figures that could not be read", failure);
            }
        });
        return rows;
    }

    /** How many sources were not taken because there were too many. */
    public static int leftOut() {
        return LEFT_OUT.get();
    }
}
