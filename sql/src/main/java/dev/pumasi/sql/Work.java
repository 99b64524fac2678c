package dev.pumasi.sql;

/**
 * What is to be done with one connection, as a whole and where queries run: on a database thread, or on a green thread of the loop. On a
 * database thread it shares nothing with the loop but what is safe between threads.
 */
@FunctionalInterface
public interface Work<T> {

    T run(Session session) throws Exception;
}
