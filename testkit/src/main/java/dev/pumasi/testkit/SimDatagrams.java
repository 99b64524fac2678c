package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A datagram socket: each datagram goes its own way, and may be lost, doubled, or overtaken. */
final class SimDatagrams extends SimSocket {

    /** What IPv4 takes: 65,535 less the headers of IP and UDP. */
    static final int BYTES_MAX = 65_507;

    /** One that has arrived. */
    static final class Datagram {
        final InetSocketAddress from;
        final byte[] bytes;

        Datagram(InetSocketAddress from, byte[] bytes) {
            this.from = from;
            this.bytes = bytes;
        }
    }

    private final InetSocketAddress address;
    private final Deque<Datagram> queue = new ArrayDeque<>();
    private boolean closed;

    SimDatagrams(SimNetwork network, SimNode node, InetSocketAddress address) {
        super(network, node, node.nextSocket().dice());
        this.address = address;
    }

    @Override
    InetSocketAddress local() {
        return address;
    }

    @Override
    @Nullable
    InetSocketAddress remote() {
        return null;
    }

    /** The datagram that waited longest; null if none waits. */
    @Nullable
    Datagram receive() {
        return queue.poll();
    }

    /** The number of bytes, or an error. What the network does with them the sender never learns. */
    int send(byte[] bytes, InetSocketAddress to) {
        if (bytes.length > BYTES_MAX) {
            return -Errno.EMSGSIZE;
        }
        InetSocketAddress from = network.source(this, to);
        String what = SimNetwork.text(bytes) + " " + SimNetwork.text(from) + " > " + SimNetwork.text(to);
        SimFaults.Datagrams faults = network.faults().datagrams();
        if (network.isCut(from.getAddress(), to.getAddress()) || dice.chance(faults.lose())) {
            note("datagram lost: " + what);
            return bytes.length;
        }
        note("datagram " + what);
        int copies = dice.chance(faults.duplicate()) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            network.in(network.latency(dice) + network.jitter(dice), () -> arrive(bytes, from, to));
        }
        return bytes.length;
    }

    private void arrive(byte[] bytes, InetSocketAddress from, InetSocketAddress to) {
        SimDatagrams target = network.datagrams(node, to, dice);
        if (target == null
                || target.closed
                || target.queue.size() >= network.faults().datagrams().queueMax()) {
            note("datagram dropped: " + SimNetwork.text(bytes) + " at " + SimNetwork.text(to));
            return;
        }
        target.queue.add(new Datagram(from, bytes));
        target.readable();
    }

    @Override
    void close() {
        closed = true;
        queue.clear();
        network.unbind(this);
    }
}
