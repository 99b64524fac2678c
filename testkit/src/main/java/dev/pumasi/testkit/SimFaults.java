package dev.pumasi.testkit;

/**
 * What a simulated world is like: how far its machines are apart, how small its buffers are, and how often something
 * goes wrong. Probabilities are from 0 (never) to 1 (always). Begin with {@link #calm} or {@link #rough} and change what
 * the test is about.
 */
public record SimFaults(Link link, Streams streams, Datagrams datagrams, Disk disk, Machine machine) {

    /**
     * The way between two addresses.
     *
     * @param latencyNanos how long it takes; drawn once for each direction of a connection
     * @param jitterNanos what each segment or datagram takes beyond that
     */
    public record Link(Span latencyNanos, Span jitterNanos) {}

    /**
     * Stream connections.
     *
     * @param sendBufferBytes what an end takes over that the other has not got yet
     * @param receiveBufferBytes what an end holds that has not been read
     * @param segmentBytesMax what travels at once
     * @param split how often a segment, though it could be as large, has a seeded length down to one byte
     * @param shortTransfer how often a send or a receive handles fewer bytes than it could
     * @param refuse how often a connection is refused though somebody listens
     * @param reset how often the network resets an established connection
     * @param lose how often an established connection falls silent without a word to either end
     * @param untilFaultNanos when, after it was established, a connection is reset or lost
     * @param giveUpNanos how long an end sends into the void before it reports that nobody answers
     */
    public record Streams(
            int sendBufferBytes,
            int receiveBufferBytes,
            int segmentBytesMax,
            double split,
            double shortTransfer,
            double refuse,
            double reset,
            double lose,
            Span untilFaultNanos,
            long giveUpNanos) {

        public Streams {
            if (sendBufferBytes < 1 || receiveBufferBytes < 1 || segmentBytesMax < 1) {
                throw new IllegalArgumentException("a stream's buffers and segments hold at least one byte");
            }
        }
    }

    /**
     * Datagrams.
     *
     * @param lose how often one does not arrive
     * @param duplicate how often one arrives twice
     * @param queueMax how many wait at a socket; what comes then is lost
     */
    public record Datagrams(double lose, double duplicate, int queueMax) {}

    /**
     * The machines' disks.
     *
     * @param readNanos how long it takes to read
     * @param writeNanos how long it takes to write, to cut off or to reserve
     * @param syncNanos how long it takes until what was written is on the device
     * @param nameNanos how long it takes to do something with a path
     * @param slow how often an operation takes {@code slowNanos} longer
     * @param slowNanos how much longer
     * @param shortTransfer how often a read or a write handles fewer bytes than it could
     * @param readError how often a read fails with {@code EIO}
     * @param writeError how often a write does
     * @param syncError how often a sync does; what it should have made durable is lost in part, for good
     * @param capacityBytes how many bytes fit; then {@code ENOSPC}
     */
    public record Disk(
            Span readNanos,
            Span writeNanos,
            Span syncNanos,
            Span nameNanos,
            double slow,
            Span slowNanos,
            double shortTransfer,
            double readError,
            double writeError,
            double syncError,
            long capacityBytes) {}

    /**
     * The machines and what runs on them.
     *
     * @param handlesMax how many handles a driver may have open; then {@code EMFILE}
     * @param providedBuffers how many provided buffers a driver has; then {@code ENOBUFS}
     * @param providedBufferBytes the size of each
     * @param stepNanos the time that a participant's step takes
     * @param stall how often a participant stands still after a step, as if its memory were being collected
     * @param stallNanos for how long
     * @param idle how often a participant is given a step for which there is no reason
     * @param defer how often a completion that is there is not reported yet, so that others overtake it
     * @param endMultishot how often a multishot operation ends though it could go on
     */
    public record Machine(
            int handlesMax,
            int providedBuffers,
            int providedBufferBytes,
            Span stepNanos,
            double stall,
            Span stallNanos,
            double idle,
            double defer,
            double endMultishot) {

        public Machine {
            if (providedBuffers < 1 || providedBuffers > 1 << 15 || providedBufferBytes < 1) {
                throw new IllegalArgumentException("1 to 32768 provided buffers of at least one byte");
            }
        }
    }

    /** A quiet network of near neighbours: everything is in order, and yet nothing is instant. */
    public static SimFaults calm() {
        return new SimFaults(
                new Link(Span.micros(50, 200), Span.micros(0, 20)),
                new Streams(256 << 10, 256 << 10, 16 << 10, 0, 0, 0, 0, 0, Span.millis(0, 1_000), 30_000_000_000L),
                new Datagrams(0, 0, 256),
                new Disk(
                        Span.micros(50, 200),
                        Span.micros(10, 50),
                        Span.millis(1, 5),
                        Span.micros(20, 100),
                        0,
                        Span.ZERO,
                        0,
                        0,
                        0,
                        0,
                        Long.MAX_VALUE),
                new Machine(4_096, 64, 2_048, Span.micros(1, 5), 0, Span.ZERO, 0, 0, 0));
    }

