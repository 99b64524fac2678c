package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;

/** The calls on files that wait for the disk: by system call, or by {@code java.nio}. */
interface FileCalls {

    /** {@link #statusNow} answers this where only a thread may ask. */
    int LATER = Integer.MIN_VALUE;

    /**
     * On the driver's thread, before the task goes to the pool: writes down what must be written down at the start.
     *
     * @return 0, or a negated {@link Errno} with which the operation ends at once
     */
    int prepare(FileTask task);

    /**
     * On a thread of the pool: makes the call and waits for it.
     *
     * @return what the operation's result is to be; for an opening, the descriptor or, with {@link FileTask#opened} set, 0
     */
    int make(FileTask task, FileThread thread);

    /** On the driver's thread: the attributes of an open file, if they are to be had without a wait; else {@link #LATER}. */
    int statusNow(OpenFile file, Buffer control);

    /** Gives it back to the system. Any thread, once. */
    void close(OpenFile file);
}
