package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Paths as Linux takes them: bytes, all of which but NUL and the slash may be part of a name. A {@link Path} keeps the
 * bytes it was made of but shows them as text only, decoded as the process's language has it, and what is no text in that
 * becomes U+FFFD. Its URI shows them all, so that is the way for everything but plain ASCII and good UTF-8.
 */
final class PathBytes {

    private static final boolean DECODES_UTF_8 = System.getProperty("sun.jnu.encoding", "")
            .toUpperCase(Locale.ROOT)
            .replace("-", "")
            .equals("UTF8");

    private static final char UNDECODABLE = '\uFFFD';
    private static final String ROOT = "/";

    /**
     * A path asks the disk whether it is a folder before it becomes a URI. One that is too long is refused before the
     * disk is asked, and nothing here may wait.
     */
    private static final String TOO_LONG_FOR_A_LOOK = "x".repeat(FileOperations.PATH_BYTES_MAX);

    private PathBytes() {}

    /**
     * Writes the path, and a NUL, to {@code offset}; the empty path is the folder itself.
     *
     * @return 0, or {@link Errno#ENAMETOOLONG} negated
     */
    static int write(Path path, Buffer control, int offset) {
        String text = path.toString();
        if (text.isEmpty()) {
            text = ".";
        }
        int length = text.length();
        if (length >= FileOperations.PATH_BYTES_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                return write(bytes(path, text), control, offset);
            }
            control.put(offset + i, (byte) c);
        }
        control.put(offset + length, (byte) 0);
        return 0;
    }

    private static int write(byte[] bytes, Buffer control, int offset) {
        if (bytes.length >= FileOperations.PATH_BYTES_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        control.put(offset, bytes, 0, bytes.length);
        control.put(offset + bytes.length, (byte) 0);
        return 0;
    }

    private static byte[] bytes(Path path, String text) {
        if (DECODES_UTF_8 && text.indexOf(UNDECODABLE) < 0) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        String raw = path.getFileSystem()
                .getPath(ROOT)
                .resolve(path)
                .resolve(TOO_LONG_FOR_A_LOOK)
                .toUri()
                .getRawPath();
        int begin = path.isAbsolute() ? 0 : 1;
        return decoded(raw.substring(begin, raw.length() - TOO_LONG_FOR_A_LOOK.length() - 1));
    }

    private static byte[] decoded(String raw) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(raw, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toByteArray();
    }

    /** A name in a folder, from the bytes that end with a NUL at {@code address}. */
    static Path name(long address) {
        int length = 0;
        boolean isPlain = true;
        for (byte b = Memory.getByte(address); b != 0; b = Memory.getByte(address + length)) {
            isPlain &= b > 0;
            length++;
        }
        byte[] bytes = new byte[length];
        Memory.copy(address, bytes, 0, length);
        if (isPlain) {
            return Path.of(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        return DECODES_UTF_8 && isUtf8(bytes) ? Path.of(new String(bytes, StandardCharsets.UTF_8)) : name(bytes);
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .hasRemaining();
        } catch (CharacterCodingException malformed) {
            return false;
        }
    }

    private static Path name(byte[] bytes) {
        StringBuilder uri = new StringBuilder("file:///");
        for (byte b : bytes) {
            uri.append(String.format("%%%02x", b));
        }
        return Path.of(URI.create(uri.toString())).getFileName();
    }
}
