package dev.pumasi.runtime.driver;

/**
 * What processes that are descriptors need of the driver they belong to. On its thread, unless a method says otherwise.
 */
interface ProcessHost {

    /** Takes a descriptor over as a handle: the handle; or an error, and then it is closed. */
    int adopt(int descriptor, boolean isPipe);

    /** Completes once the handle is readable, without reading. */
    void awaitReadable(int handle, long token);

    /** Gives an adopted handle back. */
    void close(int handle);

    /** To be reported by the next poll. */
    void complete(long token, int result);

    /** Runs {@code task} on the driver's thread, in its next poll, which this brings about. Any thread. */
    void arrive(Runnable task);
}
