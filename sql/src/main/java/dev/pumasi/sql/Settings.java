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

    /** Without what stands behind {@code ?} or {@code ;}, where secrets may be. */
    String printableUrl() {
        return url.replaceFirst("[?;].*", "");
    }

    @Override
    public String toString() {
        return printableUrl();
    }
}
