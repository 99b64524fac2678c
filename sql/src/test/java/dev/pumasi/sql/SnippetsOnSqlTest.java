package dev.pumasi.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.Scope;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/sql.md: each Java block stands here, white space aside, and works. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class SnippetsOnSqlTest {

    record Dish(long id, String name, int unitPrice) {}

    @TempDir
    Path folder;

    private final CompletableFuture<Operation.Outcome<List<String>>> answered = new CompletableFuture<>();

    @Test
    void theyWork() throws Exception {
        Database database = Database.embedded(folder, "shop").open();
        try (database;
                LoopGroup loops = LoopGroup.start("test", 1, Drivers.AUTO)) {
            Loop loop = loops.next();
            OnEachDatabase.onGreen(loop, () -> {
                ask(database);
                assertEquals(3, order(database, 2, "soup"));
                assertEquals("200 rice", found(database, 2));
                assertEquals("3 dishes and more: false", deadline(database));
                return true;
            });
            goOn(database, Continuation.NOTIFICATION);
            assertTrue(OnEachDatabase.get(answered) instanceof Operation.Success<List<String>>);
        }
    }

    private void ask(Database database) throws IOException {
        database.update("create table dishes (id bigint generated always as identity primary key, name varchar(20),"
                + " unit_price int)");
        database.update("create table stock (dish varchar(20), portions int)");
        database.update("create table orders (id bigint generated always as identity (start with 3) primary key,"
                + " dish varchar(20), portions int)");
        database.update("insert into dishes (name, unit_price) values ('soup', 450)");
        StringBuilder out = new StringBuilder();
        List<Dish> cheap =
                database.query("select id, name, unit_price from dishes where unit_price < ?", Dish.class, 500);
        Optional<Dish> soup = database.one("select * from dishes where name = ?", Dish.class, "soup");
        long changed = database.update("update dishes set unit_price = unit_price + ? where id = ?", 10, 1);
        long id = database.insert("insert into dishes (name, unit_price) values (?, ?)", Long.class, "rice", 150);
        database.batch(
                "insert into dishes (name, unit_price) values (?, ?)",
                List.of(List.of("tea", 90), List.of("spam", 390)));
        database.stream(Query.of("select * from dishes"), Dish.class, dish -> out.append(dish.name()));
        assertEquals(List.of(new Dish(1, "soup", 450)), cheap);
        assertEquals(cheap.getFirst(), soup.orElseThrow());
        assertEquals(1, changed);
        assertEquals(2, id);
        assertEquals("soupriceteaspam", out.toString());
    }

    private static long order(Database database, int portions, String dish) throws IOException {
        long number = database.transaction(tx -> {
            tx.update("update stock set portions = portions - ? where dish = ?", portions, dish);
            return tx.insert("insert into orders (dish, portions) values (?, ?)", Long.class, dish, portions);
        });
        return number;
    }

    private void goOn(Database database, Continuation continuation) {
        database.then(
                continuation,
                session -> session.query("select name from dishes", String.class),
                outcome -> answer(outcome));
    }

    private void answer(Operation.Outcome<List<String>> outcome) {
        answered.complete(outcome);
    }

    private static String found(Database database, long id) throws IOException {
        try {
            return "200 "
                    + database.one("select name from dishes where id = ?", String.class, id)
                            .orElse("");
        } catch (RefusedException busy) {
            return "503 Retry-After: " + busy.retryAfter().toSeconds();
        }
    }

    private static String deadline(Database database) throws IOException {
        try (Scope scope = Scope.open(Duration.ofSeconds(10))) {
            return page(database, scope);
        }
    }

    private static String page(Database database, Scope scope) throws IOException {
        return database.query("select id from dishes limit 3", Long.class).size() + " dishes and more: "
                + scope.isCancelled();
    }

    @Test
    void everyJavaBlockOfThePageStandsHere() throws IOException {
        String here = withoutSpace(Files.readString(Path.of("src/test/java/dev/pumasi/sql/SnippetsOnSqlTest.java")));
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/sql.md")));
        int blocks = 0;
        while (block.find()) {
            blocks++;
            assertTrue(here.contains(withoutSpace(block.group(1))), "not here: " + block.group(1));
        }
        assertEquals(7, blocks);
    }

    private static String withoutSpace(String code) {
        return code.replaceAll("\\s+", "");
    }
}
