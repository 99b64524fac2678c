package dev.pumasi.web;

import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What tells one state of a file from another, as far as the file system says it.
 *
 * @param sizeBytes its length
 * @param modifiedNanos when it was last written, since the epoch
 * @param key which file it is, on systems that say so; a file that takes the place of another has another key
 */
record FileVersion(
        long sizeBytes, long modifiedNanos, @Nullable Object key) {

    /**
     * File systems date writes by a clock that ticks some hundred times a second, some only every other second. Until that
     * long after the last write, a further write might not show.
     */
    private static final long SETTLED_MILLIS = 2_000;

    static FileVersion of(BasicFileAttributes attributes) {
        return new FileVersion(
                attributes.size(), attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), attributes.fileKey());
    }

    /** Whether every later write will change it. */
    boolean isSettled(long nowMillis) {
        return Math.floorDiv(modifiedNanos, 1_000_000L) <= nowMillis - SETTLED_MILLIS;
    }

    /** For ETag: strong, if nothing else could have the same; else weak (RFC 9110 section 8.8.3). */
    String entityTag(long nowMillis) {
        String opaque = '"' + Long.toHexString(sizeBytes) + '-' + Long.toHexString(modifiedNanos) + '"';
        return isSettled(nowMillis) ? opaque : "W/" + opaque;
    }

    /** For Last-Modified, which must not lie ahead of Date (RFC 9110 section 8.8.2.1). */
    long modifiedSecond(long nowMillis) {
        return Math.min(Math.floorDiv(modifiedNanos, 1_000_000_000L), Math.floorDiv(nowMillis, 1000L));
    }
}
