package dev.pumasi.runtime;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A resolver for the JDK that never answers for {@code hanging.example}, and knows {@code another.example}. */
public final class HangingProvider extends InetAddressResolverProvider {

    @Override
    public InetAddressResolver get(Configuration configuration) {
        return new InetAddressResolver() {
            @Override
            public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
                while (host.equals("hanging.example")) {
                    LockSupport.park();
                }
                if (host.equals("another.example")) {
                    return Stream.of(InetAddress.ofLiteral("127.0.0.1"));
                }
                return configuration.builtinResolver().lookupByName(host, policy);
            }

            @Override
            public String lookupByAddress(byte[] address) throws UnknownHostException {
                return configuration.builtinResolver().lookupByAddress(address);
            }
        };
    }

    @Override
    public String name() {
        return "hanging";
    }
}
