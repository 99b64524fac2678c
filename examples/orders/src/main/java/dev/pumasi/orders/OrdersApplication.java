package dev.pumasi.orders;

import dev.pumasi.http.Endpoint;
import dev.pumasi.server.Application;
import dev.pumasi.server.Setting;
import dev.pumasi.server.SettingException;
import dev.pumasi.server.Settings;
import dev.pumasi.sql.Continuation;
import dev.pumasi.sql.Database;
import dev.pumasi.sql.DatabaseBuilder;
import dev.pumasi.sql.Placement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An order service with a database, and the answer to what becomes of a request after its query: see {@link Checkout}. Without settings it
 * keeps its orders in files under {@code data/}, with nothing to install.
 */
public final class OrdersApplication implements Application {

    private static final Duration STATEMENT_MAX = Duration.ofSeconds(10);
    private static final int WAITING_DEFAULT = 1000;
    private static final long WAIT_MILLIS_DEFAULT = 2000;
    private static final long MINUTE_MILLIS = 60_000;

    private @Nullable Database database;

    /** For who starts it by its name. */
    public OrdersApplication() {}

    @Override
    public String name() {
        return "orders";
    }

    @Override
    public String description() {
        return "takes orders, and keeps them in a database";
    }

    @Override
    public List<Setting> settings() {
        return List.of(
                new Setting("database", "a JDBC URL, as jdbc:postgresql://HOST/NAME (default: H2, files in data)"),
                new Setting("user", "for that database"),
                new Setting("password", "for that database"),
                new Setting("data", "the folder of the files, if no database is named (default: data)"),
                new Setting(
                        "queries", "threads: database threads block; loop: PostgreSQL on the loop (default: threads)"),
                new Setting(
                        "connections",
                        "to the database, up to " + Placement.CONNECTIONS_MAX + " (default: "
                                + DatabaseBuilder.CONNECTIONS_DEFAULT + ")"),
                new Setting(
                        "continuation",
                        "what follows a query: synchronous, callback or notification (default: notification)"),
                new Setting("waiting", "how many may wait for a connection (default: " + WAITING_DEFAULT + ")"),
                new Setting("wait-millis", "and for how long (default: " + WAIT_MILLIS_DEFAULT + ")"));
    }

    @Override
    public Endpoint open(Settings settings) throws Exception {
        Continuation continuation = constant(settings, "continuation", Continuation.NOTIFICATION);
        Queries queries = constant(settings, "queries", Queries.THREADS);
        int connections =
                (int) settings.number("connections", DatabaseBuilder.CONNECTIONS_DEFAULT, 1, Placement.CONNECTIONS_MAX);
        if (queries == Queries.LOOP && continuation == Continuation.CALLBACK) {
            throw new SettingException(
                    "continuation=callback needs a database thread to run on, and queries=loop has none: leave one of them out");
        }
        Path folder = settings.path("data", Path.of("data"));
        String url = settings.text("database", "");
        DatabaseBuilder builder = url.isEmpty() ? Database.embedded(folder, "orders") : Database.builder(url);
        builder.user(settings.text("user", ""))
                .password(settings.text("password", ""))
                .placement(queries == Queries.LOOP ? Placement.onLoop(connections) : Placement.offloaded(connections))
                .admission(
                        (int) settings.number("waiting", WAITING_DEFAULT, 1, DatabaseBuilder.WAITING_DEFAULT),
                        Duration.ofMillis(settings.number("wait-millis", WAIT_MILLIS_DEFAULT, 1, MINUTE_MILLIS)))
                .statementMax(STATEMENT_MAX);
        if (url.isEmpty()) {
            Files.createDirectories(folder);
        }
        Database opened;
        try {
            opened = builder.open();
        } catch (IllegalArgumentException unfit) {
            throw new SettingException(String.valueOf(unfit.getMessage()), unfit);
        }
        try {
            opened.check();
            Menu.create(opened);
            Checkout checkout = new Checkout(opened, Menu.read(opened), continuation, Clock.systemUTC());
            Endpoint endpoint = new OrderRoutes(opened, checkout).endpoint();
            database = opened;
            return endpoint;
        } catch (Exception refused) {
            opened.close();
            throw refused;
        }
    }

    /** Where queries run, as users say it. */
    private enum Queries {
        THREADS,
        LOOP
    }

    private static <E extends Enum<E>> E constant(Settings settings, String name, E otherwise) {
        String said = settings.text(name, otherwise.name().toLowerCase(Locale.ROOT));
        E[] all = otherwise.getDeclaringClass().getEnumConstants();
        for (E each : all) {
            if (each.name().toLowerCase(Locale.ROOT).equals(said)) {
                return each;
            }
        }
        throw new SettingException(name + " is '" + said + "'; choose "
                + Arrays.stream(all)
                        .map(each -> each.name().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining(", ")));
    }

    @Override
    public void close() {
        Database opened = database;
        if (opened != null) {
            opened.close();
        }
    }
}
