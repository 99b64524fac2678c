package dev.pumasi.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Connections that say nothing. Closed, they are reset, so that none of their ports has to rest for a minute.
 *
 * <p>A process has only so many descriptors. Those that do not fit into this one are opened by helpers, processes that do
 * nothing else ({@link #main}), which end when their input does.
 */
final class IdleConnections implements AutoCloseable {

    /** For what this process needs besides. */
    static final int SPARED = 200;

    private static final int HELPERS_MAX = 8;
    private static final long HELPER_SECONDS = 60;
    private static final String OPEN = "open ";

    private final List<SocketChannel> channels = new ArrayList<>();
    private final List<Child> helpers = new ArrayList<>();

    /**
     * Opens as many as that to a port of this machine. Blocks.
     *
     * @throws LabException if the system refuses one; none is left then
     */
    static IdleConnections open(int port, int count) throws LabException, InterruptedException {
        OptionalLong left = Descriptors.left();
        return open(port, count, left.isPresent() ? (int) Math.max(0, left.getAsLong() - SPARED) : count);
    }

    /** @param ownMax how many this process may open itself, and each helper */
    static IdleConnections open(int port, int count, int ownMax) throws LabException, InterruptedException {
        IdleConnections idle = new IdleConnections();
        try {
            int own = Math.min(count, ownMax);
            idle.openHere(port, own, count);
            int rest = count - own;
            while (rest > 0 && idle.helpers.size() < HELPERS_MAX && ownMax > 0) {
                int share = Math.min(rest, ownMax);
                idle.helpers.add(helper(port, share));
                rest -= share;
            }
            if (rest > 0) {
                throw new LabException("of " + count + " idle connections only " + (count - rest)
                        + " have a place: a process may open " + ownMax + " more (ulimit -n), and there are "
                        + HELPERS_MAX + " helpers at most");
            }
            return idle;
        } catch (LabException | InterruptedException | RuntimeException refused) {
            idle.close();
            throw refused;
        }
    }

    private void openHere(int port, int own, int count) throws LabException {
        try {
            for (int i = 0; i < own; i++) {
                SocketChannel channel =
                        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                channels.add(channel);
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException refused) {
            throw new LabException(
                    "of " + count + " idle connections only " + channels.size() + " could be opened: "
                            + refused.getMessage(),
                    refused);
        }
    }

    private static Child helper(int port, int share) throws LabException, InterruptedException {
        Child helper = Child.start(
                "a helper with idle connections",
                List.of(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        IdleConnections.class.getName(),
                        Integer.toString(port),
                        Integer.toString(share)),
                Map.of());
        try {
            Optional<String> line = helper.line(HELPER_SECONDS);
            if (line.isEmpty() || !line.get().equals(OPEN + share)) {
                throw line.isEmpty() ? helper.ended() : new LabException(line.get());
            }
            return helper;
        } catch (LabException | InterruptedException | RuntimeException failed) {
            helper.close();
            throw failed;
        }
    }

    /** A helper: {@code PORT COUNT}. It says {@code open COUNT}, or why not, and ends when its input does. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int count = Integer.parseInt(arguments[1]);
        try (IdleConnections idle = open(Integer.parseInt(arguments[0]), count, count)) {
            System.out.println(OPEN + idle.channels.size());
            System.out.flush();
            while (System.in.read() >= 0) {
                // nobody says anything
            }
        } catch (LabException refused) {
            System.out.println(refused.getMessage());
            System.out.flush();
        }
    }

    @Override
    public void close() {
        helpers.forEach(Child::close);
        for (SocketChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException gone) {
                // the other end was faster
            }
        }
    }
}
