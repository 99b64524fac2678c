package dev.pumasi.runtime.driver;

/**
 * What a file system says about a file ({@code statx(2)}).
 *
 * @param kind what it is
 * @param length in bytes
 * @param modifiedNanos when its content last changed, in nanoseconds since 1970 UTC
 * @param device which file system it lies in
 * @param inode its number there; with {@code device} it tells one file from another
 * @param mode the permission bits
 */
public record FileAttributes(Kind kind, long length, long modifiedNanos, long device, long inode, int mode) {

    /** What lies at a path. */
    public enum Kind {
        FILE,
        FOLDER,
        SYMBOLIC_LINK,
        OTHER
    }
}
