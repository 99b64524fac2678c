package dev.pumasi.sql;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What rows are asked as: a record, or the type of a single column. A type is looked at once in a JVM's life; to which columns its
 * components belong, once for each order of columns, of which it remembers the last.
 */
final class RowType<T> {

    private static final ClassValue<RowType<?>> KNOWN = new ClassValue<>() {
        @Override
        protected RowType<?> computeValue(Class<?> type) {
            return new RowType<>(type);
        }
    };

    /** Which column each component has, for results with these columns. */
    private record Binding(String[] labels, int[] columns) {

        boolean fits(ResultSetMetaData result) throws SQLException {
            if (result.getColumnCount() != labels.length) {
                return false;
            }
            for (int i = 0; i < labels.length; i++) {
                if (!labels[i].equals(result.getColumnLabel(i + 1))) {
                    return false;
                }
            }
            return true;
        }
    }

    private final Class<T> type;
    private final String[] names;
    private final Column[] columns;
    private final @Nullable MethodHandle constructor;

    /** Any thread may set it to another one that is as good. */
    private volatile @Nullable Binding last;

    private RowType(Class<T> type) {
        this.type = type;
        RecordComponent[] components = type.getRecordComponents();
        if (components == null) {
            names = new String[] {"the only column"};
            columns = new Column[] {
                Column.of(type)
                        .orElseThrow(() -> unfit(type, type + " is neither a record nor a" + " type that a column has"))
            };
            constructor = null;
        } else {
            names = Stream.of(components).map(RecordComponent::getName).toArray(String[]::new);
            columns = Stream.of(components)
                    .map(component -> Column.of(component)
                            .orElseThrow(() -> unfit(
                                    type,
                                    "its component " + component.getName() + " is a "
                                            + component.getGenericType().getTypeName()
                                            + ", which no column has")))
                    .toArray(Column[]::new);
            constructor = constructor(type, components);
        }
    }

    /** @throws IllegalArgumentException if rows cannot be asked as that */
    @SuppressWarnings("unchecked") // computed from this class
    static <T> RowType<T> of(Class<T> type) {
        return (RowType<T>) KNOWN.get(type);
    }

    private static MethodHandle constructor(Class<?> type, RecordComponent[] components) {
        try {
            Class<?>[] types =
                    Stream.of(components).map(RecordComponent::getType).toArray(Class[]::new);
            Constructor<?> canonical = type.getDeclaredConstructor(types);
            canonical.setAccessible(true);
            return MethodHandles.lookup()
                    .unreflectConstructor(canonical)
                    .asSpreader(Object[].class, types.length)
                    .asType(MethodType.methodType(Object.class, Object[].class));
        } catch (ReflectiveOperationException | RuntimeException closed) {
            IllegalArgumentException unfit = unfit(
                    type,
                    "its constructor cannot be called: open its package to " + RowType.class.getModule() + " ("
                            + closed.getMessage() + ")");
            unfit.initCause(closed);
            throw unfit;
        }
    }

    private static IllegalArgumentException unfit(Class<?> type, String why) {
        return new IllegalArgumentException("rows cannot be asked as " + type.getSimpleName() + ": " + why);
    }

    /** Reads rows of one result. */
    final class Reader {

        private final ResultSet rows;
        private final int[] places;
        private final String sql;

        private Reader(ResultSet rows, int[] places, String sql) {
            this.rows = rows;
            this.places = places;
            this.sql = sql;
        }

        /** The current row. */
        T row() throws SQLException, DatabaseException {
            @Nullable Object[] values = new @Nullable Object[columns.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = value(i);
            }
            MethodHandle make = constructor;
            @Nullable Object row;
            if (make == null) {
                row = values[0];
            } else {
                try {
                    row = (Object) make.invokeExact((Object[]) values);
                } catch (RuntimeException | Error refused) {
                    throw refused; // what the record's own constructor throws
                } catch (Throwable refused) {
                    throw new IllegalStateException(refused);
                }
            }
            return known(row);
        }

        /** Made by its own constructor, or by a reading that gives no null. */
        @SuppressWarnings({"unchecked", "NullAway"})
        private T known(@Nullable Object row) {
            return (T) row;
        }

        private @Nullable Object value(int component) throws SQLException, DatabaseException {
            int place = places[component];
            try {
                return columns[component].read(rows, place);
            } catch (SQLException unfit) {
                String state = unfit.getSQLState();
                if (state != null && !state.startsWith("22") && !state.startsWith("07") && !state.startsWith("42")) {
                    throw unfit; // not because of the value
                }
                throw new DatabaseException(
                        Query.attempt(sql),
                        SqlFailure.WRONG_ROW,
                        "column " + rows.getMetaData().getColumnLabel(place) + " for " + names[component] + " of "
                                + type.getSimpleName() + ": " + unfit.getMessage()
                                + ("22002".equals(state) ? "; make it an Optional, or @Nullable" : ""),
                        unfit);
            }
        }
    }

    /** @throws DatabaseException if a component has no column, or several */
    Reader reader(ResultSet rows, String sql) throws SQLException, DatabaseException {
        ResultSetMetaData result = rows.getMetaData();
        Binding known = last;
        if (known == null || !known.fits(result)) {
            known = bind(result, sql);
            last = known;
        }
        return new Reader(rows, known.columns, sql);
    }

    /** Of the first column, whatever others there are: databases differ in which columns of a new row they call generated. */
    Reader first(ResultSet rows, String sql) throws SQLException, DatabaseException {
        return constructor == null ? new Reader(rows, new int[] {1}, sql) : reader(rows, sql);
    }

    private Binding bind(ResultSetMetaData result, String sql) throws SQLException, DatabaseException {
        String[] labels = new String[result.getColumnCount()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = result.getColumnLabel(i + 1);
        }
        if (constructor == null) {
            if (labels.length != 1) {
                throw misfit(sql, "a " + type.getSimpleName() + " is one column, and there are", labels);
            }
            return new Binding(labels, new int[] {1});
        }
        int[] places = new int[names.length];
        for (int i = 0; i < names.length; i++) {
            for (int j = 0; j < labels.length; j++) {
                if (plain(labels[j]).equals(plain(names[i]))) {
                    if (places[i] != 0) {
                        throw misfit(sql, "several columns are called " + names[i] + ":", labels);
                    }
                    places[i] = j + 1;
                }
            }
            if (places[i] == 0) {
                throw misfit(
                        sql,
                        "no column is called as the component " + names[i] + " of " + type.getSimpleName()
                                + "; there are",
                        labels);
            }
        }
        return new Binding(labels, places);
    }

    private static DatabaseException misfit(String sql, String why, String[] labels) {
        String all = Arrays.stream(labels).collect(Collectors.joining(", "));
        return new DatabaseException(Query.attempt(sql), SqlFailure.WRONG_ROW, why + " " + all, null);
    }

    private static String plain(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }
}
