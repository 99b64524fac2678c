package dev.pumasi.admin;

import dev.pumasi.http.Request;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Who gets in. Three attacks are meant, beside plain strangers:
 *
 * <p><b>DNS rebinding</b>: a page of somebody else's lets its own name point to this address, and reads as if it were at home. So the
 * Host must be an address, {@code localhost}, or a name that the operator has given; a page cannot have any of those as its own
 * name.
 *
 * <p><b>Requests across sites</b>: a browser tells where a request comes from, in Origin and Sec-Fetch-Site; what comes from elsewhere is
 * refused, reading as well, so that no foreign page takes up the places of viewers.
 *
 * <p><b>Forged changes</b>: what changes something needs the token in a field that a page of somebody else's cannot set without asking
 * first, which is not answered. There is no cookie, so a browser never brings along what it was not told to.
 *
 * @param token what must be shown
 * @param names hosts that are allowed beside addresses and {@code localhost}, in small letters
 * @param readersToo whether reading needs the token as well: where others than this machine can connect
 */
record Doorkeeper(Token token, Set<String> names, boolean readersToo) {

    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.]+(%[^\\]]*)?]|[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern PORT = Pattern.compile(":[0-9]*$");

    /** What somebody wants. */
    enum Wish {
        /** The page's own files, in which nothing is written that is not in the program's jar. */
        PAGE,
        READ,
        CHANGE
    }

    /**
     * Why somebody does not get in.
     *
     * @param status 401 or 403
     * @param code for the page, which says it in the reader's language
     */
    record Refusal(int status, String code, String message) {}

    static Doorkeeper of(Token token, InetSocketAddress bound, Set<String> names) {
        InetAddress address = bound.getAddress();
        return new Doorkeeper(token, names, address == null || !address.isLoopbackAddress());
    }

    /** Empty if it may. */
    Optional<Refusal> refusal(Request request, Wish wish) {
        String host = PORT.matcher(request.host().toLowerCase(Locale.ROOT)).replaceFirst("");
        if (!ADDRESS.matcher(host).matches() && !host.equals("localhost") && !names.contains(host)) {
            return Optional.of(new Refusal(
                    403,
                    "host",
                    "this page is not known by the name in the Host field; use its address, or allow the name"
                            + " (--admin-name)"));
        }
        String site = request.header("Sec-Fetch-Site", "none");
        boolean navigates =
                wish == Wish.PAGE && request.header("Sec-Fetch-Mode", "").equals("navigate");
        if (!site.equals("same-origin") && !site.equals("none") && !navigates) {
            return Optional.of(foreign());
        }
        Optional<String> origin = request.header("Origin");
        if (origin.isPresent()
                && !origin.get().equalsIgnoreCase("http://" + request.host())
                && !origin.get().equalsIgnoreCase("https://" + request.host())) {
            return Optional.of(foreign());
        }
        if (wish == Wish.CHANGE || readersToo && wish == Wish.READ) {
            Optional<String> shown = request.header("Authorization");
            if (shown.isEmpty()) {
                return Optional.of(
                        new Refusal(401, "token-missing", "this needs the token: Authorization: Bearer TOKEN"));
            }
            if (!token.isShownBy(shown.get())) {
                return Optional.of(new Refusal(401, "token-wrong", "that is not the token"));
            }
        }
        return Optional.empty();
    }

    private static Refusal foreign() {
        return new Refusal(403, "origin", "the request comes from a page of another site");
    }
}
