package dev.pumasi.web;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * Who may ask: by address ({@code allow}, {@code deny}; the first that fits decides), and by a name and a password.
 *
 * @param rules in the order of the file; empty for everybody
 */
record Access(List<Rule> rules, Optional<BasicAuth> auth) {

    static final Access FREE = new Access(List.of(), Optional.empty());

    /**
     * One rule.
     *
     * @param network all addresses of it; empty for all there are
     */
    record Rule(boolean allows, Optional<Network> network) {}

    /** Addresses that begin with the same bits. */
    record Network(byte[] address, int bits) {

        /** {@code 192.0.2.0/24}, {@code 2001:db8::/32}, or one address. Empty if it is none of these. */
        static Optional<Network> parse(String text) {
            int slash = text.indexOf('/');
            String address = slash < 0 ? text : text.substring(0, slash);
            if (!address.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
                return Optional.empty(); // a name would have to be asked for
            }
            byte[] octets;
            try {
                octets = InetAddress.ofLiteral(address).getAddress();
            } catch (IllegalArgumentException none) {
                return Optional.empty();
            }
            int bits = 8 * octets.length;
            if (slash >= 0) {
                String length = text.substring(slash + 1);
                if (!length.matches("\\d{1,3}") || Integer.parseInt(length) > bits) {
                    return Optional.empty();
                }
                bits = Integer.parseInt(length);
            }
            return Optional.of(new Network(octets, bits));
        }

        boolean has(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            int whole = bits / 8;
            for (int i = 0; i < whole; i++) {
                if (address[i] != other[i]) {
                    return false;
                }
            }
            int rest = bits % 8;
            return rest == 0 || (address[whole] & 0xff) >> 8 - rest == (other[whole] & 0xff) >> 8 - rest;
        }
    }

    boolean isFree() {
        return rules.isEmpty() && auth.isEmpty();
    }

    /** Whether that address may ask. One that has none, of a Unix domain socket, is fitted only by the rules for all. */
    boolean admits(SocketAddress client) {
        byte[] octets = client instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getAddress()
                : new byte[0];
        for (Rule rule : rules) {
            if (rule.network.isEmpty() || rule.network.get().has(octets)) {
                return rule.allows;
            }
        }
        return true;
    }
}
