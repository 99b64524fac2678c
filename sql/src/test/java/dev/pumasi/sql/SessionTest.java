package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Statements, rows and parameters: the same on every database. */
final class SessionTest extends OnEachDatabase {

    enum Taste {
        SWEET,
        SALTY
    }

    record Everything(
            int i,
            long l,
            short s,
            double d,
            float f,
            boolean b,
            String text,
            byte[] bytes,
            BigDecimal exact,
            UUID id,
            Instant instant,
            OffsetDateTime moment,
            LocalDateTime local,
            LocalDate onDay,
            LocalTime atTime,
            Taste taste,
            Optional<String> perhaps,
            @Nullable Integer nothing) {}

    record Dish(long id, String name, int unitPrice) {}

    @Test
    void everyTypeGoesThereAndBack() throws Exception {
        create("everything (i int, l bigint, s smallint, d double precision, f real, b boolean, text varchar(99),"
                + " bytes " + (place.isPostgres() ? "bytea" : "varbinary(99)")
                + ", exact numeric(12, 3), id uuid, instant timestamp with time zone, moment timestamp with time zone,"
                + " local timestamp, on_day date, at_time time, taste varchar(9), perhaps varchar(9), nothing int)");
        Instant instant = Instant.parse("2026-11-21T15:00:00.123456Z");
        UUID id = UUID.fromString("3fa85f64-5717-4562-b3fc-2c963f66afa6");
        onGreen(() -> database.update(
                "insert into everything values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                -1,
                Long.MAX_VALUE,
                (short) 7,
                0.1,
                0.5f,
                true,
                "김치 ' \" ; --",
                new byte[] {0, -1, 39},
                new BigDecimal("1234.500"),
                id,
                instant,
                instant.atOffset(ZoneOffset.UTC),
                LocalDateTime.of(2026, 2, 28, 23, 59),
                LocalDate.of(2024, 2, 29),
                LocalTime.of(1, 2, 3),
                Taste.SALTY,
                Optional.empty(),
                null));
        Everything row = onGreen(() -> database.one("select * from everything", Everything.class))
                .orElseThrow();
        assertEquals(-1, row.i);
        assertEquals(Long.MAX_VALUE, row.l);
        assertEquals(7, row.s);
        assertEquals(0.1, row.d);
        assertEquals(0.5f, row.f);
        assertTrue(row.b);
        assertEquals("김치 ' \" ; --", row.text);
        assertArrayEquals(new byte[] {0, -1, 39}, row.bytes);
        assertEquals(new BigDecimal("1234.500"), row.exact);
        assertEquals(id, row.id);
        assertEquals(instant, row.instant);
        assertEquals(instant, row.moment.toInstant());
        assertEquals(LocalDateTime.of(2026, 2, 28, 23, 59), row.local);
        assertEquals(LocalDate.of(2024, 2, 29), row.onDay);
        assertEquals(LocalTime.of(1, 2, 3), row.atTime);
        assertEquals(Taste.SALTY, row.taste);
        assertEquals(Optional.empty(), row.perhaps);
        assertNull(row.nothing);
    }

    private void dishes() throws Exception {
        create(
                "dishes (id bigint generated always as identity primary key, name varchar(40) not null, unit_price int)");
    }

    @Test
    void rowsAreChangedCountedAndAskedFor() throws Exception {
        dishes();
        onGreen(() -> {
            String insert = "insert into dishes (name, unit_price) values (?, ?)";
            assertEquals(1L, database.insert(insert, Long.class, "soup", 5));
            assertEquals(1, database.update(insert, "rice", 2));
            assertEquals(2, database.batch(insert, List.of(List.of("spam", 3), Arrays.asList("tea", null))));
            assertEquals(0, database.batch(insert, List.of()));
            assertEquals(
                    List.of(new Dish(1, "soup", 5), new Dish(2, "rice", 2), new Dish(3, "spam", 3)),
                    database.query(
                            "select unit_price, name, id from dishes where unit_price > ? order by id", Dish.class, 1));
            assertEquals(Optional.of(4L), database.one("select count(*) from dishes", Long.class));
            assertEquals(2, database.update("update dishes set unit_price = unit_price + 1 where unit_price < ?", 5));
            assertEquals(Optional.empty(), database.one("select name from dishes where id = ?", String.class, 99));
            DatabaseException several =
                    assertThrows(DatabaseException.class, () -> database.one("select name from dishes", String.class));
            assertEquals(SqlFailure.TOO_MANY_ROWS, several.failure());
            return true;
        });
    }

    @Test
    void whatAUserSaysIsNeverPartOfTheStatement() throws Exception {
        dishes();
        String nasty = "x'); drop table dishes; --";
        onGreen(() -> {
            database.update("insert into dishes (name) values (?)", nasty);
            assertEquals(
                    Optional.of(nasty), database.one("select name from dishes where name = ?", String.class, nasty));
            return true;
        });
    }

    record Misspelt(long id, String nam) {}

    record Ambiguous(String name) {}

    record Closed(Thread thread) {}

