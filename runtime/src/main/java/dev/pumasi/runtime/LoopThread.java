package dev.pumasi.runtime;

import org.jspecify.annotations.Nullable;

/** The platform thread of one loop. */
final class LoopThread extends Thread {

    /** Written once, by this thread, when its loop is open; read by this thread, and by the green threads it carries. */
    @Nullable
    Loop loop;

    /** Where the kernel tells of this thread; empty if nowhere. Written by it before its loop opens, read by the watchdog after. */
    String task = "";

    LoopThread(String name, Runnable body) {
        super(null, body, name, 0, false);
        setDaemon(false);
    }
}
