package dev.pumasi.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Whom a load is for.
 *
 * @param address where it listens
 * @param authority what stands in the field Host
 * @param path path and query, as they are sent
 */
public record LoadTarget(SocketAddress address, String authority, String path) {

    private static final int HTTP_PORT = 80;
    private static final int PORT_MAX = 65_535;

    /**
     * Finds the target of a URL, {@code http://HOST[:PORT][/PATH][?QUERY]}. Blocks while the name is looked up.
     *
     * @param remoteToo whether it may be another machine: a load is an attack on whoever has not asked for it
     * @throws LoadException if it is no such URL, the host has no address, or it is another machine's and may not be
     */
    public static LoadTarget of(String url, boolean remoteToo) throws LoadException {
        URI uri = parsed(url);
        String host = uri.getHost();
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        int port = uri.getPort() < 0 ? HTTP_PORT : uri.getPort();
        if (port > PORT_MAX) {
            throw new LoadException(
                    "port " + port + " in " + url + " does not exist; the last one is " + PORT_MAX + ".");
        }
        InetAddress address;
        try {
            address = InetAddress.getByName(bare);
        } catch (IOException unknown) {
            throw new LoadException(
                    "no address is known for the host " + bare + "; check its spelling (getent ahosts " + bare + ").",
                    unknown);
        }
        if (!remoteToo && !isOwn(address)) {
            throw new LoadException(bare + " (" + address.getHostAddress()
                    + ") is another machine; if it is yours and may be loaded, say so with --allow-remote.");
        }
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        String authority = uri.getPort() < 0 ? host : host + ":" + port;
        return new LoadTarget(new InetSocketAddress(address, port), authority, path + query);
    }

    private static URI parsed(String url) throws LoadException {
        String absolute = url.contains("://") ? url : "http://" + url;
        URI uri;
        try {
            uri = new URI(absolute);
        } catch (URISyntaxException wrong) {
            throw new LoadException(
                    url + " is no URL (" + wrong.getReason() + "); write http://HOST:PORT/PATH.", wrong);
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (scheme.equals("https")) {
            throw new LoadException(url + " asks for TLS, which the load generator does not speak yet; take http://.");
        }
        if (!scheme.equals("http") || uri.getHost() == null || uri.getRawUserInfo() != null) {
            throw new LoadException(url + " names no HTTP server; write http://HOST:PORT/PATH.");
        }
        return uri;
    }

    private static boolean isOwn(InetAddress address) throws LoadException {
        try {
            return address.isLoopbackAddress()
                    || address.isAnyLocalAddress()
                    || NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException unknown) {
            throw new LoadException("this machine's own addresses cannot be listed: " + unknown.getMessage(), unknown);
        }
    }

    @Override
    public String toString() {
        return "http://" + authority + path;
    }
}
