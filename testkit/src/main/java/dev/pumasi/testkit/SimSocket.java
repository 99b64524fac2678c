package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.SocketOption;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One end of something on the simulated network: what a handle stands for. Nothing here waits: whoever wants to read or
 * write asks, and when the answer is {@link Errno#EAGAIN} is told, by its {@link #reader} or {@link #writer}, that asking
 * again may be worth while.
 */
abstract sealed class SimSocket permits SimStream, SimListener, SimDatagrams {

    final SimNetwork network;
    final SimNode node;
    final Dice dice;

    @Nullable
    Runnable reader;

    @Nullable
    Runnable writer;

    private final Map<SocketOption, Integer> options = new EnumMap<>(SocketOption.class);

    SimSocket(SimNetwork network, SimNode node, Dice dice) {
        this.network = network;
        this.node = node;
        this.dice = dice;
        SimFaults.Streams streams = network.faults().streams();
        options.put(SocketOption.NO_DELAY, 1);
        options.put(SocketOption.KEEP_ALIVE, 0);
        options.put(SocketOption.RECEIVE_BUFFER_BYTES, streams.receiveBufferBytes());
        options.put(SocketOption.SEND_BUFFER_BYTES, streams.sendBufferBytes());
        options.put(SocketOption.LINGER, -1);
    }

    abstract @Nullable SocketAddress local();

    abstract @Nullable SocketAddress remote();

    abstract void close();

    /** Whether its address is a path: then it knows no options of TCP. */
    private boolean isUnix() {
        return local() instanceof UnixDomainSocketAddress;
    }

    /** The value, or an error. */
    final int askOption(SocketOption option) {
        return option == SocketOption.NO_DELAY && isUnix() ? -Errno.ENOPROTOOPT : option(option);
    }

    final int option(SocketOption option) {
        return Objects.requireNonNull(options.get(option));
    }

    final int setOption(SocketOption option, int value) {
        if (option == SocketOption.NO_DELAY && isUnix()) {
            return -Errno.ENOPROTOOPT;
        }
        boolean valid = switch (option) {
            case NO_DELAY, KEEP_ALIVE -> value == 0 || value == 1;
            case RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES -> value > 0;
            case LINGER -> value >= -1;
        };
        if (!valid) {
            return -Errno.EINVAL;
        }
        // To seconds, rounded up, as the seam says.
        options.put(option, option == SocketOption.LINGER && value > 0 ? (value + 999) / 1_000 * 1_000 : value);
        return 0;
    }

    /** As an accepted connection inherits its listener's. */
    final void inheritOptions(SimSocket from) {
        options.putAll(from.options);
    }

    final void readable() {
        Runnable told = reader;
        if (told != null) {
            told.run();
        }
    }

    final void writable() {
        Runnable told = writer;
        if (told != null) {
            told.run();
        }
    }

    final void note(String what) {
        network.note(node.name(), what);
    }
}
