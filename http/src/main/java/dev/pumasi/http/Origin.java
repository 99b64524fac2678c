package dev.pumasi.http;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whom a client asks: the host and port that stand in the request (RFC 9110 section 4.3.1), and, where that is not where
 * they lead, the address to connect to. Connections are shared by requests of equal origins. Immutable; encoded once, so
 * whoever asks often keeps one.
 */
public final class Origin {

    /** Of {@code http} (RFC 9110 section 4.2.1). */
    public static final int PORT_DEFAULT = 80;

    private static final int PORT_MAX = 65_535;

    private final String host;
    private final int port;
    private final @Nullable SocketAddress address;

    /** The whole Host field with its line end. */
    private final byte[] hostLine;

    private final int hash;

    private Origin(String host, int port, @Nullable SocketAddress address) {
        this.host = host;
        this.port = port;
        this.address = address;
        hostLine = ("Host: " + authority() + "\r\n").getBytes(StandardCharsets.US_ASCII);
        hash = Objects.hash(host, port, address);
    }

    /**
     * A host by its name, or by its address written out, with brackets around an IPv6 one or without.
     *
     * @throws IllegalArgumentException if it is no host, or no port from 1 to 65535
     */
    public static Origin of(String host, int port) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        boolean address6 = bare.indexOf(':') >= 0;
        if (bare.isEmpty() || !(address6 ? isAddress6(bare) : Octets.all(Octets.HOST, bare))) {
            throw new IllegalArgumentException("not a host: " + Field.visible(host));
        }
        if (port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException("a port is between 1 and " + PORT_MAX + ", not " + port);
        }
        return new Origin(bare.toLowerCase(Locale.ROOT), port, null);
    }

    /**
     * What {@code host[:port]} says, as in a URI or a Host field.
     *
     * @throws IllegalArgumentException if that is not what it is
     */
    public static Origin of(String authority) {
        int colon = authority.lastIndexOf(':');
        if (colon < 0 || authority.endsWith("]")) {
            return of(authority, PORT_DEFAULT);
        }
        String digits = authority.substring(colon + 1);
        if (digits.isEmpty()) {
            return of(authority.substring(0, colon), PORT_DEFAULT);
        }
        boolean number = digits.length() <= 5 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!number || authority.indexOf(':') != colon && authority.charAt(colon - 1) != ']') {
            throw new IllegalArgumentException("not a host with a port: " + Field.visible(authority));
        }
        return of(authority.substring(0, colon), Integer.parseInt(digits));
    }

    /** The same in the request, but connected to at {@code elsewhere}: another address, or a Unix domain socket. */
    public Origin at(SocketAddress elsewhere) {
        return new Origin(host, port, Objects.requireNonNull(elsewhere, "elsewhere"));
    }

    /** In small letters; an IPv6 address without its brackets. */
    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    /** Where to connect, if not to host and port. */
    public Optional<SocketAddress> address() {
        return Optional.ofNullable(address);
    }

    /** As it stands in the Host field: {@code example.com:8080}, without the port if it is {@value #PORT_DEFAULT}. */
    public String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == PORT_DEFAULT ? name : name + ":" + port;
    }

    byte[] hostLine() {
        return hostLine;
    }

    private static boolean isAddress6(String text) {
        return text.chars().allMatch(c -> c == ':' || c == '.' || c < 0x80 && Octets.hex((byte) c) >= 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Origin origin
                && hash == origin.hash
                && port == origin.port
                && host.equals(origin.host)
                && Objects.equals(address, origin.address);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return address == null ? authority() : authority() + " at " + address;
    }
}