    @Test
    void rowsThatDoNotFitSayWhichColumn() throws Exception {
        dishes();
        onGreen(() -> {
            database.update("insert into dishes (name, unit_price) values ('soup', null)");
            String all = "select id, name, unit_price from dishes";
            refused("no column is called as the component nam of Misspelt", all, Misspelt.class);
            refused("several columns are called name", "select name, name from dishes", Ambiguous.class);
            refused("a Long is one column, and there are id, name", "select id, name from dishes", Long.class);
            refused("unitPrice of Dish: it is null; make it an Optional, or @Nullable", all, Dish.class);
            refused("the only column of Integer", "select name from dishes", Integer.class);
            refused("'soup' is none of [SWEET, SALTY]", "select name from dishes", Taste.class);
            IllegalArgumentException type =
                    assertThrows(IllegalArgumentException.class, () -> database.query(all, Closed.class));
            assertTrue(type.getMessage().contains("thread is a java.lang.Thread"), type.getMessage());
            IllegalArgumentException value =
                    assertThrows(IllegalArgumentException.class, () -> database.query(all, Dish.class, new Object()));
            assertTrue(value.getMessage().contains("parameter 1 is a java.lang.Object"), value.getMessage());
            DatabaseException wrong =
                    assertThrows(DatabaseException.class, () -> database.query("selec 1", Long.class));
            assertEquals(SqlFailure.WRONG_STATEMENT, wrong.failure());
            assertTrue(wrong.getMessage().startsWith("cannot run \"selec 1\": the statement is wrong"));
            return true;
        });
    }

    private void refused(String why, String sql, Class<?> row) {
        DatabaseException refused = assertThrows(DatabaseException.class, () -> database.query(sql, row));
        assertEquals(SqlFailure.WRONG_ROW, refused.failure(), refused.getMessage());
        assertTrue(
                refused.getMessage().toLowerCase(Locale.ROOT).contains(why.toLowerCase(Locale.ROOT)),
                refused.getMessage());
    }

    @Test
    void aResultThatIsTooLongIsRefused() throws Exception {
        try (Database small = builder().rowsMax(10).open()) {
            onGreen(() -> {
                assertEquals(10, small.query(numbers(10), Integer.class).size());
                DatabaseException refused =
                        assertThrows(DatabaseException.class, () -> small.query(numbers(11), Integer.class));
                assertEquals(SqlFailure.TOO_MANY_ROWS, refused.failure());
                return true;
            });
        }
    }

    private Query numbers(int count) {
        return new Query(
                place.isPostgres() ? "select i from generate_series(1, ?) i" : "select x from system_range(1, ?)",
                List.of(count));
    }

    @Test
    void aStreamIsFetchedPieceByPiece() throws Exception {
        try (Database stream = builder().fetchRows(7).open()) {
            onGreen(() -> {
                List<Integer> all = new ArrayList<>();
                assertEquals(1000, stream.stream(numbers(1000), Integer.class, all::add));
                assertEquals(1000, all.size());
                assertEquals(1000, all.getLast());
                assertEquals(0, stream.stream(numbers(0), Integer.class, all::add));
                return true;
            });
        }
    }

    @Test
    void aStreamWhoseConsumerFailsGivesItsConnectionBack() throws Exception {
        onGreen(() -> {
            for (int i = 0; i < 2 * CONNECTIONS; i++) {
                InterruptedException enough = assertThrows(
                        InterruptedException.class,
                        () -> database.stream(numbers(100_000), Integer.class, number -> {
                            if (number == 3) {
                                throw new InterruptedException("enough");
                            }
                        }));
                assertEquals("enough", enough.getMessage());
            }
            return true;
        });
    }

    @Test
    void threadsWithoutALoopMayAskToo() throws Exception {
        dishes();
        assertEquals(1, database.update("insert into dishes (name) values ('soup')"));
        assertEquals(
                1,
                database.<Integer, RuntimeException>transaction(transaction -> transaction
                        .query("select name from dishes", String.class)
                        .size()));
    }

    @Test
    void aLoopsOwnThreadMustNotWait() throws Exception {
        List<Throwable> failures = new ArrayList<>();
        java.util.concurrent.CountDownLatch done = new java.util.concurrent.CountDownLatch(1);
        loop.execute(() -> {
            try {
                database.check();
            } catch (Throwable failure) {
                failures.add(failure);
            }
            done.countDown();
        });
        done.await();
        assertEquals(IllegalStateException.class, failures.getFirst().getClass());
        assertFalse(failures.getFirst().getMessage().isEmpty());
    }

    @Test
    void nobodyHops() throws Exception {
        dishes();
        onGreen(this::someOfEverything);
        onGreen(loops.loops().getLast(), this::someOfEverything);
        untilAllConnectionsAreMade();
        List<Long> before = hops();
        List<java.util.concurrent.CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            all.add(begin(loops.next(), this::someOfEverything));
        }
        for (java.util.concurrent.CompletableFuture<Boolean> one : all) {
            get(one);
        }
        assertEquals(before, hops());
    }

    /** With more green threads than connections, so that they wait for those as well. */
    private boolean someOfEverything() throws Exception {
        database.query("select name from dishes where id = ?", String.class, 1);
        database.transaction(transaction -> {
            transaction.update("insert into dishes (name, unit_price) values (?, ?)", "soup", 3);
            return transaction.query("select count(*) from dishes", Long.class);
        });
        database.stream(numbers(1200), Integer.class, _ -> {});
        database.batch("insert into dishes (name) values (?)", List.of(List.of("a"), List.of("b")));
        return true;
    }
}
