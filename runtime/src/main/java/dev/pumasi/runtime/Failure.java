package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;

/** Why an operation failed, with what can be done about it. */
public enum Failure {
    CANCELLED("it was cancelled", "nothing to do: somebody asked for it"),
    TIMED_OUT("it took too long", "try again, or allow more time"),
    CLOSED("it is closed, or its loop is", "do not use it after closing it"),
    ADDRESS_IN_USE("the address is in use", "choose another port, or stop the process that listens there (ss -ltnp)"),
    ADDRESS_NOT_AVAILABLE("the address is none of this machine's", "listen on an address that `ip address` shows"),
    PERMISSION_DENIED(
            "permission denied", "ports below 1024 need CAP_NET_BIND_SERVICE; for paths, check owner and mode"),
    CONNECTION_REFUSED("nobody listens there", "check the address and that the server runs"),
    CONNECTION_RESET("the other end reset the connection", "nothing to do: the peer went away"),
    NOT_CONNECTED("the socket is not connected", "connect it first"),
    PEER_CLOSED("the other end no longer receives", "nothing to do: the peer went away"),
    UNREACHABLE("there is no way to that host or network", "check the address and the routes"),
    TOO_MANY_DESCRIPTORS("no file descriptors are left", "raise `ulimit -n`, or lower the number of connections"),
    OUT_OF_MEMORY("the kernel has no memory or buffers left", "lower the load, or give the machine more memory"),
    NOT_FOUND("there is nothing at that path", "check the path"),
    ALREADY_EXISTS("something is at that path already", "choose another name, or ask for it to be replaced"),
    FILE_ENDED("the file ended before", "see who cuts it while it is sent; replace files by renaming"),
    NOT_A_FOLDER("a name in the path is no folder", "check the path"),
    IS_A_FOLDER("there is a folder at that path", "check the path; folders are listed, and deleted as folders"),
    FOLDER_NOT_EMPTY("the folder is not empty", "delete what is in it first"),
    OUTSIDE(
            "the path leads out of its folder, or to another file system",
            "keep inside the folder; between file systems copy, then delete"),
    TOO_MANY_LINKS("there are too many symbolic links, or one where none may be", "check where the links lead"),
    NAME_TOO_LONG("the path is too long", "shorten it: 255 bytes a name, 4095 a path, 107 for a Unix domain socket"),
    DISK_FULL("no space is left on the disk", "delete something (df shows what is full, and df -i), then try again"),
    QUOTA_EXCEEDED("this user's share of the disk is used up", "delete something, or raise the quota"),
    FILE_TOO_LARGE("the file would be larger than is allowed", "see ulimit -f and the limits of the file system"),
    READ_ONLY(
            "the file system is mounted for reading only",
            "write elsewhere, or mount it for writing (see dmesg first)"),
    IN_USE("something else is using it", "stop that (lsof or fuser names it), then try again"),
    INVALID("the system does not take these arguments", "for direct access use multiples of the device's block"),
    NAME_UNKNOWN("the name does not resolve", "check the spelling, and what `getent ahosts NAME` says"),
    NAME_MALFORMED(
            "that is no host's name",
            "write letters, digits, '-' and '_', in labels of 63 with dots between them, 253 characters in all"),
    MESSAGE_TOO_LONG("the datagram is larger than the network takes", "send less at once"),
    NOT_SUPPORTED("this system does not support it", "choose another address family, option or driver"),
    NOT_EXECUTABLE(
            "the file is no program that this system runs",
            "check its first line (#!), its architecture, and that it is marked executable"),
    ARGUMENTS_TOO_LONG(
            "the arguments and the environment are too long together", "hand the data over by a pipe or a file"),
    TOO_MANY_PROCESSES("no more processes can be started", "wait for some to end, or raise `ulimit -u`"),
    NO_SUCH_PROCESS("there is no such process (any more)", "nothing to do: it has ended"),
    REJECTED("the limit of what may wait was reached", "try again later, or raise the limit"),
    IO("input or output failed", "see the system's log (dmesg); what was not synced may be lost");

    private final String cause;
    private final String remedy;

    Failure(String cause, String remedy) {
        this.cause = cause;
        this.remedy = remedy;
    }

    /** What happened, as part of a sentence. */
    public String cause() {
        return cause;
    }

    /** What to do about it, as part of a sentence. */
    public String remedy() {
        return remedy;
    }

    /** What a driver's negative result means. */
    static Failure of(int result) {
        return switch (-result) {
            case Errno.ECANCELED -> CANCELLED;
            case Errno.ETIMEDOUT -> TIMED_OUT;
            case Errno.EBADF -> CLOSED;
            case Errno.EADDRINUSE -> ADDRESS_IN_USE;
            case Errno.EADDRNOTAVAIL -> ADDRESS_NOT_AVAILABLE;
            case Errno.EACCES, Errno.EPERM -> PERMISSION_DENIED;
            case Errno.ECONNREFUSED -> CONNECTION_REFUSED;
            case Errno.ECONNRESET, Errno.ECONNABORTED -> CONNECTION_RESET;
            case Errno.ENOTCONN -> NOT_CONNECTED;
            case Errno.EPIPE -> PEER_CLOSED;
            case Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.ENETDOWN -> UNREACHABLE;
            case Errno.EMFILE, Errno.ENFILE -> TOO_MANY_DESCRIPTORS;
            case Errno.ENOMEM, Errno.ENOBUFS -> OUT_OF_MEMORY;
            case Errno.EAGAIN -> REJECTED;
            case Errno.ENOENT, Errno.ESTALE, Errno.ENXIO -> NOT_FOUND;
            case Errno.EEXIST -> ALREADY_EXISTS;
            case Errno.ENOTDIR -> NOT_A_FOLDER;
            case Errno.EISDIR -> IS_A_FOLDER;
            case Errno.ENOTEMPTY -> FOLDER_NOT_EMPTY;
            case Errno.EXDEV -> OUTSIDE;
            case Errno.ELOOP -> TOO_MANY_LINKS;
            case Errno.ENAMETOOLONG -> NAME_TOO_LONG;
            case Errno.ENOSPC, Errno.EMLINK -> DISK_FULL;
            case Errno.EDQUOT -> QUOTA_EXCEEDED;
            case Errno.EFBIG -> FILE_TOO_LARGE;
            case Errno.EROFS -> READ_ONLY;
            case Errno.EBUSY, Errno.ETXTBSY -> IN_USE;
            case Errno.EINVAL -> INVALID;
            case Errno.ENOEXEC -> NOT_EXECUTABLE;
            case Errno.E2BIG -> ARGUMENTS_TOO_LONG;
            case Errno.ESRCH -> NO_SUCH_PROCESS;
            case Errno.EMSGSIZE -> MESSAGE_TOO_LONG;
            case Errno.EAFNOSUPPORT, Errno.EOPNOTSUPP, Errno.ENOPROTOOPT, Errno.ENOSYS, Errno.ESPIPE -> NOT_SUPPORTED;
            default -> IO;
        };
    }
}
