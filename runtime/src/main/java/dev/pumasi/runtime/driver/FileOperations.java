package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import java.nio.file.Path;

/**
 * The part of the seam that files go through. Like sockets they are handles; an operation goes in with a token and its
 * completion comes out of the driver's next {@link Driver#poll}, so no disk, however slow, holds up the loop.
 *
 * <p>io_uring does these by itself. Where the kernel cannot wait for a file (a regular file is always "ready", so epoll
 * and its kin are of no use), a small pool of threads behind this same seam makes the blocking call. The simulated driver
 * has a disk of its own.
 *
 * <p><b>Results</b> are as everywhere in the seam: zero or positive, or a negated {@link Errno}. <b>Paths</b> are taken as
 * they are when the operation is started; a relative one starts at the process's working folder. <b>Positions</b> are
 * byte offsets from the beginning of the file; {@link #APPEND} in a file opened for appending is its end. <b>Control</b>
 * buffers have {@link #CONTROL_BYTES}, hold what the kernel reads (paths) and writes (attributes), and belong to the
 * operation until it completes. <b>Order</b> is not promised between operations on one file, except within {@link
 * #writeAndSync}. Cancelling ({@link Driver#cancel}) reaches what has not begun; a call that a disk is busy with ends by
 * itself.
 *
 * <p><b>Handles</b> of files are numbered apart from those of sockets: the same number may name one of each. Opened are
 * files, folders and block devices; a pipe or a terminal is opened without waiting for its other end. Whoever opened a
 * handle closes it; only the drivers that keep a table of them can do so when they are closed themselves.
 *
 * <p><b>Limits.</b> Where threads make the calls, at most {@link #WAITING_MAX} operations of a driver wait for one; what
 * is started beyond that ends with {@link Errno#EAGAIN}.
 *
 * <p>Belongs to the thread of its driver.
 */
public interface FileOperations {

    /** With the NUL at its end ({@code PATH_MAX} of Linux). */
    int PATH_BYTES_MAX = 4096;

    /** Two paths and a {@code struct statx}. */
    int CONTROL_BYTES = 2 * PATH_BYTES_MAX + 512;

    /** The position of a write that goes to the file's end, wherever that is by then. */
    long APPEND = -1;

    /** How many operations of one driver may wait for a thread. */
    int WAITING_MAX = 4096;

    /** Result: the handle of the file. */
    void open(Path path, FileAccess access, Buffer control, long token);

    /**
     * As {@link #open}, from an open folder, and never out of it: neither {@code ..} nor a symbolic link nor a change made
     * meanwhile leads elsewhere, for the kernel itself keeps to the folder ({@code openat2}, {@code RESOLVE_BENEATH}). A
     * path that would leave ends with {@link Errno#EXDEV}; so does an absolute one, and a link to an absolute one, wherever
     * that points.
     *
     * <p>Where the kernel has no such call, each name of the path is opened from the folder before it, without following
     * links: one that is a link ends with {@link Errno#ELOOP}, and {@code ..} with {@link Errno#EXDEV}.
     */
    void openBeneath(int folder, Path path, FileAccess access, Buffer control, long token);

    /** Result: how many bytes were read, at most {@code length}; 0 at the end of the file. */
    void read(int file, long position, Buffer into, int offset, int length, long token);

    /** As one read, scattered over the pieces. */
    void read(int file, long position, Gather pieces, long token);

    /** Result: how many bytes were written; fewer than {@code length} when the disk is full or a limit is met. */
    void write(int file, long position, Buffer from, int offset, int length, long token);

    /** As one write, gathered from the pieces. */
    void write(int file, long position, Gather pieces, long token);

    /**
     * Writes and then syncs the data ({@code fdatasync}), as one. Result: how many bytes were written, all of them synced;
     * after fewer than asked for, nothing is promised to be synced.
     */
    void writeAndSync(int file, long position, Gather pieces, long token);

    /** Result 0 when everything written before is on the device: {@code fdatasync}, or {@code fsync} with attributes. */
    void sync(int file, boolean attributesToo, long token);

    /** Sets the length. Result 0. */
    void truncate(int file, long length, long token);

    /** Reserves space, which lengthens the file if need be. Result 0. */
    void allocate(int file, long position, long length, long token);

    /**
     * Sends bytes of the file to a stream socket, without a way through this process's memory where the kernel can do so
     * ({@code sendfile}, {@code splice}). Result: how many went, at least 1; 0 at the end of the file. Counts as the
     * operation that sends on that socket.
     */
    void transfer(int file, long position, int socket, int length, long token);

    /** Result 0, and {@link #attributes} then reads the control buffer. */
    void status(int file, Buffer control, long token);

    /** Of what lies at the path; of the link itself if it is one and {@code follow} is false. */
    void status(Path path, boolean follow, Buffer control, long token);

    /** What a completed {@code status} wrote into its control buffer. */
    FileAttributes attributes(Buffer control);

    /** Result 0. With {@code replace} whatever file lay at {@code to} is gone at the same instant; without, EEXIST. */
    void rename(Path from, Path to, boolean replace, Buffer control, long token);

    /** Removes a file's name, or an empty folder. Result 0. */
    void delete(Path path, boolean folder, Buffer control, long token);

    /** Makes a folder, with {@code mode} less the process's mask. Result 0. */
    void makeFolder(Path path, int mode, Buffer control, long token);

    /**
     * As {@link #rename(Path, Path, boolean, Buffer, long)}, from one open folder to another or the same. Names are single
     * ones, neither {@code .} nor {@code ..}, and are looked up in that folder itself: a link there is renamed, not followed.
     */
    void rename(int from, Path name, int to, Path newName, boolean replace, Buffer control, long token);

    /** As {@link #delete(Path, boolean, Buffer, long)}, of a single name in an open folder. */
    void delete(int in, Path name, boolean folder, Buffer control, long token);

    /** As {@link #makeFolder(Path, int, Buffer, long)}, of a single name in an open folder. */
    void makeFolder(int in, Path name, int mode, Buffer control, long token);

    /** How much room the file's file system has. Result 0, and {@link #space(Buffer)} then reads the control buffer. */
    void space(int file, Buffer control, long token);

    /** As {@link #space(int, Buffer, long)}, of what the path lies on. */
    void space(Path path, Buffer control, long token);

    /** What a completed {@code space} wrote into its control buffer. */
    FileSpace space(Buffer control);

    /**
     * Lists a folder opened as such: result is how many entries the listing took on, 0 when all have been. Only one at a
     * time per handle.
     */
    void list(int folder, Listing into, long token);

    /** Gives the handle back, when what is in progress on it is over. */
    void close(int file);
}
