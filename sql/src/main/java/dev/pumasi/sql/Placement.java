package dev.pumasi.sql;

/** Where a database's queries run. */
public sealed interface Placement {

    int CONNECTIONS_MAX = 200;

    /**
     * On database threads, which block for the caller: any JDBC driver.
     *
     * @param connections how many connections, and threads, one for each
     */
    record Offloaded(int connections) implements Placement {
        public Offloaded {
            check(connections);
        }
    }

    /**
     * On green threads of the caller's loop, which park where the driver waits for its socket. For PostgreSQL, whose driver takes a socket
     * factory.
     *
     * @param connectionsPerLoop how many connections for each loop that asks; a connection stays on its loop
     */
    record OnLoop(int connectionsPerLoop) implements Placement {
        public OnLoop {
            check(connectionsPerLoop);
        }
    }

    private static void check(int connections) {
        if (connections < 1 || connections > CONNECTIONS_MAX) {
            throw new IllegalArgumentException("between 1 and " + CONNECTIONS_MAX + " connections, not " + connections);
        }
    }

    /** On that many database threads. */
    static Placement offloaded(int connections) {
        return new Offloaded(connections);
    }

    /** On the callers' loops, with that many connections for each. */
    static Placement onLoop(int connectionsPerLoop) {
        return new OnLoop(connectionsPerLoop);
    }

    /** How many connections one lane has. */
    default int connections() {
        return switch (this) {
            case Offloaded(int connections) -> connections;
            case OnLoop(int connections) -> connections;
        };
    }
}
