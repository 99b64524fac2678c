package dev.pumasi.runtime.driver;

import java.util.Locale;

/**
 * The numbers of the system calls that the drivers use, per processor. x86-64 has a table of its own; aarch64 uses the
 * generic one ({@code asm-generic/unistd.h}), which has no {@code poll}, {@code select} or {@code epoll_wait}: their
 * newer forms serve both.
 */
final class SystemCall {

    private static final String ARCHITECTURE = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    private static final boolean X86_64 = ARCHITECTURE.equals("amd64") || ARCHITECTURE.equals("x86_64");
    private static final boolean AARCH64 = ARCHITECTURE.equals("aarch64") || ARCHITECTURE.equals("arm64");
    private static final boolean LINUX = System.getProperty("os.name").equals("Linux");

    static final long READ = number(0, 63);
    static final long WRITE = number(1, 64);
    static final long CLOSE = number(3, 57);
    static final long PPOLL = number(271, 73);
    static final long MMAP = number(9, 222);
    static final long MUNMAP = number(11, 215);
    static final long SOCKET = number(41, 198);
    static final long SOCKETPAIR = number(53, 199);
    static final long CONNECT = number(42, 203);
    static final long ACCEPT4 = number(288, 242);
    static final long SENDTO = number(44, 206);
    static final long RECVFROM = number(45, 207);
    static final long SENDMSG = number(46, 211);
    static final long RECVMSG = number(47, 212);
    static final long SHUTDOWN = number(48, 210);
    static final long BIND = number(49, 200);
    static final long LISTEN = number(50, 201);
    static final long GETSOCKNAME = number(51, 204);
    static final long GETPEERNAME = number(52, 205);
    static final long SETSOCKOPT = number(54, 208);
    static final long GETSOCKOPT = number(55, 209);
    static final long PSELECT6 = number(270, 72);
    static final long EPOLL_CREATE1 = number(291, 20);
    static final long EPOLL_CTL = number(233, 21);
    static final long EPOLL_PWAIT = number(281, 22);
    /** Since Linux 5.11: the wait in nanoseconds. */
    static final long EPOLL_PWAIT2 = number(441, 441);

    static final long EVENTFD2 = number(290, 19);
    static final long IO_URING_SETUP = number(425, 425);
    static final long IO_URING_ENTER = number(426, 426);
    static final long IO_URING_REGISTER = number(427, 427);

    // Files.
    static final long OPENAT = number(257, 56);
    /** Since Linux 5.6. */
    static final long OPENAT2 = number(437, 437);

    static final long PREAD64 = number(17, 67);
    static final long PWRITE64 = number(18, 68);
    static final long READV = number(19, 65);
    static final long WRITEV = number(20, 66);
    static final long PREADV = number(295, 69);
    static final long PWRITEV = number(296, 70);
    static final long FSYNC = number(74, 82);
    static final long FDATASYNC = number(75, 83);
    static final long FTRUNCATE = number(77, 46);
    static final long FALLOCATE = number(285, 47);
    static final long STATX = number(332, 291);
    static final long RENAMEAT2 = number(316, 276);
    static final long UNLINKAT = number(263, 35);
    static final long MKDIRAT = number(258, 34);
    static final long GETDENTS64 = number(217, 61);
    static final long STATFS = number(137, 43);
    static final long FSTATFS = number(138, 44);
    static final long SENDFILE = number(40, 71);
    static final long FCNTL = number(72, 25);
    /** Since Linux 6.5. */
    static final long CACHESTAT = number(451, 451);

    // Processes.
    static final long PIPE2 = number(293, 59);
    static final long KILL = number(62, 129);
    static final long WAITID = number(247, 95);
    static final long PRLIMIT64 = number(302, 261);
    static final long PIDFD_SEND_SIGNAL = number(424, 424);
    static final long PIDFD_OPEN = number(434, 434);

    private SystemCall() {}

    static boolean isSupported() {
        return LINUX && (X86_64 || AARCH64);
    }

    static String unsupportedReason() {
        return LINUX ? "no table of system calls for " + ARCHITECTURE : "not Linux";
    }

    /** {@code struct epoll_event} is packed on x86-64 only. */
    static boolean isEpollEventPacked() {
        return X86_64;
    }

    /** Some flags of {@code open(2)} have numbers of their own on aarch64. */
    static int openFlag(int x86, int arm) {
        return X86_64 ? x86 : arm;
    }

    private static long number(int x86, int generic) {
        return X86_64 ? x86 : generic;
    }
}
