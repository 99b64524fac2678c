package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import java.nio.file.Path;

/** What a path leads to. */
sealed interface Found {

    /** Nothing that is served. */
    record Missing() implements Found {}

    /** Something that may not be read, is no ordinary file, or lies outside of what is served. */
    record Forbidden() implements Found {}

    /** A folder, which was asked for without the slash at its end. */
    record Folder() implements Found {}

    /** A file that changed each time it was read, so that no version of it could be had. */
    record Unsteady() implements Found {}

    /** A file that is served. */
    sealed interface File extends Found {

        FileVersion version();

        MediaType type();
    }

    /** A file of at most {@link FileTree#SMALL_BYTES_MAX} bytes, which are exactly those of {@code version}. */
    record Small(FileVersion version, MediaType type, byte[] bytes) implements File {}

    /** A file that is better read while it is sent. */
    record Large(FileVersion version, MediaType type, Path path) implements File {}
}
