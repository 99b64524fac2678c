package dev.pumasi.runtime.driver;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The entries of a folder, as a {@link FileOperations#list} brings them, in the order of the file system; without "." and
 * "..". Belongs to the operation until it completes.
 */
public final class Listing {

    /**
     * One entry.
     *
     * @param name its name in the folder, to be resolved against the folder's path; a path and no string, because a file
     *     system allows names that are no text
     * @param kind what it is, as far as the folder knows; {@link FileAttributes.Kind#OTHER} also when it does not
     */
    public record Entry(Path name, FileAttributes.Kind kind) {}

    private final List<Entry> entries = new ArrayList<>();

    /** For drivers. */
    public void add(Entry entry) {
        entries.add(entry);
    }

    /** What has come so far. */
    public List<Entry> entries() {
        return List.copyOf(entries);
    }
}
