package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.SocketOption;
import java.net.SocketAddress;
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

    @Nullable Runnable reader;

    @Nullable Runnable writer;

    private final int[] options = new int[SocketOption.values().length];

    SimSocket(SimNetwork network, SimNode node, Dice dice) {
        this.network = network;
        this.node = node;
        this.dice = dice;
        SimFaults.Streams streams = network.faults().streams();
        options[SocketOption.NO_DELAY.ordinal()] = 1;
        options[SocketOption.RECEIVE_BUFFER_BYTES.ordinal()] = streams.receiveBufferBytes();
        options[SocketOption.SEND_BUFFER_BYTES.ordinal()] = streams.sendBufferBytes();
        options[SocketOption.LINGER.ordinal()] = -1;
    }

    abstract @Nullable SocketAddress local();

    abstract @Nullable SocketAddress remote();

    abstract void close();

    final int option(SocketOption option) {
        return options[option.ordinal()];
    }

    final int setOption(SocketOption option, int value) {
        boolean valid =
                switch (option) {
                    case NO_DELAY, KEEP_ALIVE -> value == 0 || value == 1;
                    case RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES -> value > 0;
                    case LINGER -> value >= -1;
                };
        if (!valid) {
            return -Errno.EINVAL;
        }
        // To seconds, rounded up, as the seam says.
        options[option.ordinal()] = option == SocketOption.LINGER && value > 0 ? (value + 999) / 1_000 * 1_000 : value;
        return 0;
    }

    /** As an accepted connection inherits its listener's. */
    final void inheritOptions(SimSocket from) {
        System.arraycopy(from.options, 0, options, 0, options.length);
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
