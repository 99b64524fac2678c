package dev.pumasi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import org.junit.jupiter.api.Test;

class HttpLimitsTest {

    /** Each limit has a setter of its own name that sets this one and no other. */
    @Test
    void builderSetsEach() throws ReflectiveOperationException {
        for (RecordComponent limit : HttpLimits.class.getRecordComponents()) {
            Class<?> type = limit.getType();
            Method setter = HttpLimits.Builder.class.getMethod(limit.getName(), type);
            HttpLimits.Builder builder = HttpLimits.builder();
            Object value = type == long.class ? (Object) 99L : (Object) 99;
            setter.invoke(builder, value);
            HttpLimits changed = builder.build();
            for (RecordComponent other : HttpLimits.class.getRecordComponents()) {
                Object expected = other.getName().equals(limit.getName())
                        ? value
                        : other.getAccessor().invoke(HttpLimits.DEFAULTS);
                assertEquals(expected, other.getAccessor().invoke(changed), other.getName());
                assertEquals(
                        other.getAccessor().invoke(changed),
                        other.getAccessor().invoke(changed.toBuilder().build()));
            }
        }
    }

    @Test
    void refusesNonsense() {
        HttpLimits.Builder builder = HttpLimits.builder().headBytesMax(65_536);
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, builder::build);
        assertTrue(refusal.getMessage().contains("headBytesMax is 65536"), refusal.getMessage());
        assertThrows(IllegalArgumentException.class, HttpLimits.builder().bodyBytesMax(-1)::build);
        assertThrows(IllegalArgumentException.class, HttpLimits.builder().fieldsMax(0)::build);
        assertThrows(IllegalArgumentException.class, HttpLimits.builder().idleTimeoutMillis(0)::build);
    }
}
