package dev.pumasi.web;

import dev.pumasi.runtime.Offload;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * {@code $realpath_root}: folders with all links resolved. A site that is renewed by pointing a link at another folder is told so within a
 * second: that long a name is believed, as files are.
 */
final class RealFolders {

    /** How many names are kept; a name may have parts that a client says. */
    private static final int KEPT_MAX = 1_024;

    private static final long BELIEVED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private record Known(String real, long sinceNanos) {}

    private final Offload offload;
    private final ConcurrentHashMap<String, Known> all = new ConcurrentHashMap<>();

    RealFolders(Offload offload) {
        this.offload = offload;
    }

    /** The real name of a folder; empty if there is none. Parks a green thread. */
    String of(String folder) {
        long nowNanos = System.nanoTime();
        Known known = all.get(folder);
        if (known != null && nowNanos - known.sinceNanos < BELIEVED_NANOS) {
            return known.real;
        }
        String real;
        try {
            // The JDK asks the disk and waits for it: not on a loop.
            real = Thread.currentThread().isVirtual() ? offload.call(() -> resolved(folder)) : resolved(folder);
        } catch (IOException busy) {
            return "";
        }
        if (all.size() >= KEPT_MAX) {
            all.clear();
        }
        all.put(folder, new Known(real, nowNanos));
        return real;
    }

    private static String resolved(String folder) {
        try {
            return Path.of(folder).toRealPath().toString();
        } catch (IOException | InvalidPathException absent) {
            return "";
        }
    }
}
