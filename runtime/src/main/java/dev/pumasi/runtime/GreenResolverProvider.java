package dev.pumasi.runtime;

import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;

/**
 * Lets the JDK's own look-ups, {@code InetAddress.getByName} and all that call it, park a green thread instead of blocking
 * its loop: for libraries that resolve names themselves, as JDBC drivers do. It is not active unless asked for, since there
 * is one for the whole JVM: with a file {@code META-INF/services/java.net.spi.InetAddressResolverProvider} on the class path
 * that holds the line {@code dev.pumasi.runtime.GreenResolverProvider}.
 */
public final class GreenResolverProvider extends InetAddressResolverProvider {

    /** For {@link java.util.ServiceLoader}. */
    public GreenResolverProvider() {}

    @Override
    public InetAddressResolver get(Configuration configuration) {
        return new GreenResolver(configuration.builtinResolver());
    }

    @Override
    public String name() {
        return "Pumasi: green threads park";
    }
}
