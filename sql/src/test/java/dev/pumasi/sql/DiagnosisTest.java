package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What drivers say, and what it is taken to mean; those that a test cannot easily bring about for real. */
final class DiagnosisTest {

    @ParameterizedTest
    @CsvSource({
        "08006, CONNECTION_LOST",
        "08001, UNREACHABLE",
        "53300, UNREACHABLE",
        "53100, FULL",
        "57P01, CONNECTION_LOST",
        "57P03, UNREACHABLE",
        "28P01, DENIED",
        "42501, DENIED",
        "42P01, WRONG_STATEMENT",
        "22001, WRONG_VALUE",
        "40001, CONFLICT",
        "40P01, DEADLOCK",
        "55P03, LOCKED",
        "57014, CANCELLED",
        "25P02, ROLLED_BACK",
        "XX000, OTHER",
        "90067, CONNECTION_LOST",
        "90131, CONFLICT",
    })
    void statesHaveMeanings(String state, SqlFailure meaning) {
        assertEquals(meaning, Diagnosis.failure(new SQLException("said", state)));
    }

    @Test
    void withoutAStateItIsSomethingElse() {
        assertEquals(SqlFailure.OTHER, Diagnosis.failure(new SQLException("said")));
    }

    @Test
    void thrownAgainItIsTheSame() {
        DatabaseException original =
                Diagnosis.of("run \"x\"", new SQLException("Check constraint violation: \"FAIR: \"", "23513"));
        ConstraintException again = assertInstanceOf(ConstraintException.class, original.here());
        assertEquals("fair", again.constraint());
        assertEquals(original.getMessage(), again.getMessage());
        assertEquals("23513", again.sqlState().orElseThrow());
        assertEquals(original, again.getCause());
        RefusedException refused =
                new RefusedException("ask", SqlFailure.REFUSED, "", Duration.ofSeconds(3), null).here();
        assertEquals(Duration.ofSeconds(3), refused.retryAfter());
    }

    @Test
    void everyFailureSaysWhatToDo() {
        for (SqlFailure failure : SqlFailure.values()) {
            assertFalse(failure.cause().isBlank() || failure.remedy().isBlank(), failure.name());
            assertTrue(!failure.isConstraint() || !failure.isPassing(), failure.name());
        }
    }

    @Test
    void aStatementsTextIsShownShortAndWithoutItsValues() {
        String said =
                Query.of("select\n   ?  from " + "x".repeat(500), "secret").toString();
        assertFalse(said.contains("secret"));
        assertTrue(said.startsWith("run \"select ? from xxx"), said);
        assertTrue(said.length() < 220, said);
    }
}
