package dev.pumasi.runtime;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's resolver for callers that may block; for green threads of a loop, {@link Names} above it. Those ask the JDK's
 * resolver itself and never {@code InetAddress}: that holds a lock for the name while it asks us.
 */
final class GreenResolver implements InetAddressResolver {

    /** Addresses are looked up backwards for logs, seldom; two threads will do. */
    private static final int BACKWARDS_AT_ONCE = 2;

    private static final int BACKWARDS_WAITING_MAX = 1024;

    private static final LookupPolicy ALL = LookupPolicy.of(LookupPolicy.IPV4 | LookupPolicy.IPV6);

    private final InetAddressResolver builtin;

    /** Both are made when a green thread first asks: this object is made while {@code InetAddress} is not ready yet. */
    private volatile @Nullable Names names;

    private volatile @Nullable Offload backwards;

    GreenResolver(InetAddressResolver builtin) {
        this.builtin = builtin;
    }

    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
        Optional<Loop> loop = callersLoop();
        if (loop.isEmpty()) {
            return builtin.lookupByName(host, policy);
        }
        List<InetAddress> all;
        try {
            all = names().resolve(loop.get(), host).await();
        } catch (IOException failure) {
            throw unknown(HostName.printable(host), failure);
        }
        List<InetAddress> wanted = all.stream()
                .filter(address -> has(policy, isSix(address) ? LookupPolicy.IPV6 : LookupPolicy.IPV4))
                .sorted(order(policy))
                .toList();
        if (wanted.isEmpty()) {
            throw new UnknownHostException(host);
        }
        return wanted.stream();
    }

    @Override
    public String lookupByAddress(byte[] address) throws UnknownHostException {
        Optional<Loop> loop = callersLoop();
        if (loop.isEmpty()) {
            return builtin.lookupByAddress(address);
        }
        try {
            return backwards()
                    .submit(loop.get(), () -> builtin.lookupByAddress(address))
                    .await();
        } catch (IOException failure) {
            throw unknown(InetAddress.getByAddress(address).getHostAddress(), failure);
        }
    }

    /** Where the caller may park; the loop's own thread cannot, and blocks as it always did. */
    private static Optional<Loop> callersLoop() {
        return Thread.currentThread().isVirtual() ? Loop.current() : Optional.empty();
    }

    private static UnknownHostException unknown(String what, IOException failure) {
        UnknownHostException unknown = new UnknownHostException(what);
        unknown.initCause(failure);
        return unknown;
    }

    private static boolean has(LookupPolicy policy, int characteristic) {
        return (policy.characteristics() & characteristic) != 0;
    }

    /** Stable: within a family, and without a wish, the resolver's own order stays. */
    private static Comparator<InetAddress> order(LookupPolicy policy) {
        if (has(policy, LookupPolicy.IPV6_FIRST)) {
            return Comparator.comparing(address -> !isSix(address));
        }
        return has(policy, LookupPolicy.IPV4_FIRST) ? Comparator.comparing(GreenResolver::isSix) : (one, other) -> 0;
    }

    private static boolean isSix(InetAddress address) {
        return address instanceof Inet6Address;
    }

    private synchronized Names makeNames() {
        Names made = names;
        if (made == null) {
            made = Names.openForever(name -> builtin.lookupByName(name, ALL).toList());
            names = made;
        }
        return made;
    }

    private Names names() {
        Names made = names;
        return made != null ? made : makeNames();
    }

    private synchronized Offload makeBackwards() {
        Offload made = backwards;
        if (made == null) {
            made = Offload.open(BACKWARDS_AT_ONCE, BACKWARDS_WAITING_MAX);
            backwards = made;
        }
        return made;
    }

    private Offload backwards() {
        Offload made = backwards;
        return made != null ? made : makeBackwards();
    }
}
