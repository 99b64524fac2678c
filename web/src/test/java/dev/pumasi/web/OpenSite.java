package dev.pumasi.web;

import dev.pumasi.http.HttpLimits;
import dev.pumasi.http.HttpServer;
import dev.pumasi.web.conf.ConfException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A site of a configuration, served on all of its addresses. */
final class OpenSite implements AutoCloseable {

    final Site site;
    final List<HttpServer> servers = new ArrayList<>();

    private OpenSite(Site site) {
        this.site = site;
    }

    /** @param http what stands in the block of that name */
    static OpenSite open(Path folder, String http, String driver) throws IOException, ConfException {
        Path file = Files.writeString(folder.resolve("site.conf"), "http {\n" + http + "\n}\n");
        OpenSite opened = new OpenSite(Site.open(file, Map.of()));
        for (SocketAddress address : opened.site.addresses()) {
            opened.servers.add(HttpServer.builder(opened.site.endpoint())
                    .address(address)
                    .loops(2)
                    .driver(driver)
                    .limits(opened.site.limits(address, HttpLimits.DEFAULTS))
                    .start());
        }
        return opened;
    }

    long hops() {
        return servers.stream()
                .flatMap(server -> server.loops().stream())
                .mapToLong(loop -> loop.hops())
                .sum();
    }

    @Override
    public void close() {
        servers.forEach(HttpServer::close);
        site.close();
    }
}
