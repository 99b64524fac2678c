package dev.pumasi.sql;

/** Takes the rows of a stream, one at a time; while it takes its time, no more are fetched. */
@FunctionalInterface
public interface RowConsumer<T, X extends Exception> {

    void accept(T row) throws X;
}
