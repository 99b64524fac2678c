package dev.pumasi.web.conf;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;

/** Finds files by a pattern, as a shell would: names that begin with a dot match only what begins with one. */
final class FilePattern {

    /** How many entries of folders are looked at. */
    private static final int LOOKED_AT_MAX = 100_000;

    private final int most;
    private int lookedAt;

    private FilePattern(int most) {
        this.most = most;
    }

    /** What matches, in alphabetical order; at most one more than {@code most}. */
    static List<Path> matches(Path folder, String pattern, int most) throws IOException {
        List<Path> found = new ArrayList<>();
        boolean absolute = pattern.startsWith("/");
        List<String> names = new ArrayList<>();
        for (String name : pattern.split("/")) {
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        new FilePattern(most).walk(absolute ? Path.of("/") : folder, names, 0, found);
        return found;
    }

    private void walk(Path folder, List<String> names, int index, List<Path> found) throws IOException {
        if (index == names.size()) {
            found.add(folder);
            return;
        }
        String name = names.get(index);
        boolean last = index == names.size() - 1;
        if (!name.matches(".*[*?\\[].*")) {
            Path next = folder.resolve(name);
            if (last ? Files.isRegularFile(next) : Files.isDirectory(next)) {
                walk(next, names, index + 1, found);
            }
            return;
        }
        // In the pattern language of the JDK braces and backslashes mean something, in a shell's here they do not.
        PathMatcher matcher = FileSystems.getDefault()
                .getPathMatcher(
                        "glob:" + name.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}"));
        List<Path> matching = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                Path own = entry.getFileName();
                if (++lookedAt > LOOKED_AT_MAX) {
                    throw new IOException("more than " + LOOKED_AT_MAX + " files would have to be looked at");
                }
                boolean hidden = own.toString().startsWith(".") && !name.startsWith(".");
                if (!hidden && matcher.matches(own) && (last ? Files.isRegularFile(entry) : Files.isDirectory(entry))) {
                    matching.add(entry);
                }
            }
        }
        matching.sort((one, other) -> one.toString().compareTo(other.toString()));
        for (Path entry : matching) {
            if (found.size() <= most) {
                walk(entry, names, index + 1, found);
            }
        }
    }
}
