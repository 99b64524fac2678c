package dev.pumasi.sql;

/**
 * Where the caller goes on after a query: the three ways of a web server with a database thread, which runs steps A, B, C, then the query, then
 * D, E, F.
 *
 * <pre>
 *   SYNCHRONOUS    main      A B C ······ waits ······ D E F      nothing else runs on the main thread meanwhile
 *                  database        [ query ]
 *
 *   CALLBACK       main      A B C  A B C  A B C                  D E F go along, as a callback
 *                  database        [ query ] D E F
 *
 *   NOTIFICATION   main      A B C  A B C  D E F  A B C           the database thread says that it is done
 *                  database        [ query ]
 * </pre>
 *
 * <p>In direct style the third way is simply the next line: a green thread that asks parks, and its loop goes on.
 */
public enum Continuation {
    /** The calling thread waits; if it is a loop's, everything on that loop waits with it. */
    SYNCHRONOUS,

    /**
     * On the database thread, which takes no other query until it returns. It must not touch what belongs to the loop. What it asks the database itself is
     * asked on that thread. Only where queries run on database threads.
     */
    CALLBACK,

    /** On the caller's loop, when the database thread has posted the outcome. */
    NOTIFICATION
}
