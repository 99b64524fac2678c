package dev.pumasi.runtime.driver;

/**
 * How a file is to be opened ({@code open(2)}).
 *
 * @param read for reading
 * @param write for writing
 * @param append every write goes to the end
 * @param create make it if it is not there
 * @param exclusive with {@code create}: fail with EEXIST if it is there
 * @param truncate cut to length 0
 * @param direct past the page cache: memory, positions and lengths must be multiples of the device's block
 * @param folder only if it is a folder, to be listed
 * @param follow whether the last name of the path may be a symbolic link
 * @param mode permissions of a new file, less the process's mask
 */
public record FileAccess(
        boolean read,
        boolean write,
        boolean append,
        boolean create,
        boolean exclusive,
        boolean truncate,
        boolean direct,
        boolean folder,
        boolean follow,
        int mode) {

    /** Permissions of a new file where nothing else is said. */
    public static final int MODE_DEFAULT = 0666;

    /** For reading what is there. */
    public static final FileAccess READ =
            new FileAccess(true, false, false, false, false, false, false, false, true, MODE_DEFAULT);

    /** A folder, to be listed. */
    public static final FileAccess FOLDER =
            new FileAccess(true, false, false, false, false, false, false, true, true, MODE_DEFAULT);
}
