package dev.pumasi.runtime.driver;

/**
 * Linux's numbers of what can go wrong ({@code errno(3)}), the common vocabulary of all drivers: those without a kernel
 * of their own, or on another one, translate into it. Operations report them negated. Above the drivers nobody sees
 * them: the runtime turns each into a typed failure with a cause and a remedy.
 */
public final class Errno {

    /** No permission: a port below 1024, a filter. */
    public static final int EPERM = 1;
    /** No such file. */
    public static final int ENOENT = 2;
    /** No such process. */
    public static final int ESRCH = 3;
    /** A signal interrupted the call; drivers repeat it and never report this. */
    public static final int EINTR = 4;
    /** Input or output failed in the device. */
    public static final int EIO = 5;
    /** No such device, or nobody reads the other end of a pipe. */
    public static final int ENXIO = 6;
    /** A program's arguments and environment are longer than the kernel takes. */
    public static final int E2BIG = 7;
    /** A file that is no program which this system can run. */
    public static final int ENOEXEC = 8;
    /** Not an open handle: a bug above the seam, or a handle used after its close. */
    public static final int EBADF = 9;
    /** It would block, of which readiness drivers never report, for they wait; or too much is waiting already. */
    public static final int EAGAIN = 11;
    /** No memory. */
    public static final int ENOMEM = 12;
    /** No permission: the file's or the folder's rights. */
    public static final int EACCES = 13;
    /** An address outside the process: a bug in a driver. */
    public static final int EFAULT = 14;
    /** A file is there already. */
    public static final int EEXIST = 17;
    /** The two paths lie in different file systems, or the path leads out of its folder. */
    public static final int EXDEV = 18;
    /** A name in the path is no folder. */
    public static final int ENOTDIR = 20;
    /** It is a folder. */
    public static final int EISDIR = 21;
    /** An argument the kernel does not take. */
    public static final int EINVAL = 22;
    /** Something else is using it. */
    public static final int EBUSY = 16;
    /** The machine has no more file descriptors. */
    public static final int ENFILE = 23;
    /** The process has no more file descriptors. */
    public static final int EMFILE = 24;
    /** A program that runs is not to be written. */
    public static final int ETXTBSY = 26;
    /** Larger than the file system, or a limit of the process, allows. */
    public static final int EFBIG = 27;
    /** The disk is full. */
    public static final int ENOSPC = 28;
    /** A pipe has no positions. */
    public static final int ESPIPE = 29;
    /** The file system is mounted for reading only. */
    public static final int EROFS = 30;
    /** A file has as many names, or a folder as many folders, as it can. */
    public static final int EMLINK = 31;
    /** The other end no longer receives. */
    public static final int EPIPE = 32;
    /** A path is too long; so is a Unix domain socket's beyond 107 bytes. */
    public static final int ENAMETOOLONG = 36;
    /** The kernel does not have this call, or a filter hides it. */
    public static final int ENOSYS = 38;
    /** The folder is not empty. */
    public static final int ENOTEMPTY = 39;
    /** Too many symbolic links, or one where none may be. */
    public static final int ELOOP = 40;
    /** The wait is over; only io_uring's wait says so, and its driver never reports it. */
    public static final int ETIME = 62;
    /** The other end broke the protocol's rules before its connection could be accepted. */
    public static final int EPROTO = 71;
    /** A size or a time that its field cannot hold. */
    public static final int EOVERFLOW = 75;
    /** Not a socket. */
    public static final int ENOTSOCK = 88;
    /** A datagram larger than the network takes. */
    public static final int EMSGSIZE = 90;
    /** No such option. */
    public static final int ENOPROTOOPT = 92;
    /** The socket's kind does not have this operation. */
    public static final int EOPNOTSUPP = 95;
    /** No such address family: no IPv6, no Unix domain sockets. */
    public static final int EAFNOSUPPORT = 97;
    /** The address is taken. */
    public static final int EADDRINUSE = 98;
    /** The address is none of this machine's. */
    public static final int EADDRNOTAVAIL = 99;
    /** The network is down. */
    public static final int ENETDOWN = 100;
    /** No way to that network. */
    public static final int ENETUNREACH = 101;
    /** The connection ended before it could be accepted. */
    public static final int ECONNABORTED = 103;
    /** The other end reset the connection. */
    public static final int ECONNRESET = 104;
    /** No buffers: the provided ones have run out, or the kernel's own. */
    public static final int ENOBUFS = 105;
    /** Connected already. */
    public static final int EISCONN = 106;
    /** Not connected (any more). */
    public static final int ENOTCONN = 107;
    /** No answer in time. */
    public static final int ETIMEDOUT = 110;
    /** Nobody listens there. */
    public static final int ECONNREFUSED = 111;
    /** No way to that host. */
    public static final int EHOSTUNREACH = 113;
    /** A connection attempt goes on already; drivers wait and never report this. */
    public static final int EALREADY = 114;
    /** The connection attempt goes on; drivers wait and never report this. */
    public static final int EINPROGRESS = 115;
    /** The file is gone from the server it lay on. */
    public static final int ESTALE = 116;
    /** The user's share of the disk is used up. */
    public static final int EDQUOT = 122;
    /** The operation was cancelled. */
    public static final int ECANCELED = 125;

    private Errno() {}
}
