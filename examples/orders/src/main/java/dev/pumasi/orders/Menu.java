package dev.pumasi.orders;

import dev.pumasi.sql.DatabaseException;
import dev.pumasi.sql.Session;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What can be ordered, and for how much; read once, when the service opens. Any thread. */
final class Menu {

    /** @param priceCents for one */
    record Dish(String name, String english, int priceCents) {}

    /** With what is left of it. */
    record Offer(String name, String english, int priceCents, int stock) {}

    private static final List<List<Object>> FIRST = List.of(
            List.of("국", "soup", 450, 1_000_000),
            List.of("밥", "rice", 150, 1_000_000),
            List.of("스팸", "spam", 390, 1_000_000),
            List.of("떡", "rice cake", 320, 12),
            List.of("수정과", "cinnamon punch", 280, 40));

    private final Map<String, Dish> dishes = new LinkedHashMap<>();

    private Menu(List<Dish> all) {
        all.forEach(dish -> {
            dishes.put(dish.name, dish);
            dishes.put(dish.english, dish);
        });
    }

    /** Creates the tables, and what is in them at first, where they are not there yet. */
    static void create(Session session) throws DatabaseException {
        session.update("create table if not exists dishes (name varchar(40) primary key, english varchar(40) not null,"
                + " price_cents int not null, stock int not null constraint enough_left check (stock >= 0))");
        session.update(
                "create table if not exists orders (id bigint generated always as identity primary key,"
                        + " customer varchar(80) not null, total_cents int not null, placed timestamp with time zone not null)");
        session.update("create table if not exists order_lines (order_id bigint not null references orders (id),"
                + " dish varchar(40) not null references dishes (name), portions int not null,"
                + " price_cents int not null, primary key (order_id, dish))");
        if (session.one("select count(*) from dishes", Long.class).orElseThrow() == 0) {
            session.batch("insert into dishes (name, english, price_cents, stock) values (?, ?, ?, ?)", FIRST);
        }
    }

    static Menu read(Session session) throws DatabaseException {
        return new Menu(
                session.query("select name, english, price_cents from dishes order by price_cents", Dish.class));
    }

    /** By either name. */
    Optional<Dish> dish(String name) {
        return Optional.ofNullable(dishes.get(name));
    }
}
