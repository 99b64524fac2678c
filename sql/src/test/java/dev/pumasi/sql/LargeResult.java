package dev.pumasi.sql;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.testkit.Postgres;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Counts the rows of a stream and their sum: a program of its own, so that its heap can be bounded. */
final class LargeResult {

    private LargeResult() {}

    /** @param args "h2" and a folder, or "threads" or "loop" and a PostgreSQL's URL; and how many rows */
    public static void main(String[] args) throws Exception {
        int rows = Integer.parseInt(args[2]);
        boolean h2 = args[0].equals("h2");
        DatabaseBuilder builder = h2
                ? Database.embedded(Path.of(args[1]), "large")
                : Database.builder(args[1])
                        .user(Postgres.USER)
                        .password(Postgres.PASSWORD)
                        .placement(args[0].equals("loop") ? Placement.onLoop(1) : Placement.offloaded(1));
        String sql = h2 ? "select x from system_range(1, ?)" : "select i::bigint from generate_series(1, ?) i";
        try (LoopGroup loops = LoopGroup.start("test", 1, Drivers.AUTO);
                Database database =
                        builder.statementMax(java.time.Duration.ofMinutes(2)).open()) {
            CompletableFuture<String> said = new CompletableFuture<>();
            loops.next().spawn(() -> {
                long[] sum = {0};
                try {
                    long count = database.stream(Query.of(sql, rows), Long.class, number -> sum[0] += number);
                    said.complete(count + " " + sum[0]);
                } catch (Throwable failure) {
                    said.completeExceptionally(failure);
                }
            });
            System.out.println(said.get());
        }
    }
}
