package dev.pumasi.benchmarks.servers;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.driver.Drivers;
import dev.pumasi.web.Proxy;
import java.net.InetSocketAddress;

/** Pumasi as a proxy, with one loop: {@code HOST:PORT-BEHIND PORT}. */
public final class ProxyServer {

    private ProxyServer() {}

    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.builder(Proxy.to(arguments[0]))
                .address(new InetSocketAddress(Integer.parseInt(arguments[1])))
                .loops(1)
                .driver(Drivers.AUTO)
                .start();
        server.awaitStop();
    }
}
