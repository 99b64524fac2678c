package dev.pumasi.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SessionsInSqlTest extends EachDriver {

    @Test
    void ordersOutliveTheServer() throws Exception {
        SessionsInSql.Facts facts = SessionsInSql.run(story, driver);
        assertEquals(
                List.of(
                        "soup",
                        "soup, rice",
                        "soup, rice",
                        "soup, rice, spam",
                        "soup, rice, spam",
                        "nothing",
                        "good bye",
                        "nothing"),
                facts.told());
        assertEquals(1, facts.rows(), "the made-up one is none");
    }
}
