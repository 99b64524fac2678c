package dev.pumasi.runtime;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Which of a name's addresses are used, and in which order they are tried. */
public enum AddressChoice {
    /** Both families in turn, IPv6 first, as RFC 8305 (section 4) recommends. */
    IPV6_FIRST,
    /** Both families in turn, IPv4 first. */
    IPV4_FIRST,
    IPV6_ONLY,
    IPV4_ONLY;

    /** The order within a family stays: the resolver has sorted it (RFC 6724). */
    List<InetAddress> order(List<InetAddress> addresses) {
        List<InetAddress> six =
                addresses.stream().filter(Inet6Address.class::isInstance).toList();
        List<InetAddress> four = addresses.stream()
                .filter(address -> !(address instanceof Inet6Address))
                .toList();
        return switch (this) {
            case IPV6_FIRST -> inTurn(six, four);
            case IPV4_FIRST -> inTurn(four, six);
            case IPV6_ONLY -> six;
            case IPV4_ONLY -> four;
        };
    }

    private static List<InetAddress> inTurn(List<InetAddress> first, List<InetAddress> second) {
        if (first.isEmpty() || second.isEmpty()) {
            return first.isEmpty() ? second : first;
        }
        List<InetAddress> ordered = new ArrayList<>(first.size() + second.size());
        Iterator<InetAddress> one = first.iterator();
        Iterator<InetAddress> other = second.iterator();
        while (one.hasNext() || other.hasNext()) {
            if (one.hasNext()) {
                ordered.add(one.next());
            }
            if (other.hasNext()) {
                ordered.add(other.next());
            }
        }
        return List.copyOf(ordered);
    }
}
