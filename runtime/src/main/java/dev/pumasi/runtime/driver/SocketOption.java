package dev.pumasi.runtime.driver;

/** The options of sockets that every driver knows; a driver that lacks one answers {@link Errno#ENOPROTOOPT}. */
public enum SocketOption {
    /** Small segments are sent at once ({@code TCP_NODELAY}); on for every TCP connection unless switched off. */
    NO_DELAY,
    /** The kernel probes an idle peer ({@code SO_KEEPALIVE}). */
    KEEP_ALIVE,
    /** {@code SO_RCVBUF}, in bytes; the kernel may round. */
    RECEIVE_BUFFER_BYTES,
    /** {@code SO_SNDBUF}, in bytes; the kernel may round. */
    SEND_BUFFER_BYTES,
    /**
     * {@code SO_LINGER} in milliseconds, rounded up to seconds; −1 switches it off. With 0, closing discards what is
     * unsent and resets the connection.
     */
    LINGER
}
