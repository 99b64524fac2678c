package dev.pumasi.runtime;

import java.net.IDN;
import java.net.InetAddress;
import java.util.Locale;

/**
 * What a string that should name a host turns out to be, found out without asking anybody.
 *
 * <p>Lengths are RFC 1035's (section 2.3.4): 63 for a label, 253 in all as text. Characters are those of RFC 1123 and the
 * underscore, which many names in use have; letters beyond ASCII are translated first (IDNA, RFC 3490). Everything else is
 * refused, control characters above all: such a name would end up in somebody's log, command line or query.
 *
 * <p>A last label of digits only, or one that begins with {@code 0x}, makes it a number that resolvers would read in several
 * ways ({@code 127.1}, {@code 0x7f.1}); only the dotted form of four decimals is taken.
 */
sealed interface HostName {

    int CHARACTERS_MAX = 253;
    int LABEL_CHARACTERS_MAX = 63;

    /** An address, written out. */
    record Literal(InetAddress address) implements HostName {}

    /** {@code localhost} or below it: the loopback addresses, always (RFC 6761, section 6.3). */
    record Loopback() implements HostName {}

    /** {@code invalid} or below it: it never resolves (RFC 6761, section 6.4). */
    record Nowhere() implements HostName {}

    /** A name to ask for: ASCII, in lower case. */
    record Name(String ascii) implements HostName {}

    /** None of these. */
    record Malformed() implements HostName {}

    static HostName of(String text) {
        String bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        if (bare.indexOf(':') >= 0) {
            return literal(bare);
        }
        if (bare.length() != text.length()) {
            return new Malformed(); // brackets are for IPv6
        }
        String ascii = ascii(text);
        if (!isWellFormed(ascii)) {
            return new Malformed();
        }
        String absolute = ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        String last = absolute.substring(absolute.lastIndexOf('.') + 1);
        if (isNumber(last)) {
            return absolute.length() == ascii.length() && hasFourDecimals(ascii) ? literal(ascii) : new Malformed();
        }
        return switch (last) {
            case "localhost" -> new Loopback();
            case "invalid" -> new Nowhere();
            default -> new Name(ascii);
        };
    }

    /** The string as it may stand in a message: cut, and without control characters. */
    static String printable(String text) {
        int shown = Math.min(text.length(), CHARACTERS_MAX);
        StringBuilder out = new StringBuilder(shown);
        for (int i = 0; i < shown; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c >= 0x7f) {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return shown < text.length() ? out + "…" : out.toString();
    }

    private static HostName literal(String text) {
        try {
            return new Literal(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException malformed) {
            return new Malformed();
        }
    }

    /** In ASCII and lower case; unchanged, and thereby malformed, if it cannot be translated. */
    private static String ascii(String text) {
        boolean plain = true;
        for (int i = 0; i < text.length() && plain; i++) {
            plain = text.charAt(i) < 0x80;
        }
        if (plain || text.length() > CHARACTERS_MAX) {
            return text.toLowerCase(Locale.ROOT);
        }
        try {
            return IDN.toASCII(text).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException untranslatable) {
            return text;
        }
    }

    private static boolean isWellFormed(String ascii) {
        int end = ascii.endsWith(".") ? ascii.length() - 1 : ascii.length();
        if (end == 0 || end > CHARACTERS_MAX) {
            return false;
        }
        int label = 0;
        for (int i = 0; i < end; i++) {
            char c = ascii.charAt(i);
            if (c == '.') {
                if (label == 0) {
                    return false;
                }
                label = 0;
            } else if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
                label++;
                if (label > LABEL_CHARACTERS_MAX) {
                    return false;
                }
            } else {
                return false;
            }
        }
        return label > 0;
    }

    private static boolean isNumber(String label) {
        return label.startsWith("0x") || label.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** And none of them with a leading zero, which some read as octal. */
    private static boolean hasFourDecimals(String ascii) {
        String[] parts = ascii.split("\\.", -1);
        for (String part : parts) {
            if (part.length() > 3 || part.length() > 1 && part.charAt(0) == '0') {
                return false;
            }
        }
        return parts.length == 4;
    }
}
