package dev.pumasi.runtime.driver;

import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Locale;

/**
 * What {@code java.nio} throws, in the words of {@link Errno}, negated. The JDK keeps the number to itself: some have a
 * class of their own, the rest is told from the system's message, which is all there is (and may be in another language;
 * then it is "input or output failed").
 */
final class NioErrno {

    private NioErrno() {}

    static int of(Exception failure) {
        String message =
                failure.getMessage() == null ? "" : failure.getMessage().toLowerCase(Locale.ROOT);
        return -switch (failure) {
            case ClosedChannelException _ -> Errno.EBADF;
            case NotYetConnectedException _ -> Errno.ENOTCONN;
            case AlreadyConnectedException _ -> Errno.EISCONN;
            case UnresolvedAddressException _, NoRouteToHostException _ -> Errno.EHOSTUNREACH;
            case UnsupportedAddressTypeException _ -> Errno.EAFNOSUPPORT;
            case PortUnreachableException _ -> Errno.ECONNREFUSED;
            case SocketTimeoutException _ -> Errno.ETIMEDOUT;
            case ProtocolException _ -> Errno.EPROTO;
            case AccessDeniedException _ -> Errno.EACCES;
            case NoSuchFileException _ -> Errno.ENOENT;
            case FileAlreadyExistsException _ -> Errno.EEXIST;
            case DirectoryNotEmptyException _ -> Errno.ENOTEMPTY;
            case NotDirectoryException _ -> Errno.ENOTDIR;
            case FileSystemLoopException _ -> Errno.ELOOP;
            case AtomicMoveNotSupportedException _ -> Errno.EXDEV;
            case ReadOnlyFileSystemException _ -> Errno.EROFS;
            case IllegalArgumentException _ -> Errno.EINVAL;
            case ConnectException _ -> ofConnect(message);
            case BindException _ -> ofBind(message);
            default -> ofMessage(message);
        };
    }

    private static int ofConnect(String message) {
        return message.contains("timed out")
                ? Errno.ETIMEDOUT
                : message.contains("not connected") ? Errno.ENOTCONN : Errno.ECONNREFUSED;
    }

    private static int ofBind(String message) {
        return message.contains("denied")
                ? Errno.EACCES
                : message.contains("assign") ? Errno.EADDRNOTAVAIL : Errno.EADDRINUSE;
    }

    private static int ofMessage(String message) {
        for (Phrase phrase : PHRASES) {
            if (message.contains(phrase.words)) {
                return phrase.errno;
            }
        }
        return Errno.EIO;
    }

    private record Phrase(String words, int errno) {}

    /** In this order: a later one may be part of what an earlier one is found in. */
    private static final Phrase[] PHRASES = {
        new Phrase("too many open files in system", Errno.ENFILE),
        new Phrase("too many open files", Errno.EMFILE),
        new Phrase("broken pipe", Errno.EPIPE),
        new Phrase("connection reset", Errno.ECONNRESET),
        // Windows: by the host's software, by the other end.
        new Phrase("connection was aborted", Errno.ECONNRESET),
        new Phrase("forcibly closed", Errno.ECONNRESET),
        new Phrase("connection aborted", Errno.ECONNABORTED),
        new Phrase("connection refused", Errno.ECONNREFUSED),
        // A Unix domain listener whose queue is full: the only socket that says so.
        new Phrase("resource temporarily unavailable", Errno.ECONNREFUSED),
        new Phrase("path too long", Errno.ENAMETOOLONG),
        new Phrase("name too long", Errno.ENAMETOOLONG),
        new Phrase("message too long", Errno.EMSGSIZE),
        new Phrase("no such file", Errno.ENOENT),
        new Phrase("no space left", Errno.ENOSPC),
        new Phrase("quota exceeded", Errno.EDQUOT),
        new Phrase("file too large", Errno.EFBIG),
        new Phrase("read-only file system", Errno.EROFS),
        new Phrase("is a directory", Errno.EISDIR),
        new Phrase("not a directory", Errno.ENOTDIR),
        new Phrase("directory not empty", Errno.ENOTEMPTY),
        new Phrase("levels of symbolic links", Errno.ELOOP),
        new Phrase("cross-device", Errno.EXDEV),
        new Phrase("text file busy", Errno.ETXTBSY),
        new Phrase("resource busy", Errno.EBUSY),
        new Phrase("illegal seek", Errno.ESPIPE),
        new Phrase("no such device or address", Errno.ENXIO),
        new Phrase("too many links", Errno.EMLINK),
        new Phrase("stale file handle", Errno.ESTALE),
        new Phrase("file exists", Errno.EEXIST),
        new Phrase("permission denied", Errno.EACCES),
        new Phrase("operation not permitted", Errno.EPERM),
        new Phrase("network is unreachable", Errno.ENETUNREACH),
        new Phrase("network is down", Errno.ENETDOWN),
        new Phrase("no route to host", Errno.EHOSTUNREACH),
        new Phrase("no buffer space", Errno.ENOBUFS),
        new Phrase("cannot allocate memory", Errno.ENOMEM),
        new Phrase("address already in use", Errno.EADDRINUSE),
        new Phrase("timed out", Errno.ETIMEDOUT),
        new Phrase("not connected", Errno.ENOTCONN),
        new Phrase("address family", Errno.EAFNOSUPPORT),
        new Phrase("protocol family", Errno.EAFNOSUPPORT),
        new Phrase("exec format error", Errno.ENOEXEC),
        new Phrase("argument list too long", Errno.E2BIG),
        new Phrase("not a directory", Errno.ENOTDIR),
        new Phrase("invalid argument", Errno.EINVAL),
        // Direct access, of memory, positions and lengths that are no multiples of the block.
        new Phrase("not a multiple of the block size", Errno.EINVAL),
        new Phrase("not aligned", Errno.EINVAL),
    };
}
