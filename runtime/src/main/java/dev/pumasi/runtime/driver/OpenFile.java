package dev.pumasi.runtime.driver;

import org.jspecify.annotations.Nullable;

/** A file that {@link PooledFiles} has open. Fields that change belong to the driver's thread. */
final class OpenFile {

    final int handle;

    /** The kernel's number, or −1 where there is a channel instead. */
    final int descriptor;

    final @Nullable NioFile nio;

    /** How many operations are in progress on it. */
    int uses;

    /** How many of them are with a thread, or on the way there or back. */
    int calls;

    /** It is to be closed when there are none. */
    boolean isClosing;

    OpenFile(int handle, int descriptor, @Nullable NioFile nio) {
        this.handle = handle;
        this.descriptor = descriptor;
        this.nio = nio;
    }

    /** A descriptor that somebody else keeps account of. */
    static OpenFile borrowed(int descriptor) {
        return new OpenFile(descriptor, descriptor, null);
    }
}
