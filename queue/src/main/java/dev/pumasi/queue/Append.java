package dev.pumasi.queue;

import dev.pumasi.runtime.memory.Buffer;
import java.io.IOException;

/** Something on its way into a {@link Log}. Its methods are called on the log's loop; one of the last two, once. */
interface Append {

    /** When it has happened. */
    enum Durability {
        /** Once it is written; it is synced a few milliseconds later. The end of the process does not undo it. */
        WRITTEN,
        /** Once it is synced, which may wait a few milliseconds for company. */
        SOON,
        /** Once it is synced, which begins as soon as the disk is free. */
        NOW
    }

    Durability durability();

    /** What kind of record it is. */
    int kind();

    /** The length of its payload. */
    int bytes();

    /** Writes the payload. */
    void put(Buffer to, int at);

    /** Whether it waits when there is no room, rather than be refused: because whoever wants it waits, too. */
    boolean waitsForRoom();

    /** It has its place; what follows is not certain yet. */
    default void placed(long sequence) {}

    void appended(long sequence);

    void failed(IOException why);
}
