package dev.pumasi.runtime.driver;

/** {@link FileAccess} in the words of {@code open(2)}. */
final class OpenFlags {

    /** Of {@code fcntl(2)}: sets those that can change. */
    static final int F_SETFL = 4;

    static final int O_NONBLOCK = 0x800;
    static final int O_DIRECTORY = SystemCall.openFlag(0x10000, 0x4000);
    static final int O_NOFOLLOW = SystemCall.openFlag(0x20000, 0x8000);
    static final int O_PATH = 0x200000;
    static final int O_CLOEXEC = 0x80000;

    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_EXCL = 0x80;
    private static final int O_TRUNC = 0x200;
    private static final int O_APPEND = 0x400;
    private static final int O_DIRECT = SystemCall.openFlag(0x4000, 0x10000);

    private OpenFlags() {}

    static int of(FileAccess access) {
        boolean writes = access.write() || access.append();
        return O_CLOEXEC
                | (!writes ? 0 : access.read() ? O_RDWR : O_WRONLY)
                | (access.append() ? O_APPEND : 0)
                | (access.create() ? O_CREAT : 0)
                | (access.exclusive() ? O_EXCL : 0)
                | (access.truncate() ? O_TRUNC : 0)
                | (access.direct() ? O_DIRECT : 0)
                | (access.folder() ? O_DIRECTORY : 0)
                | (access.follow() ? 0 : O_NOFOLLOW);
    }

    /** What {@code fcntl(F_SETFL)} would set of them, but for waiting. */
    static int lasting(FileAccess access) {
        return of(access) & (O_APPEND | O_DIRECT);
    }

    /** {@code openat2} refuses permissions for what is not made. */
    static int mode(FileAccess access) {
        return access.create() ? access.mode() : 0;
    }
}
