package dev.pumasi.web;

import java.util.List;
import java.util.Optional;

/**
 * A {@code location} of a configuration, with all that holds in it.
 *
 * @param label as it is written: {@code ^~ /images/}
 * @param internal whether only rules may send a request here
 * @param rules what is done first
 * @param inner locations within
 * @param files where files lie
 * @param holds what holds in it
 * @param tries what {@code try_files} says; empty for nothing
 * @param content what answers in the end
 */
record Location(
        String label,
        boolean internal,
        List<Rewrite> rules,
        Locations inner,
        Place files,
        Holds holds,
        List<Attempt> tries,
        Content content) {

    /**
     * One word of {@code try_files}.
     *
     * @param path a file or folder; for the last one where to go in the end
     * @param folder whether a folder is looked for: it was written with a slash at its end
     * @param named a location, if the last one names one
     * @param status what to answer, if the last one says so; else 0
     */
    record Attempt(Template path, boolean folder, Optional<String> named, int status) {}

    Template root() {
        return files.written();
    }

    /** Where the file of that request would be. */
    String fileName(Visit visit) {
        return files.fileName(visit);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return label;
    }
}
