package dev.pumasi.web;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request's path as names of folders and a file, decoded and harmless: no name is empty, {@code .} or {@code ..}, begins
 * with a dot (but {@link #WELL_KNOWN}), or has a slash, a backslash or NUL in it. So the names, put behind a folder one by
 * one, stay below it; where links lead is {@link FileTree}'s business.
 *
 * @param isFolder whether it ends with a slash
 */
record FilePath(List<String> names, boolean isFolder) {

    /** The one folder that begins with a dot and is meant for everyone (RFC 8615). */
    static final String WELL_KNOWN = ".well-known";

    private static final String HEX = "0123456789ABCDEF";

    /** What stands for itself in a segment of a URI: {@code pchar} of RFC 3986 section 3.3, in ASCII. */
    private static final String PLAIN = "-._~!$&'()*+,;=:@";

    FilePath {
        names = List.copyOf(names);
    }

    /** Empty if no file can have that path; dot segments are removed first, and cannot climb above the root. */
    static Optional<FilePath> of(String rawPath) {
        List<String> names = new ArrayList<>();
        boolean folder = true;
        for (String raw : rawPath.split("/", -1)) {
            String name = decode(raw);
            folder = name.isEmpty() || name.equals(".") || name.equals("..");
            if (!folder) {
                if (isHidden(name) || !isHarmless(name)) {
                    return Optional.empty();
                }
                names.add(name);
            } else if (name.equals("..") && !names.isEmpty()) {
                names.removeLast();
            }
        }
        return Optional.of(new FilePath(names, folder));
    }

    /** As {@link #of}, of a path that is decoded already; {@code ..} is none, for nobody has removed it who should have. */
    static Optional<FilePath> ofDecoded(String path) {
        List<String> names = new ArrayList<>();
        int from = 0;
        boolean folder = true;
        while (from <= path.length()) {
            int slash = path.indexOf('/', from);
            int to = slash < 0 ? path.length() : slash;
            folder = to == from || to == from + 1 && path.charAt(from) == '.';
            if (!folder) {
                String name = path.substring(from, to);
                if (isHidden(name) || !isHarmless(name) || name.indexOf('\uFFFD') >= 0) {
                    return Optional.empty();
                }
                names.add(name);
            }
            from = to + 1;
        }
        return Optional.of(new FilePath(names, folder));
    }

    static boolean isHidden(String name) {
        return name.startsWith(".") && !name.equals(WELL_KNOWN);
    }

    private static boolean isHarmless(String name) {
        return name.indexOf('/') < 0 && name.indexOf('\\') < 0 && name.indexOf('\0') < 0;
    }

    /** The names behind those of {@code prefix}, or empty if it does not begin with them. */
    Optional<FilePath> below(FilePath prefix) {
        int count = prefix.names.size();
        return names.size() >= count && names.subList(0, count).equals(prefix.names)
                ? Optional.of(new FilePath(names.subList(count, names.size()), isFolder))
                : Optional.empty();
    }

    /** As the path of a folder in a URI: encoded, and with one slash at the beginning, so that no host can stand there. */
    String asFolder() {
        StringBuilder path = new StringBuilder("/");
        for (String name : names) {
            for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
                if (isPlain(octet)) {
                    path.append((char) octet);
                } else {
                    path.append('%').append(HEX.charAt(octet >> 4 & 15)).append(HEX.charAt(octet & 15));
                }
            }
            path.append('/');
        }
        return path.toString();
    }

    private static boolean isPlain(byte octet) {
        return octet >= 'a' && octet <= 'z'
                || octet >= 'A' && octet <= 'Z'
                || octet >= '0' && octet <= '9'
                || PLAIN.indexOf(octet) >= 0;
    }

    /** Percent-encodings as UTF-8. What is malformed is made a NUL, which no file's name contains. */
    private static String decode(String raw) {
        if (raw.indexOf('%') < 0) {
            return raw;
        }
        byte[] bytes = new byte[raw.length()];
        int length = 0;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
                int low = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    return "\0";
                }
                c = (char) (high << 4 | low);
                i += 2;
            }
            bytes[length++] = (byte) c;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            return "\0";
        }
    }
}
