package dev.pumasi.sql;

import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Binds values to the places of a statement. */
final class Parameters {

    private Parameters() {}

    static void bind(PreparedStatement statement, List<? extends @Nullable Object> values) throws SQLException {
        for (int i = 0; i < values.size(); i++) {
            bind(statement, i + 1, values.get(i));
        }
    }

    private static void bind(PreparedStatement statement, int place, @Nullable Object value) throws SQLException {
        switch (value) {
            case null -> statement.setNull(place, Types.NULL);
            case Optional<?> perhaps -> bind(statement, place, perhaps.orElse(null));
            case String text -> statement.setString(place, text);
            case Integer number -> statement.setInt(place, number);
            case Long number -> statement.setLong(place, number);
            case Short number -> statement.setShort(place, number);
            case Byte number -> statement.setShort(place, number);
            case Double number -> statement.setDouble(place, number);
            case Float number -> statement.setFloat(place, number);
            case Boolean truth -> statement.setBoolean(place, truth);
            case BigDecimal number -> statement.setBigDecimal(place, number);
            case byte[] bytes -> statement.setBytes(place, bytes);
            case UUID id -> statement.setObject(place, id);
            case Instant instant -> statement.setObject(place, instant.atOffset(ZoneOffset.UTC));
            case OffsetDateTime time -> statement.setObject(place, time);
            case LocalDateTime time -> statement.setObject(place, time);
            case LocalDate date -> statement.setObject(place, date);
            case LocalTime time -> statement.setObject(place, time);
            case Enum<?> constant -> statement.setString(place, constant.name());
            default ->
                throw new IllegalArgumentException("parameter " + place + " is a "
                        + value.getClass().getName() + ", which is no value of a database: hand over its parts");
        }
    }
}
