package dev.pumasi.runtime;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Who knows the addresses of names: the JDK's resolver, a table, a registry of services. */
@FunctionalInterface
public interface NameSource {

    /** The JDK's: what the machine is configured to ask, and whatever resolver is installed in this JVM. */
    NameSource JDK = name -> List.of(InetAddress.getAllByName(name));

    /**
     * The name's addresses, in the order of preference within each family. Called on a thread of {@link Names}, where it
     * may block.
     *
     * @param name in ASCII and lower case
     * @throws UnknownHostException if it has none
     */
    List<InetAddress> lookUp(String name) throws UnknownHostException;
}
