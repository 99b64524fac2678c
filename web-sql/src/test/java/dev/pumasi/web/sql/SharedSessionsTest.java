package dev.pumasi.web.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.testkit.Postgres;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two processes before one database, and the clients of both. */
final class SharedSessionsTest {

    /** One of them is killed: the other knows its clients. */
    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void processesShareThem() throws Exception {
        try (Postgres postgres = Postgres.start();
                SessionProcess first = SessionProcess.start(postgres.url(""), Postgres.USER, Postgres.PASSWORD);
                SessionProcess second = SessionProcess.start(postgres.url(""), Postgres.USER, Postgres.PASSWORD)) {
            String cookie = first.ask("/put?dish=soup", "").split(" ")[0];
            assertEquals("soup", second.ask("/get", cookie));
            assertEquals("put", second.ask("/put?dish=rice", cookie));
            assertEquals("rice", first.ask("/get", cookie));
            first.close();
            assertEquals("rice", second.ask("/get", cookie));
            assertTrue(second.ask("/logout", cookie).endsWith("out"));
            assertEquals("none", second.ask("/get", cookie));
        }
    }
}
