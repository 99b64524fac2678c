package dev.pumasi.services;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.Loop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a service has done in the world, a line for each: it outlives the process, as a letter does that was sent. What stands in it
 * is not done again, which is how "at least once" becomes "once" (docs/queue.md). Belongs to the service's one loop.
 */
final class Notebook implements AutoCloseable {

    private static final int BYTES_MAX = 64 << 20;

    /** A line. */
    record Entry(long millis, String id) {}

    private final AsyncFile file;
    private final Set<String> done = new HashSet<>();
    private final Set<String> doing = new HashSet<>();

    private Notebook(AsyncFile file) {
        this.file = file;
    }

    /** On a green thread of {@code loop}. */
    static Notebook open(Loop loop, Path path) throws IOException {
        AsyncFile file =
                loop.files().open(path, AsyncFile.Option.READ, AsyncFile.Option.APPEND, AsyncFile.Option.CREATE);
        Notebook notebook = new Notebook(file);
        for (Entry entry : entries(new String(file.readAll(BYTES_MAX), StandardCharsets.UTF_8))) {
            notebook.done.add(entry.id);
        }
        return notebook;
    }

    /** What stands in a file that others write to: whole lines only. */
    static List<Entry> read(Path path) throws IOException {
        return Files.exists(path) ? entries(Files.readString(path)) : List.of();
    }

    private static List<Entry> entries(String text) {
        List<Entry> all = new ArrayList<>();
        for (int at = 0, end = text.indexOf('\n'); end >= 0; at = end + 1, end = text.indexOf('\n', at)) {
            String[] parts = text.substring(at, end).split(" ", 2);
            if (parts.length == 2) { // else a line that a kill has cut off, with the next one behind it
                all.add(new Entry(Long.parseLong(parts[0]), parts[1]));
            }
        }
        return all;
    }

    boolean has(String id) {
        return done.contains(id);
    }

    /** Notes it down, unless it stands there. */
    void note(String id) throws IOException {
        if (done.contains(id)) {
            return;
        }
        if (!doing.add(id)) {
            throw new IOException(id + " is being noted down already");
        }
        try {
            byte[] line = (System.currentTimeMillis() + " " + id + "\n").getBytes(StandardCharsets.UTF_8);
            file.append(line, 0, line.length);
            done.add(id);
        } finally {
            doing.remove(id);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
