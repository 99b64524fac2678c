package dev.pumasi.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** What comes after HTTP on a connection (RFC 9110 section 7.8): see {@link Response#upgrade}. */
public final class Upgrade {

    /** Has the connection, until it returns; then it is closed. */
    @FunctionalInterface
    public interface User {
        void use(Tunnel tunnel) throws IOException;

        /** Called instead when the client has gone. Gives back what was meant for it. On the loop; must not wait. */
        default void discard() {}
    }

    private final String protocol;
    private final User user;

    Upgrade(String protocol, User user) {
        this.protocol = new Field("Upgrade", protocol).value();
        this.user = user;
    }

    String protocol() {
        return protocol;
    }

    User user() {
        return user;
    }

    /** Whether the request asks for it, and says that it means the connection with it. */
    boolean isAskedFor(Request request) {
        return request.version().equals("HTTP/1.1")
                && hasMember(request.headers("Connection"), "upgrade")
                && hasMember(request.headers("Upgrade"), protocol);
    }

    private static boolean hasMember(List<String> values, String member) {
        for (String value : values) {
            for (String each : value.split(",")) {
                if (Field.withoutBlanks(each).toLowerCase(Locale.ROOT).equals(member.toLowerCase(Locale.ROOT))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The head of the answer, with the empty line. */
    byte[] head(Response response) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        out.writeBytes("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                .getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(protocol.getBytes(StandardCharsets.ISO_8859_1));
        out.writeBytes(new byte[] {'\r', '\n'});
        out.writeBytes(response.fieldBytes());
        out.writeBytes(new byte[] {'\r', '\n'});
        return out.toByteArray();
    }
}
