package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.SocketOption;
import java.net.SocketException;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of a {@link LoopSocket} in the numbers and values of {@code java.net}: those that the kernel is told, and
 * those that are only remembered.
 *
 * <p>What is set before there is a connection is remembered until there is one. A linger time longer than zero is
 * remembered and never told: with it the kernel makes {@code close} wait, and the loop with it.
 */
final class LoopSocketOptions {

    static final Set<java.net.SocketOption<?>> SUPPORTED = Set.of(
            StandardSocketOptions.TCP_NODELAY,
            StandardSocketOptions.SO_KEEPALIVE,
            StandardSocketOptions.SO_RCVBUF,
            StandardSocketOptions.SO_SNDBUF,
            StandardSocketOptions.SO_LINGER);

    /** What Linux gives a connection, about; only asked before there is one. */
    private static final int BUFFER_BYTES_DEFAULT = 131_072;

    private static final int NO_LINGER = -1;

    /** 0 without limit. Read by every read, so without the lock that the others have. */
    private volatile int timeoutMillis;

    private int lingerSeconds = NO_LINGER;
    private boolean reuseAddress;
    private int trafficClass;

    /** As for every socket of {@code java.net}, small segments wait unless that is switched off; ours have it off. */
    private final EnumMap<SocketOption, Integer> told = new EnumMap<>(Map.of(SocketOption.NO_DELAY, 0));

    int timeoutMillis() {
        return timeoutMillis;
    }

    /** What the kernel is told before it connects. */
    synchronized Map<SocketOption, Integer> told() {
        return Map.copyOf(told);
    }

    /** The number by which {@link SocketOptions} knows it. */
    static int id(java.net.SocketOption<?> option) {
        if (option.equals(StandardSocketOptions.TCP_NODELAY)) {
            return SocketOptions.TCP_NODELAY;
        } else if (option.equals(StandardSocketOptions.SO_KEEPALIVE)) {
            return SocketOptions.SO_KEEPALIVE;
        } else if (option.equals(StandardSocketOptions.SO_RCVBUF)) {
            return SocketOptions.SO_RCVBUF;
        } else if (option.equals(StandardSocketOptions.SO_SNDBUF)) {
            return SocketOptions.SO_SNDBUF;
        } else if (option.equals(StandardSocketOptions.SO_LINGER)) {
            return SocketOptions.SO_LINGER;
        }
        throw new UnsupportedOperationException("'" + option + "' not supported");
    }

    /** The driver's option that answers to the number, if the kernel is asked for it. */
    static @Nullable SocketOption known(int id) {
        return switch (id) {
            case SocketOptions.TCP_NODELAY -> SocketOption.NO_DELAY;
            case SocketOptions.SO_KEEPALIVE -> SocketOption.KEEP_ALIVE;
            case SocketOptions.SO_RCVBUF -> SocketOption.RECEIVE_BUFFER_BYTES;
            case SocketOptions.SO_SNDBUF -> SocketOption.SEND_BUFFER_BYTES;
            default -> null;
        };
    }

    /** Remembers it, and answers the option that the kernel is to be told, if any. */
    synchronized @Nullable SocketOption set(int id, Object value) throws SocketException {
        switch (id) {
            case SocketOptions.SO_TIMEOUT -> timeoutMillis = integer(value);
            case SocketOptions.TCP_NODELAY -> told.put(SocketOption.NO_DELAY, bit(value));
            case SocketOptions.SO_KEEPALIVE -> told.put(SocketOption.KEEP_ALIVE, bit(value));
            case SocketOptions.SO_RCVBUF -> told.put(SocketOption.RECEIVE_BUFFER_BYTES, positive(value));
            case SocketOptions.SO_SNDBUF -> told.put(SocketOption.SEND_BUFFER_BYTES, positive(value));
            case SocketOptions.SO_LINGER -> {
                lingerSeconds = Boolean.FALSE.equals(value) ? NO_LINGER : integer(value);
                told.put(SocketOption.LINGER, lingerSeconds == 0 ? 0 : NO_LINGER);
                return SocketOption.LINGER;
            }
            case SocketOptions.SO_REUSEADDR, SocketOptions.SO_REUSEPORT -> reuseAddress = bit(value) == 1;
            case SocketOptions.IP_TOS -> trafficClass = integer(value);
            case SocketOptions.SO_OOBINLINE -> {
                if (bit(value) == 1) {
                    throw new SocketException("Urgent data not supported");
                }
            }
            default -> throw new SocketException("Unknown option " + id);
        }
        return known(id);
    }

    synchronized int told(SocketOption option) {
        return told.getOrDefault(option, 0);
    }

    /** The value as remembered; that of a connection is asked of the kernel where {@link #known} says so. */
    synchronized Object get(int id) throws SocketException {
        return switch (id) {
            case SocketOptions.SO_TIMEOUT -> timeoutMillis;
            case SocketOptions.SO_LINGER -> lingerSeconds == NO_LINGER ? Boolean.FALSE : (Object) lingerSeconds;
            case SocketOptions.SO_REUSEADDR, SocketOptions.SO_REUSEPORT -> reuseAddress;
            case SocketOptions.IP_TOS -> trafficClass;
            case SocketOptions.SO_OOBINLINE -> Boolean.FALSE;
            case SocketOptions.SO_RCVBUF -> told.getOrDefault(SocketOption.RECEIVE_BUFFER_BYTES, BUFFER_BYTES_DEFAULT);
            case SocketOptions.SO_SNDBUF -> told.getOrDefault(SocketOption.SEND_BUFFER_BYTES, BUFFER_BYTES_DEFAULT);
            case SocketOptions.TCP_NODELAY -> told.getOrDefault(SocketOption.NO_DELAY, 0) != 0;
            case SocketOptions.SO_KEEPALIVE -> told.getOrDefault(SocketOption.KEEP_ALIVE, 0) != 0;
            default -> throw new SocketException("Unknown option " + id);
        };
    }

    /** What the kernel said, in the type of {@code java.net}. */
    static Object value(int id, int kernels) {
        return id == SocketOptions.TCP_NODELAY || id == SocketOptions.SO_KEEPALIVE
                ? (Object) (kernels != 0)
                : (Object) kernels;
    }

    private static int bit(Object value) throws SocketException {
        if (value instanceof Boolean on) {
            return on ? 1 : 0;
        }
        throw new SocketException("Bad value: " + value);
    }

    private static int integer(Object value) throws SocketException {
        if (value instanceof Integer number) {
            return number;
        }
        throw new SocketException("Bad value: " + value);
    }

    private static int positive(Object value) throws SocketException {
        int number = integer(value);
        if (number <= 0) {
            throw new SocketException("Bad value: " + value);
        }
        return number;
    }
}
