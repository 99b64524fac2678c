package dev.pumasi.runtime.driver;

import java.nio.file.Path;

/** Where a child process's standard stream leads. */
public sealed interface Redirect {

    /** Those that need no more words. */
    enum Plain implements Redirect {
        /** A pipe whose other end is a stream of the loop. */
        PIPE,
        /** This process's own. */
        INHERIT,
        /** Nothing to read; what is written is lost. */
        DISCARD,
        /** For standard error only: wherever standard output leads. */
        OUTPUT
    }

    /**
     * A file: read from its beginning as standard input, else written to.
     *
     * @param append whether to write behind what is there; otherwise that is lost. The file is made if it is not there
     */
    record File(Path path, boolean append) implements Redirect {}
}
