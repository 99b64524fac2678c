package dev.pumasi.testkit;

import java.net.InetAddress;

/** Somebody on the network: a driver or a client, on the machine with this address. */
final class SimNode {

    private final String name;
    private final InetAddress host;
    private final Seed seed;
    private long sockets;

    SimNode(String name, InetAddress host, Seed seed) {
        this.name = name;
        this.host = host;
        this.seed = seed;
    }

    String name() {
        return name;
    }

    InetAddress host() {
        return host;
    }

    Seed seed() {
        return seed;
    }

    /** For the node's next socket: what others do does not change what happens to it. */
    Seed nextSocket() {
        return seed.split("socket").split(sockets++);
    }
}
