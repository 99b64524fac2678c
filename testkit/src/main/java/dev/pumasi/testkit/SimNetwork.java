package dev.pumasi.testkit;

import dev.pumasi.runtime.driver.Errno;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A network in memory, shared by all drivers and clients of one {@link Simulation}.
 *
 * <p>There are machines, each with one address, and each with its own loopback and its own paths of Unix domain sockets.
 * Several drivers may live on one machine, as several loops live in one process; unless told otherwise all do. What
 * moves between two sockets is planned as an event at a later virtual time; nothing arrives in the call that sent it.
 * {@link SimFaults} says how long things take and what goes wrong; each socket has dice of its own, so a connection
 * more does not change what happens to the others.
 *
 * <p>What it does not have: acknowledgements, retransmission and congestion (segments are late, never lost; a network
 * that is cut holds them back), routes, names, ports that stay taken for a while after a close ({@code TIME_WAIT}), and
 * paths of sockets among the files of a {@link SimDisk}: one that a closed listener left behind goes with {@link #delete}.
 *
 * <p>Confined to the simulation's thread.
 */
public final class SimNetwork {

    private static final int EPHEMERAL_PORT_FIRST = 32_768;
    private static final int EPHEMERAL_PORTS = 28_232;

    /** {@code sun_path} has 108 bytes, one of them for the end ({@code unix(7)}). */
    private static final int PATH_BYTES_MAX = 107;

    private enum Kind {
        STREAM,
        DATAGRAM,
        UNIX
    }

    /** What can be taken only once: a port or a path on a machine. */
    private record Place(Kind kind, InetAddress host, String name) {}

    private record Binding(SimSocket socket, @Nullable InetAddress ip, boolean shared) {}

    private record Cut(InetAddress from, InetAddress to) {}

    private final SimClock clock;
    private final EventQueue events;
    private final Trace trace;
    private final SimFaults faults;

    // Never iterated, so that the order of hashes decides nothing.
    private final Map<Place, List<Binding>> bindings = new HashMap<>();
    private final Map<SimSocket, Place> places = new HashMap<>();
    private final Set<Place> paths = new HashSet<>();
    private final Map<InetAddress, Integer> nextPort = new HashMap<>();
    private final Set<InetAddress> hosts = new HashSet<>();
    private final Set<Cut> cuts = new HashSet<>();

    private final Set<SimStream> streams = new LinkedHashSet<>();

    SimNetwork(SimClock clock, EventQueue events, Trace trace, SimFaults faults) {
        this.clock = clock;
        this.events = events;
        this.trace = trace;
        this.faults = faults;
    }

    // ------------------------------------------------------------------------------------------ for tests

    /**
     * Nothing that is sent from one address to the other, in either direction, arrives until {@link #heal}. What is
     * under way does. Connections stall, and end when an end has waited for {@link SimFaults.Streams#giveUpNanos};
     * datagrams are lost.
     */
    public void partition(InetAddress one, InetAddress other) {
        note("network", "partition " + one.getHostAddress() + " | " + other.getHostAddress());
        cuts.add(new Cut(one, other));
        cuts.add(new Cut(other, one));
    }

    /** As {@link #partition}, in one direction only. */
    public void cut(InetAddress from, InetAddress to) {
        note("network", "cut " + from.getHostAddress() + " > " + to.getHostAddress());
        cuts.add(new Cut(from, to));
    }

    /** Ends a partition or a cut; what waited is sent. */
    public void heal(InetAddress one, InetAddress other) {
        note("network", "heal " + one.getHostAddress() + " | " + other.getHostAddress());
        cuts.remove(new Cut(one, other));
        cuts.remove(new Cut(other, one));
        List.copyOf(streams).forEach(SimStream::pump);
    }

    /** Removes the path of a Unix domain socket from a machine, as {@code rm} would; a closed listener leaves its behind. */
    public void delete(InetAddress host, UnixDomainSocketAddress path) {
        note("network", "deletes " + text(path));
        paths.remove(new Place(Kind.UNIX, host, text(path)));
    }

    /** How many ends of stream connections exist that have something left to do. */
    public int openStreams() {
        return streams.size();
    }

    /** Everything that is bound, for the message of a failed test: one line for each port or path. */
    public Set<String> bound() {
        Set<String> found = new TreeSet<>();
        for (Place place : bindings.keySet()) {
            found.add(place.kind + " " + place.host.getHostAddress() + " " + place.name);
        }
        return found;
    }

    // ------------------------------------------------------------------------------------------ time and chance

    SimFaults faults() {
        return faults;
    }

    long nowNanos() {
        return clock.elapsedNanos();
    }

    void in(long nanos, Runnable event) {
        at(clock.elapsedNanos() + nanos, event);
    }

    void at(long atNanos, Runnable event) {
        events.add(atNanos, event);
    }

    long latency(Dice dice) {
        return dice.within(faults.link().latencyNanos());
    }

    long jitter(Dice dice) {
        return dice.within(faults.link().jitterNanos());
    }

    boolean isCut(@Nullable InetAddress from, @Nullable InetAddress to) {
        return from != null && to != null && cuts.contains(new Cut(from, to));
    }

    void note(String who, String what) {
        trace.add(clock.elapsedNanos(), who, what);
    }

    // ------------------------------------------------------------------------------------------ addresses

    SimNode node(String name, InetAddress host, Seed seed) {
        if (host.isLoopbackAddress() || host.isAnyLocalAddress()) {
            throw new IllegalArgumentException(
                    "a machine's address is one that others reach, not " + host.getHostAddress());
        }
        hosts.add(host);
        return new SimNode(name, host, seed);
    }

    /** Binds a listener: the listener, or null with the reason in {@code error[0]}. */
    @Nullable
    SimListener listen(SimNode node, SocketAddress address, int backlog, boolean shared, int[] error) {
        Kind kind = address instanceof UnixDomainSocketAddress ? Kind.UNIX : Kind.STREAM;
        SocketAddress bound = choose(node, kind, address, shared, error);
        if (bound == null) {
            return null;
        }
        SimListener listener = new SimListener(this, node, bound, backlog);
        bind(listener, kind, node, bound, shared);
        note(node.name(), "listens at " + text(bound));
        return listener;
    }

    /** Binds a datagram socket, or null with the reason in {@code error[0]}. */
    @Nullable
    SimDatagrams openDatagrams(SimNode node, SocketAddress address, boolean shared, int[] error) {
        if (!(address instanceof InetSocketAddress)) {
            error[0] = -Errno.EAFNOSUPPORT;
            return null;
        }
        SocketAddress bound = choose(node, Kind.DATAGRAM, address, shared, error);
        if (!(bound instanceof InetSocketAddress inet)) {
            return null;
        }
        SimDatagrams socket = new SimDatagrams(this, node, inet);
        bind(socket, Kind.DATAGRAM, node, inet, shared);
        note(node.name(), "opens datagrams at " + text(inet));
        return socket;
    }

    /** Gives an unconnected stream its own address for the way to {@code target}: 0 or an error. */
    int bindSource(SimStream stream, SocketAddress target) {
        if (target instanceof InetSocketAddress inet) {
            if (inet.isUnresolved() || inet.getPort() == 0) {
                return -Errno.EADDRNOTAVAIL;
            }
            int[] error = new int[1];
            InetAddress ip = sourceIp(stream.node, inet);
            SocketAddress bound = choose(stream.node, Kind.STREAM, new InetSocketAddress(ip, 0), false, error);
            if (bound == null) {
                return error[0];
            }
            bind(stream, Kind.STREAM, stream.node, bound, false);
            stream.boundTo(bound);
        } else {
            stream.boundTo(UnixDomainSocketAddress.of(""));
        }
        return 0;
    }

    private @Nullable SocketAddress choose(
            SimNode node, Kind kind, SocketAddress address, boolean shared, int[] error) {
        if (!(address instanceof InetSocketAddress inet)) {
            error[0] = address instanceof UnixDomainSocketAddress unix ? pathError(node, unix) : -Errno.EAFNOSUPPORT;
            return error[0] == 0 ? address : null;
        }
        InetAddress ip = inet.getAddress();
        if (ip == null || !(isLocal(ip) || ip.equals(node.host()))) {
            error[0] = -Errno.EADDRNOTAVAIL;
            return null;
        }
        if (inet.getPort() != 0) {
            boolean free = isFree(node, kind, ip, inet.getPort(), shared);
            error[0] = free ? 0 : -Errno.EADDRINUSE;
            return free ? inet : null;
        }
        for (int i = 0; i < EPHEMERAL_PORTS; i++) {
            int turn = nextPort.merge(node.host(), 1, Integer::sum) - 1;
            int port = EPHEMERAL_PORT_FIRST + turn % EPHEMERAL_PORTS;
            if (isFree(node, kind, ip, port, false)) {
                return new InetSocketAddress(ip, port);
            }
        }
        error[0] = -Errno.EADDRNOTAVAIL;
        return null;
    }

    /** Whether a listener can be bound to a path: 0 or an error. */
    private int pathError(SimNode node, UnixDomainSocketAddress address) {
        String path = text(address);
        if (path.getBytes(StandardCharsets.UTF_8).length > PATH_BYTES_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        return paths.contains(new Place(Kind.UNIX, node.host(), path)) ? -Errno.EADDRINUSE : 0;
    }

    private boolean isFree(SimNode node, Kind kind, InetAddress ip, int port, boolean shared) {
        List<Binding> taken = bindings.get(new Place(kind, node.host(), Integer.toString(port)));
        if (taken == null) {
            return true;
        }
        for (Binding other : taken) {
            InetAddress theirs = other.ip;
            boolean overlap =
                    theirs == null || theirs.equals(ip) || theirs.isAnyLocalAddress() || ip.isAnyLocalAddress();
            if (overlap && !(shared && other.shared)) {
                return false;
            }
        }
        return true;
    }

    private void bind(SimSocket socket, Kind kind, SimNode node, SocketAddress address, boolean shared) {
        boolean inet = address instanceof InetSocketAddress;
        String name = inet ? Integer.toString(((InetSocketAddress) address).getPort()) : text(address);
        InetAddress ip = inet ? ((InetSocketAddress) address).getAddress() : null;
        Place place = new Place(kind, node.host(), name);
        bindings.computeIfAbsent(place, _ -> new ArrayList<>()).add(new Binding(socket, ip, shared));
        places.put(socket, place);
        if (kind == Kind.UNIX) {
            paths.add(place);
        }
    }

    void unbind(SimSocket socket) {
        Place place = places.remove(socket);
        List<Binding> bound = place == null ? null : bindings.get(place);
        if (place != null && bound != null) {
            bound.removeIf(binding -> binding.socket == socket);
            if (bound.isEmpty()) {
                bindings.remove(place);
            }
        }
    }

    // ------------------------------------------------------------------------------------------ the way

    /** Who listens at {@code target}, seen from {@code node}; of several that share a port the dice choose one. */
    @Nullable
    SimListener listener(SimNode node, SocketAddress target, Dice dice) {
        Kind kind = target instanceof UnixDomainSocketAddress ? Kind.UNIX : Kind.STREAM;
        return find(node, kind, target, dice, SimListener.class);
    }

    @Nullable
    SimDatagrams datagrams(SimNode node, SocketAddress target, Dice dice) {
        return find(node, Kind.DATAGRAM, target, dice, SimDatagrams.class);
    }

    private <S extends SimSocket> @Nullable S find(
            SimNode node, Kind kind, SocketAddress target, Dice dice, Class<S> type) {
        InetAddress ip = target instanceof InetSocketAddress inet ? inet.getAddress() : null;
        InetAddress host = ip == null || isLocal(ip) ? node.host() : ip;
        String name = target instanceof InetSocketAddress inet ? Integer.toString(inet.getPort()) : text(target);
        List<S> exact = new ArrayList<>();
        List<S> any = new ArrayList<>();
        for (Binding binding : bindings.getOrDefault(new Place(kind, host, name), List.of())) {
            if (type.isInstance(binding.socket)) {
                InetAddress bound = binding.ip;
                if (bound == null || bound.equals(ip)) {
                    exact.add(type.cast(binding.socket));
                } else if (bound.isAnyLocalAddress() || (ip != null && ip.isAnyLocalAddress())) {
                    any.add(type.cast(binding.socket));
                }
            }
        }
        List<S> found = exact.isEmpty() ? any : exact;
        return found.isEmpty() ? null : found.get(found.size() == 1 ? 0 : dice.below(found.size()));
    }

    /** Why nobody was found at {@code target}. */
    int absence(SimNode node, SocketAddress target) {
        if (target instanceof InetSocketAddress inet) {
            InetAddress ip = inet.getAddress();
            boolean known = isLocal(ip) || ip.equals(node.host()) || hosts.contains(ip);
            return known ? Errno.ECONNREFUSED : Errno.EHOSTUNREACH;
        }
        return paths.contains(new Place(Kind.UNIX, node.host(), text(target))) ? Errno.ECONNREFUSED : Errno.ENOENT;
    }

    /** The address that an accepted connection's own end shows when {@code target} was asked for. */
    SocketAddress accepted(SocketAddress target) {
        return target instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), inet.getPort())
                : target;
    }

    /** From where a datagram to {@code to} comes. */
    InetSocketAddress source(SimDatagrams socket, InetSocketAddress to) {
        InetSocketAddress local = socket.local();
        return local.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(sourceIp(socket.node, to), local.getPort())
                : local;
    }

    private static InetAddress sourceIp(SimNode node, InetSocketAddress target) {
        InetAddress ip = target.getAddress();
        if (ip.isAnyLocalAddress()) {
            return InetAddress.getLoopbackAddress();
        }
        return ip.isLoopbackAddress() ? ip : node.host();
    }

    private static boolean isLocal(InetAddress ip) {
        return ip.isLoopbackAddress() || ip.isAnyLocalAddress();
    }

    void begun(SimStream stream) {
        streams.add(stream);
    }

    void ended(SimStream stream) {
        streams.remove(stream);
    }

    // ------------------------------------------------------------------------------------------ for the trace

    static String text(@Nullable SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            InetAddress ip = inet.getAddress();
            return (ip == null ? inet.getHostString() : ip.getHostAddress()) + ":" + inet.getPort();
        }
        if (address instanceof UnixDomainSocketAddress unix) {
            String path = unix.getPath().toString();
            return path.isEmpty() ? "(unnamed)" : path;
        }
        return "(none)";
    }

    static String text(byte[] bytes) {
        CRC32 sum = new CRC32();
        sum.update(bytes);
        return bytes.length + " bytes #" + Long.toHexString(sum.getValue());
    }

    static String errorText(int errno) {
        return switch (errno) {
            case Errno.EBADF -> "EBADF";
            case Errno.EMFILE -> "EMFILE";
            case Errno.ENOENT -> "ENOENT";
            case Errno.EIO -> "EIO";
            case Errno.EEXIST -> "EEXIST";
            case Errno.EINVAL -> "EINVAL";
            case Errno.ENOSPC -> "ENOSPC";
            case Errno.ENOTDIR -> "ENOTDIR";
            case Errno.EISDIR -> "EISDIR";
            case Errno.ENOTEMPTY -> "ENOTEMPTY";
            case Errno.EPIPE -> "EPIPE";
            case Errno.EMSGSIZE -> "EMSGSIZE";
            case Errno.ECONNRESET -> "ECONNRESET";
            case Errno.ECONNABORTED -> "ECONNABORTED";
            case Errno.ENOBUFS -> "ENOBUFS";
            case Errno.ENOTCONN -> "ENOTCONN";
            case Errno.ETIMEDOUT -> "ETIMEDOUT";
            case Errno.ECONNREFUSED -> "ECONNREFUSED";
            case Errno.EHOSTUNREACH -> "EHOSTUNREACH";
            case Errno.ECANCELED -> "ECANCELED";
            default -> "errno " + errno;
        };
    }
}
