package dev.pumasi.http;

import dev.pumasi.http.ServerKind.Trait;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The kinds of server that the tests run on: those of the module that runs them. */
final class ServersHere {

    private static final List<ServerKind> KINDS = kinds();

    private ServersHere() {}

    private static List<ServerKind> kinds() {
        List<ServerKind> kinds = new ArrayList<>();
        ServiceLoader.load(ServerKind.class, ServersHere.class.getClassLoader()).forEach(kinds::add);
        if (kinds.isEmpty()) {
            DriversHere.names().forEach(driver -> kinds.add(new OnDriver(driver)));
            kinds.add(new OnThreads());
        }
        return kinds;
    }

    /** All on which a test can be run that sends several requests on one connection. */
    static List<ServerKind> all() {
        return KINDS.stream().filter(kind -> kind.has(Trait.KEEPS_CONNECTIONS)).toList();
    }

    /** All. */
    static List<ServerKind> withoutKeeping() {
        return KINDS;
    }

    static Stream<Arguments> andStyles() {
        return all().stream().flatMap(kind -> Arrays.stream(Style.values()).map(style -> Arguments.of(kind, style)));
    }

    /** Loops on a driver, and a green thread for each request. */
    record OnDriver(String name) implements ServerKind {

        @Override
        public boolean has(Trait trait) {
            return trait != Trait.HOLDS_THOUSANDS || !name.equals("select");
        }

        @Override
        public Server start(HttpServer.Builder builder) throws IOException {
            return builder.driver(name).port(0).start();
        }

        @Override
        public long received(Server server) {
            return ServerKind.received((HttpServer) server);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** A blocking thread for each connection. */
    private record OnThreads() implements ServerKind {

        @Override
        public String name() {
            return ThreadPerConnection.NAME;
        }

        @Override
        public boolean has(Trait trait) {
            return trait != Trait.HOLDS_THOUSANDS;
        }

        @Override
        public Server start(HttpServer.Builder builder) throws IOException {
            return ThreadPerConnection.start(builder.endpoint, builder.limits, builder.name);
        }

        @Override
        public long received(Server server) {
            return ((ThreadPerConnection) server).reads();
        }

        @Override
        public String toString() {
            return name();
        }
    }
}
