package dev.pumasi.sql;

import java.time.Duration;

/** What a {@link DatabaseBuilder} was told. */
record Settings(
        String url,
        String user,
        String password,
        Placement placement,
        int waitingMax,
        Duration waitMax,
        Duration statementMax,
        Duration lockMax,
        Duration connectMax,
        Duration cancelMax,
        int rowsMax,
        int fetchRows) {

    boolean isPostgres() {
        return url.startsWith("jdbc:postgresql:");
    }

    boolean isH2() {
        return url.startsWith("jdbc:h2:");
    }

    /** The same, with no more than so many connections for each loop. */
    Settings onLoopWithAtMost(int connections) {
        return new Settings(
                url,
                user,
                password,
                Placement.onLoop(Math.min(connections, placement.connections())),
                waitingMax,
                waitMax,
                statementMax,
                lockMax,
                connectMax,
                cancelMax,
                rowsMax,
                fetchRows);
    }

    /** Without what stands behind {@code ?} or {@code ;}, where secrets may be. */
    String printableUrl() {
        return url.replaceFirst("[?;].*", "");
    }

    @Override
    public String toString() {
        return printableUrl();
    }
}
