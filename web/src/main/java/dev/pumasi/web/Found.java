package dev.pumasi.web;

import dev.pumasi.http.MediaType;
import dev.pumasi.runtime.memory.Buffer;

/** What a path leads to. */
sealed interface Found {

    /** Nothing that is served. */
    record Missing() implements Found {}

    /** Something that may not be read, is no ordinary file, or lies outside of what is served. */
    record Forbidden() implements Found {}

    /** A folder, which was asked for without the slash at its end. */
    record Folder() implements Found {}

    /** It cannot be had just now: too much is waiting, or it changed each time it was read. */
    record Unavailable() implements Found {}

    /** A file that is served. */
    sealed interface File extends Found {

        FileVersion version();

        MediaType type();
    }

    /** A file of at most {@link FileTree#SMALL_BYTES_MAX} bytes, which are exactly those of {@code version}. */
    record Small(FileVersion version, MediaType type, Buffer bytes) implements File {}

    /** A file that is better sent from where it lies; it is open, and in use until the one who has asked releases it. */
    record Large(FileVersion version, MediaType type, SharedFile file) implements File {}
}
