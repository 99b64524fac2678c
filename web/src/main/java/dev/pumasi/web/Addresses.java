package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which servers an address has. Where a port is listened on at all addresses of the machine and at one of them as well, there is one
 * socket, and the address that the client has connected to decides, as in nginx.
 */
final class Addresses {

    /** One that was named by {@code listen}, and the servers that named it. */
    record Listened(SocketAddress address, ServerNames names) {}

    private final List<Listened> all;
    private final Map<SocketAddress, ServerNames> exact = new HashMap<>();
    private final Map<Integer, ServerNames> wildcard4 = new HashMap<>();
    private final Map<Integer, ServerNames> wildcard6 = new HashMap<>();

    /** @param all at least one */
    Addresses(List<Listened> all) {
        this.all = List.copyOf(all);
        for (Listened each : all) {
            if (each.address instanceof InetSocketAddress inet
                    && inet.getAddress().isAnyLocalAddress()) {
                (inet.getAddress() instanceof Inet6Address ? wildcard6 : wildcard4).put(inet.getPort(), each.names);
            } else {
                exact.put(each.address, each.names);
            }
        }
    }

    ServerNames of(Request request) {
        return all.size() == 1 ? all.getFirst().names : of(request.localAddress());
    }

    /** Those of the first address if nobody listens there: a worker asks itself so, over a socket without an address. */
    ServerNames of(SocketAddress local) {
        ServerNames found = exact.get(local);
        if (found == null && local instanceof InetSocketAddress inet && inet.getAddress() != null) {
            boolean is6 = inet.getAddress() instanceof Inet6Address;
            found = (is6 ? wildcard6 : wildcard4).get(inet.getPort());
            if (found == null) { // one accepts both: ours for IPv6 does, and one for IPv4 that was passed to us may
                found = (is6 ? wildcard4 : wildcard6).get(inet.getPort());
            }
        } else if (found == null && local instanceof UnixDomainSocketAddress) {
            found = exact.get(local);
        }
        return found == null ? all.getFirst().names : found;
    }

    /** Where to listen: what is covered by a wildcard needs no socket of its own. */
    List<SocketAddress> toListenOn() {
        return all.stream().map(Listened::address).filter(this::needsSocket).toList();
    }

    private boolean needsSocket(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return true;
        }
        boolean any6 = wildcard6.containsKey(inet.getPort());
        boolean any4 = wildcard4.containsKey(inet.getPort());
        boolean is6 = inet.getAddress() instanceof Inet6Address;
        if (inet.getAddress().isAnyLocalAddress()) {
            return is6 || !any6;
        }
        return !any6 && (is6 || !any4);
    }
}
