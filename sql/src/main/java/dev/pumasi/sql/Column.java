package dev.pumasi.sql;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How one column becomes one value of Java's.
 *
 * @param mayBeNull where the value is annotated {@code @Nullable}, whoever's annotation that is
 * @param optional where it is wrapped
 */
record Column(Reading reading, boolean mayBeNull, boolean optional) {

    /** Gets a value; null, or anything with {@link ResultSet#wasNull} set, is SQL's null. */
    @FunctionalInterface
    interface Reading {
        @Nullable
        Object of(ResultSet rows, int column) throws SQLException;
    }

    private static final Map<Class<?>, Reading> READINGS = Map.ofEntries(
            Map.entry(int.class, ResultSet::getInt),
            Map.entry(Integer.class, ResultSet::getInt),
            Map.entry(long.class, ResultSet::getLong),
            Map.entry(Long.class, ResultSet::getLong),
            Map.entry(short.class, ResultSet::getShort),
            Map.entry(Short.class, ResultSet::getShort),
            Map.entry(byte.class, ResultSet::getByte),
            Map.entry(Byte.class, ResultSet::getByte),
            Map.entry(double.class, ResultSet::getDouble),
            Map.entry(Double.class, ResultSet::getDouble),
            Map.entry(float.class, ResultSet::getFloat),
            Map.entry(Float.class, ResultSet::getFloat),
            Map.entry(boolean.class, ResultSet::getBoolean),
            Map.entry(Boolean.class, ResultSet::getBoolean),
            Map.entry(String.class, ResultSet::getString),
            Map.entry(byte[].class, ResultSet::getBytes),
            Map.entry(BigDecimal.class, ResultSet::getBigDecimal),
            Map.entry(Instant.class, (rows, column) -> {
                OffsetDateTime time = rows.getObject(column, OffsetDateTime.class);
                return time == null ? null : time.toInstant();
            }),
            object(UUID.class),
            object(OffsetDateTime.class),
            object(LocalDateTime.class),
            object(LocalDate.class),
            object(LocalTime.class));

    private static <T> Map.Entry<Class<?>, Reading> object(Class<T> type) {
        return Map.entry(type, (rows, column) -> rows.getObject(column, type));
    }

    /** Of a component; empty if its type is none that a column has. */
    static Optional<Column> of(RecordComponent component) {
        Type type = component.getGenericType();
        if (component.getType() == Optional.class && type instanceof ParameterizedType optional) {
            return optional.getActualTypeArguments()[0] instanceof Class<?> inside
                    ? reading(inside).map(reading -> new Column(reading, true, true))
                    : Optional.empty();
        }
        boolean mayBeNull = isNullable(component.getAnnotatedType()) || isNullable(component);
        return reading(component.getType()).map(reading -> new Column(reading, mayBeNull, false));
    }

    /** Of a column that is asked for alone. */
    static Optional<Column> of(Class<?> type) {
        return reading(type).map(reading -> new Column(reading, false, false));
    }

    private static boolean isNullable(AnnotatedElement element) {
        return Arrays.stream(element.getAnnotations())
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().equals("Nullable"));
    }

    private static Optional<Reading> reading(Class<?> type) {
        if (type.isEnum()) {
            return Optional.of((rows, column) -> constant(type, rows.getString(column)));
        }
        return Optional.ofNullable(READINGS.get(type));
    }

    private static @Nullable Object constant(Class<?> type, @Nullable String name) throws SQLException {
        if (name == null) {
            return null;
        }
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        throw new SQLException("'" + name + "' is none of " + Arrays.toString(type.getEnumConstants()), "22000");
    }

    /** The value of a component; null only where it may be. */
    @Nullable
    Object read(ResultSet rows, int column) throws SQLException {
        Object value = reading.of(rows, column);
        boolean isNull = value == null || rows.wasNull();
        if (optional) {
            return isNull ? Optional.empty() : Optional.ofNullable(value);
        }
        if (isNull && !mayBeNull) {
            throw new SQLException("it is null", "22002");
        }
        return isNull ? null : value;
    }
}
