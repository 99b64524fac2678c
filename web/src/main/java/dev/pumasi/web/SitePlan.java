package dev.pumasi.web;

import java.net.SocketAddress;
import java.util.List;
import java.util.Map;

/**
 * A configuration, compiled.
 *
 * @param addresses who answers where
 * @param limits of the connections of each address
 * @param bodyBytesMax the largest body that any location takes; 0 for any
 * @param connectionsMax of each process; 0 if nothing is said
 * @param processes how many; 0 if nothing is said
 * @param servers in the order of the file
 * @param variables how many the configuration sets
 * @param entrance leads to the site, once it is there
 * @param proxies to be closed with it
 * @param applications likewise
 * @param logs likewise
 * @param upstreams likewise
 */
record SitePlan(
        Addresses addresses,
        Map<SocketAddress, LimitReader.Limits> limits,
        long bodyBytesMax,
        int connectionsMax,
        int processes,
        List<VirtualServer> servers,
        int variables,
        Entrance entrance,
        List<Proxy> proxies,
        List<FastCgiGroup> applications,
        List<LogFile> logs,
        List<Upstream> upstreams) {}