    /**
     * Everything that a correct program must live with, more often than any network has it, except what ends a
     * connection or loses a file: byte by byte, out of order across connections, late, in small buffers, with losses of datagrams. For
     * refused, reset and lost connections add {@link #withBrokenStreams}.
     */
    public static SimFaults rough() {
        return new SimFaults(
                new Link(Span.micros(10, 50_000), Span.micros(0, 5_000)),
                new Streams(8 << 10, 8 << 10, 1_460, 0.3, 0.3, 0, 0, 0, Span.millis(0, 1_000), 30_000_000_000L),
                new Datagrams(0.1, 0.1, 16),
                new Disk(
                        Span.micros(10, 20_000),
                        Span.micros(10, 20_000),
                        Span.millis(1, 50),
                        Span.micros(10, 20_000),
                        0.05,
                        Span.millis(50, 2_000),
                        0.3,
                        0,
                        0,
                        0,
                        Long.MAX_VALUE),
                new Machine(256, 4, 512, Span.micros(1, 100), 0.01, Span.millis(1, 200), 0.05, 0.2, 0.1));
    }

    public SimFaults withLink(Link changed) {
        return new SimFaults(changed, streams, datagrams, disk, machine);
    }

    public SimFaults withStreams(Streams changed) {
        return new SimFaults(link, changed, datagrams, disk, machine);
    }

    public SimFaults withDatagrams(Datagrams changed) {
        return new SimFaults(link, streams, changed, disk, machine);
    }

    public SimFaults withDisk(Disk changed) {
        return new SimFaults(link, streams, datagrams, changed, machine);
    }

    /** The same world, whose disks fail this often. */
    public SimFaults withDiskErrors(double readError, double writeError, double syncError) {
        Disk d = disk;
        return withDisk(new Disk(
                d.readNanos,
                d.writeNanos,
                d.syncNanos,
                d.nameNanos,
                d.slow,
                d.slowNanos,
                d.shortTransfer,
                readError,
                writeError,
                syncError,
                d.capacityBytes));
    }

    /** The same world, whose disks hold so much. */
    public SimFaults withDiskCapacity(long bytes) {
        Disk d = disk;
        return withDisk(new Disk(
                d.readNanos,
                d.writeNanos,
                d.syncNanos,
                d.nameNanos,
                d.slow,
                d.slowNanos,
                d.shortTransfer,
                d.readError,
                d.writeError,
                d.syncError,
                bytes));
    }

    /** The same world, whose disks' operations take this much longer, all of them. */
    public SimFaults withSlowDisk(Span nanos) {
        Disk d = disk;
        return withDisk(new Disk(
                d.readNanos,
                d.writeNanos,
                d.syncNanos,
                d.nameNanos,
                1,
                nanos,
                d.shortTransfer,
                d.readError,
                d.writeError,
                d.syncError,
                d.capacityBytes));
    }

    public SimFaults withMachine(Machine changed) {
        return new SimFaults(link, streams, datagrams, disk, changed);
    }

    /** The same world, whose latency is this, in nanoseconds. */
    public SimFaults withLatency(Span nanos) {
        return withLink(new Link(nanos, link.jitterNanos));
    }

    /** The same world, whose connections are refused, reset and lost this often. */
    public SimFaults withBrokenStreams(double refuse, double reset, double lose) {
        Streams s = streams;
        return withStreams(new Streams(
                s.sendBufferBytes,
                s.receiveBufferBytes,
                s.segmentBytesMax,
                s.split,
                s.shortTransfer,
                refuse,
                reset,
                lose,
                s.untilFaultNanos,
                s.giveUpNanos));
    }

    /** The same world, whose streams buffer this much at either end, in bytes. */
    public SimFaults withStreamBuffers(int sendBufferBytes, int receiveBufferBytes) {
        Streams s = streams;
        return withStreams(new Streams(
                sendBufferBytes,
                receiveBufferBytes,
                s.segmentBytesMax,
                s.split,
                s.shortTransfer,
                s.refuse,
                s.reset,
                s.lose,
                s.untilFaultNanos,
                s.giveUpNanos));
    }

    /** The same world, whose drivers open at most so many handles. */
    public SimFaults withHandlesMax(int handlesMax) {
        Machine m = machine;
        return withMachine(new Machine(
                handlesMax,
                m.providedBuffers,
                m.providedBufferBytes,
                m.stepNanos,
                m.stall,
                m.stallNanos,
                m.idle,
                m.defer,
                m.endMultishot));
    }

    /** The same world, whose drivers have so many provided buffers of so many bytes. */
    public SimFaults withProvidedBuffers(int count, int bytes) {
        Machine m = machine;
        return withMachine(new Machine(
                m.handlesMax, count, bytes, m.stepNanos, m.stall, m.stallNanos, m.idle, m.defer, m.endMultishot));
    }
}
