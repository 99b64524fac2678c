package dev.pumasi.sql;

import java.nio.file.Path;
import java.time.Duration;

/** What is said about a {@link Database} before it is opened; everything but the URL has a default. Belongs to one thread. */
public final class DatabaseBuilder {

    public static final int CONNECTIONS_DEFAULT = 10;
    public static final int WAITING_DEFAULT = 10_000;
    public static final int ROWS_DEFAULT = 100_000;
    public static final int FETCH_ROWS_DEFAULT = 500;
    public static final Duration WAIT_DEFAULT = Duration.ofSeconds(5);
    public static final Duration STATEMENT_DEFAULT = Duration.ofSeconds(30);
    public static final Duration LOCK_DEFAULT = Duration.ofSeconds(10);
    public static final Duration CONNECT_DEFAULT = Duration.ofSeconds(2);
    public static final Duration CANCEL_DEFAULT = Duration.ofSeconds(5);

    private static final Duration CONNECT_MIN = Duration.ofMillis(250); // the pool takes no less

    private final String url;
    private String user = "";
    private String password = "";
    private Placement placement = Placement.offloaded(CONNECTIONS_DEFAULT);
    private int waitingMax = WAITING_DEFAULT;
    private Duration waitMax = WAIT_DEFAULT;
    private Duration statementMax = STATEMENT_DEFAULT;
    private Duration lockMax = LOCK_DEFAULT;
    private Duration connectMax = CONNECT_DEFAULT;
    private Duration cancelMax = CANCEL_DEFAULT;
    private int rowsMax = ROWS_DEFAULT;
    private int fetchRows = FETCH_ROWS_DEFAULT;

    DatabaseBuilder(String url) {
        if (!url.startsWith("jdbc:")) {
            throw new IllegalArgumentException(
                    "a database's URL begins with jdbc:, as in jdbc:postgresql://127.0.0.1/shop");
        }
        this.url = url;
    }

    static String embedded(Path folder, String name) {
        if (!name.matches("[A-Za-z0-9_-]+")) {
            throw new IllegalArgumentException("letters, digits, _ and - make a database's name, not " + name);
        }
        String file = folder.toAbsolutePath().normalize().resolve(name).toString();
        if (file.contains(";")) {
            throw new IllegalArgumentException("a data folder's path cannot contain a semicolon: " + folder);
        }
        return "jdbc:h2:file:" + file;
    }

    public DatabaseBuilder user(String name) {
        user = name;
        return this;
    }

    public DatabaseBuilder password(String secret) {
        password = secret;
        return this;
    }

    /** Where queries run, and on how many connections. Default: on {@value #CONNECTIONS_DEFAULT} database threads. */
    public DatabaseBuilder placement(Placement where) {
        placement = where;
        return this;
    }

    /** Admission: at most so many wait for a connection (for each loop, where queries run on loops), and each at most so long. */
    public DatabaseBuilder admission(int waiting, Duration wait) {
        waitingMax = atLeastOne(waiting, "must be able to wait");
        waitMax = positive(wait);
        return this;
    }

    /** How long a statement may take before it is cancelled. */
    public DatabaseBuilder statementMax(Duration limit) {
        statementMax = positive(limit);
        return this;
    }

    /** How long a statement may wait for a lock in the database. */
    public DatabaseBuilder lockMax(Duration limit) {
        lockMax = positive(limit);
        return this;
    }

    /** How long connecting may take, and how long is waited for the pool when it has lost its connections. */
    public DatabaseBuilder connectMax(Duration limit) {
        connectMax = positive(limit).compareTo(CONNECT_MIN) < 0 ? CONNECT_MIN : limit;
        return this;
    }

    /** How long the database is given to end what was cancelled, before its connection is cut. */
    public DatabaseBuilder cancelMax(Duration limit) {
        cancelMax = positive(limit);
        return this;
    }

    /** How many rows a query may give that is not streamed. */
    public DatabaseBuilder rowsMax(int rows) {
        rowsMax = atLeastOne(rows, "row");
        return this;
    }

    /** How many rows of a stream are fetched at once. */
    public DatabaseBuilder fetchRows(int rows) {
        fetchRows = atLeastOne(rows, "row");
        return this;
    }

    /**
     * Opens it. Does not connect; see {@link Database#check}.
     *
     * @throws IllegalArgumentException if queries of that database cannot run on loops
     */
    public Database open() {
        Settings settings = new Settings(
                url,
                user,
                password,
                placement,
                waitingMax,
                waitMax,
                statementMax,
                lockMax,
                connectMax,
                cancelMax,
                rowsMax,
                fetchRows);
        if (placement instanceof Placement.OnLoop && !settings.isPostgres()) {
            throw new IllegalArgumentException("queries of " + settings.printableUrl()
                    + " cannot run on loops: only PostgreSQL's driver is known to take a socket factory — use"
                    + " Placement.offloaded");
        }
        return new Database(settings);
    }

    private static int atLeastOne(int count, String what) {
        if (count < 1 || count == Integer.MAX_VALUE) {
            throw new IllegalArgumentException("at least one " + what + ", not " + count);
        }
        return count;
    }

    private static Duration positive(Duration limit) {
        if (limit.isZero() || limit.isNegative() || limit.toDays() > 1) {
            throw new IllegalArgumentException("more than nothing and at most a day, not " + limit);
        }
        return limit;
    }
}
