package dev.pumasi.web;

import dev.pumasi.runtime.driver.FileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What tells one state of a file from another, as far as the file system says it.
 *
 * @param sizeBytes its length
 * @param modifiedNanos when it was last written, since the epoch
 * @param device which file system it lies in
 * @param inode which file it is there; one that takes the place of another has another number
 */
record FileVersion(long sizeBytes, long modifiedNanos, long device, long inode) {

    /**
     * File systems date writes by a clock that ticks some hundred times a second, some only every other second. Until that
     * long after the last write, a further write might not show.
     */
    private static final long SETTLED_MILLIS = 2_000;

    static FileVersion of(FileAttributes attributes) {
        return new FileVersion(
                attributes.length(), attributes.modifiedNanos(), attributes.device(), attributes.inode());
    }

    /** Written out: what the JDK makes for a record takes 10 ms when it is first called, which a new process spends while its client waits. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileVersion version
                && sizeBytes == version.sizeBytes
                && modifiedNanos == version.modifiedNanos
                && device == version.device
                && inode == version.inode;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(sizeBytes) * 31 + Long.hashCode(modifiedNanos) * 31 + Long.hashCode(inode);
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
