package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder that is served, and the way from a path to a file in it. Everything here blocks: it runs on the offload pool.
 *
 * <p>Links are followed, and where they lead is looked at afterwards: the real path must lie below the real path of the
 * root, and no name in it may be hidden. The root is resolved each time, so it may be a link that is switched from one
 * release to the next. What is opened is the real path, whose last name is no link any more; someone who can rename folders
 * below the root between these two steps could still lead us elsewhere, and is trusted not to.
 *
 * <p>Only ordinary files are opened: to open a FIFO would wait for a writer, and devices have no end.
 */
record FileTree(Path root) {

    /** What is read at once and answered as bytes. */
    static final int SMALL_BYTES_MAX = 64 * 1024;

    private static final String INDEX = "index.html";

    /** How often a file is read again that changed meanwhile. */
    private static final int READS_MAX = 3;

    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    /**
     * What {@code path} leads to.
     *
     * @param known what it led to before; if the file is still of that version it is not read again
     * @param nowMillis for {@link FileVersion#isSettled}
     */
    Found find(FilePath path, Found.@Nullable Small known, long nowMillis) throws IOException {
        Path real;
        BasicFileAttributes attributes;
        try {
            Path base = root.toRealPath();
            Path wanted = base;
            for (String name : path.names()) {
                wanted = wanted.resolve(name);
            }
            real = wanted.toRealPath();
            attributes = attributes(real);
            if (attributes.isDirectory() && isServed(base, real)) {
                if (!path.isFolder()) {
                    return new Found.Folder();
                }
                real = wanted.resolve(INDEX).toRealPath();
                attributes = attributes(real);
            } else if (path.isFolder()) {
                return new Found.Missing();
            }
            if (!isServed(base, real) || !attributes.isRegularFile()) {
                return new Found.Forbidden();
            }
        } catch (InvalidPathException unthinkable) {
            return new Found.Missing();
        } catch (AccessDeniedException denied) {
            return new Found.Forbidden();
        } catch (FileSystemException nothingThere) {
            return new Found
                    .Missing(); // not found, a file where a folder should be, a name too long, links in a circle
        }
        try {
            return read(real, attributes, known, nowMillis);
        } catch (AccessDeniedException denied) {
            return new Found.Forbidden();
        } catch (NoSuchFileException meanwhile) {
            return new Found.Missing();
        }
    }

    private static boolean isServed(Path base, Path real) {
        if (!real.startsWith(base)) {
            return false;
        }
        for (Path name : base.relativize(real)) {
            if (FilePath.isHidden(name.toString())) {
                return false;
            }
        }
        return true;
    }

    private static Found read(Path real, BasicFileAttributes first, Found.@Nullable Small known, long nowMillis)
            throws IOException {
        MediaType type = MediaTypes.of(String.valueOf(real.getFileName()));
        FileVersion version = FileVersion.of(first);
        if (known != null && version.equals(known.version()) && version.isSettled(nowMillis)) {
            return known;
        }
        for (int reads = 0; reads < READS_MAX; reads++) {
            if (version.sizeBytes() > SMALL_BYTES_MAX) {
                return Files.isReadable(real) ? new Found.Large(version, type, real) : new Found.Forbidden();
            }
            byte[] bytes = new byte[(int) version.sizeBytes()];
            boolean complete;
            try (FileChannel channel = open(real)) {
                complete = fill(channel, ByteBuffer.wrap(bytes), 0);
            }
            FileVersion after = FileVersion.of(attributes(real));
            if (complete && after.equals(version)) {
                return new Found.Small(version, type, bytes);
            }
            version = after;
        }
        return new Found.Unsteady();
    }

    /** Opens a file that {@link #find} has found. */
    static FileChannel open(Path real) throws IOException {
        return FileChannel.open(real, READ);
    }

    /** Of the file itself, not of what it links to. */
    static BasicFileAttributes attributes(Path real) throws IOException {
        return Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** Reads up to the limit of {@code to}; false if the file ends before. */
    static boolean fill(FileChannel channel, ByteBuffer to, long position) throws IOException {
        long at = position;
        while (to.hasRemaining()) {
            int count = channel.read(to, at);
            if (count < 0) {
                return false;
            }
            at += count;
        }
        return true;
    }
}
