package dev.pumasi.queue.http;

import dev.pumasi.http.Request;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;

/**
 * Who may ask. With a token: whoever shows it. Without: programs of this machine. A browser is one of these, and does what any
 * page on the web tells it; so requests that come from a page (they have an Origin), and those to a name that is not this
 * machine's own (which a page's owner can make to lead here), are refused.
 */
final class Guard {

    private static final String BEARER = "Bearer ";

    private final byte[] token;

    /** @param token empty for none */
    Guard(String token) {
        this.token = token.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Why this one may not; empty if it may. */
    Optional<Problem> refusal(Request request) {
        if (token.length > 0) {
            return shows(request)
                    ? Optional.empty()
                    : Optional.of(
                            Problem.of(
                                    401,
                                    "unauthorized",
                                    "A token is needed.",
                                    "Send the field 'Authorization: Bearer TOKEN' with the token that this queue was started with."));
        }
        if (!isHere(request.remoteAddress())) {
            return Optional.of(
                    forbidden("Without a token only programs of the same machine may ask: start the queue with one."));
        }
        if (request.hasHeader("Origin")) {
            return Optional.of(forbidden("Web pages may not ask without a token: start the queue with one."));
        }
        return isOwnName(request.host())
                ? Optional.empty()
                : Optional.of(
                        forbidden(
                                "Without a token this queue goes by localhost, 127.0.0.1 or [::1] only: start it with a token."));
    }

    /** In a time that does not tell how much of it was right. */
    private boolean shows(Request request) {
        String said = request.header("Authorization", "");
        return said.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && MessageDigest.isEqual(token, said.substring(BEARER.length()).getBytes(StandardCharsets.ISO_8859_1));
    }

    /** A Unix domain socket has its file's permissions. */
    private static boolean isHere(SocketAddress address) {
        return !(address instanceof InetSocketAddress inet)
                || inet.getAddress() != null && inet.getAddress().isLoopbackAddress();
    }

    private static boolean isOwnName(String authority) {
        int colon = authority.lastIndexOf(':');
        String host = colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
        String name = host.toLowerCase(Locale.ROOT);
        return name.isEmpty()
                || name.equals("localhost")
                || name.equals("[::1]")
                || name.matches("127(\\.\\d{1,3}){3}");
    }

    private static Problem forbidden(String detail) {
        return Problem.of(403, "forbidden", "This one may not ask.", detail);
    }
}
