package dev.pumasi.queue;

import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Background;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.Operation;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/**
 * Segments on their way out: deleted in the background, one at a time, the oldest first, and each durably before the next. So a
 * crash never leaves a gap. If one cannot be deleted, it and all that come after it stay, or there would be one; the next opening finds
 * them, and tries again. So it does with what still waits when the queue or its loop ends.
 * Belongs to the log's loop.
 */
final class Deletions {

    private final Loop loop;
    private final Background background;
    private final Path folder;
    private final Deque<Segment> waiting = new ArrayDeque<>();
    private boolean deleting;
    private boolean gaveUp;

    Deletions(Loop loop, Background background, Path folder) {
        this.loop = loop;
        this.background = background;
        this.folder = folder;
    }

    void add(Collection<Segment> segments) {
        waiting.addAll(segments);
        next();
    }

    private void next() {
        if (deleting || gaveUp || waiting.isEmpty() || background.isStopped()) {
            return;
        }
        deleting = true;
        Segment segment = waiting.removeFirst();
        background
                .start("delete " + segment, () -> {
                    loop.files().delete(segment.path);
                    try (AsyncFolder names = loop.files().openFolder(folder)) {
                        names.sync();
                    }
                })
                .onDone(outcome -> {
                    deleting = false;
                    if (outcome instanceof Operation.Success<?>) {
                        next();
                    } else {
                        gaveUp = true;
                        waiting.clear();
                    }
                });
    }
}
