package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;

/** Why an operation failed, with what can be done about it. */
public enum Failure {
    CANCELLED("it was cancelled", "nothing to do: somebody asked for it"),
    TIMED_OUT("it took too long", "try again, or allow more time"),
    CLOSED("the handle is closed", "do not use it after closing it"),
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
    MESSAGE_TOO_LONG("the datagram is larger than the network takes", "send less at once"),
    NOT_SUPPORTED("this system does not support it", "choose another address family, option or driver"),
    REJECTED("the limit of what may wait was reached", "try again later, or raise the limit"),
    IO("input or output failed", "see the system's log");

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
            case Errno.EADDRINUSE, Errno.EEXIST -> ADDRESS_IN_USE;
            case Errno.EADDRNOTAVAIL -> ADDRESS_NOT_AVAILABLE;
            case Errno.EACCES, Errno.EPERM -> PERMISSION_DENIED;
            case Errno.ECONNREFUSED -> CONNECTION_REFUSED;
            case Errno.ECONNRESET, Errno.ECONNABORTED -> CONNECTION_RESET;
            case Errno.ENOTCONN -> NOT_CONNECTED;
            case Errno.EPIPE -> PEER_CLOSED;
            case Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.ENETDOWN -> UNREACHABLE;
            case Errno.EMFILE, Errno.ENFILE -> TOO_MANY_DESCRIPTORS;
            case Errno.ENOMEM, Errno.ENOBUFS -> OUT_OF_MEMORY;
            case Errno.ENOENT -> NOT_FOUND;
            case Errno.EMSGSIZE -> MESSAGE_TOO_LONG;
            case Errno.EAFNOSUPPORT, Errno.EOPNOTSUPP, Errno.ENOPROTOOPT, Errno.ENOSYS, Errno.ENAMETOOLONG ->
                NOT_SUPPORTED;
            default -> IO;
        };
    }
}
