package dev.pumasi.http;

import java.io.IOException;

/**
 * A kind of server that the tests of the HTTP server run on. Modules above this one name their kinds as services; tests that
 * are run there run on those instead of the kinds that this module has.
 */
public interface ServerKind {

    /** What distinguishes a kind where that can be seen from outside. */
    enum Trait {
        /** A connection lives on after its answer. */
        KEEPS_CONNECTIONS,

        /** Handlers that wait do not hold up those of other connections. */
        HANDLERS_OVERLAP,

        /** A handler begins before the body of its request is complete. */
        HANDLER_BEFORE_BODY,

        /** It says at once that a connection is one too many. */
        REFUSES_CONNECTIONS,

        /** Thousands of connections at once are its business. */
        HOLDS_THOUSANDS,
    }

    String name();

    boolean has(Trait trait);

    /** As it is built, on a free port of the loopback interface; a driver and a number of loops count only where there are loops. */
    Server start(HttpServer.Builder builder) throws IOException;

    /** How often one of its connections has received something; only grows. */
    long received(Server server);

    @Override
    String toString();

    /** Loops on a driver, and a green thread for each request. JUnit makes kinds of drivers' names by this. */
    static ServerKind onDriver(String driver) {
        return new ServersHere.OnDriver(driver);
    }

    /** What a builder that is not asked to start has been given. */
    static Endpoint endpoint(HttpServer.Builder builder) {
        return builder.endpoint;
    }

    /** The same. */
    static HttpLimits limits(HttpServer.Builder builder) {
        return builder.limits;
    }

    /** The same. */
    static String serverName(HttpServer.Builder builder) {
        return builder.name;
    }

    /** What a blocking server has received, which only tests want to know. */
    static long received(BlockingHttp http) {
        return http.reads();
    }

    /** What a server on loops has received, about: other completions are counted too. */
    static long received(HttpServer server) {
        return server.loops().stream().mapToLong(loop -> loop.completions()).sum();
    }
}
