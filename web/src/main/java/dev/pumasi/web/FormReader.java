package dev.pumasi.web;

import dev.pumasi.http.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a form as browsers send it with files ({@code multipart/form-data}, RFC 7578): part by part, as it comes, with one buffer of
 * {@value #BUFFER_BYTES} bytes however large the parts are.
 *
 * <pre>{@code
 * FormReader form = FormReader.of(request, FormLimits.DEFAULTS);
 * for (FormReader.Part part = form.next(); part != null; part = form.next()) {
 *     if (part.fileName().isEmpty()) {
 *         fields.put(part.name(), form.text(4096));
 *     }
 * }
 * }</pre>
 *
 * <p><b>Strictness.</b> Lines end with CR LF; every part says {@code form-data} and a name (section 4.2); the form ends with its last
 * delimiter, and one that does not is refused. {@code filename*} is not read, as section 4.2 demands; {@code %22}, {@code %0D} and {@code %0A} in names
 * are what browsers write for characters that would end them, and are turned back. What comes before the first delimiter or behind the last is
 * skipped.
 *
 * <p>Its methods park. Errors: {@link FormException} for what the client did wrong, any other {@link IOException} as the body has it.
 * Not thread-safe.
 */
public final class FormReader {

    static final int BUFFER_BYTES = 16 * 1024;

    /** RFC 2046 section 5.1.1. */
    private static final int BOUNDARY_CHARS_MAX = 70;

    private static final int FIELDS_MAX = 16;

    /** Where the bytes come from. */
    @FunctionalInterface
    interface Source {
        /** As {@link dev.pumasi.http.MessageBody#read}. */
        int read(byte[] to, int offset, int length) throws IOException;
    }

    /**
     * What is said about a part.
     *
     * @param name of the form's field
     * @param fileName as the client calls it, if the part is a file: text from a stranger, and no path
     * @param type of its content; {@code text/plain} where it does not say
     */
    public record Part(String name, Optional<String> fileName, String type) {}

    private final Source source;
    private final FormLimits limits;
    private final byte[] delimiter;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int from;
    private int to;
    private boolean ended;
    private boolean inPart;
    private boolean over;
    private int parts;

    FormReader(Source source, String boundary, FormLimits limits) {
        this.source = source;
        this.limits = limits;
        delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        // The first delimiter has no line end before it if nothing precedes it.
        buffer[0] = '\r';
        buffer[1] = '\n';
        to = 2;
        inPart = true; // of what precedes the first part: next() skips it
    }

    /** Whether a request carries such a form. */
    public static boolean isForm(Request request) {
        String type = request.header("Content-Type", "");
        return type.toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    }

    /**
     * Of a request's body, which nobody has read yet.
     *
     * @throws FormException if its Content-Type is not {@code multipart/form-data} with a boundary
     */
    public static FormReader of(Request request, FormLimits limits) throws FormException {
        return new FormReader(request.body()::read, boundary(request.header("Content-Type", "")), limits);
    }

    static String boundary(String contentType) throws FormException {
        Parameters type = new Parameters(contentType);
        String boundary = type.all.getOrDefault("boundary", "");
        boolean right = type.value.equalsIgnoreCase("multipart/form-data")
                && !boundary.isEmpty()
                && boundary.length() <= BOUNDARY_CHARS_MAX
                && !boundary.endsWith(" ")
                && boundary.chars().allMatch(FormReader::isBoundaryChar);
        if (!right) {
            throw new FormException(400, "not multipart/form-data with a boundary: " + Printable.of(contentType));
        }
        return boundary;
    }

    private static boolean isBoundaryChar(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "'()+_,-./:=? ".indexOf(c) >= 0;
    }

    /** The next part, of which what is left unread of the one before is skipped; null when there is no more. */
    public @Nullable Part next() throws IOException {
        if (over) {
            return null;
        }
        while (inPart) {
            skip();
        }
        need(2);
        if (buffer[from] == '-' && buffer[from + 1] == '-') {
            over = true;
            skipRest();
            return null;
        }
        while (byteAt() == ' ' || byteAt() == '\t') { // transport padding, RFC 2046 section 5.1.1
            from++;
        }
        if (!line().isEmpty()) {
            throw new FormException(400, "something behind a delimiter of the form");
        }
        if (++parts > limits.partsMax()) {
            throw new FormException(413, "a form of more than " + limits.partsMax() + " parts");
        }
        Part part = head();
        inPart = true;
        return part;
    }

    /**
     * Reads of the current part: at least one byte.
     *
     * @return how many, or −1 at its end; 0 only if {@code length} is
     */
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (!inPart || length == 0) {
            return inPart ? 0 : -1;
        }
        int there = contentThere();
        if (there == 0) {
            return -1;
        }
        int count = Math.min(length, there);
        System.arraycopy(buffer, from, into, offset, count);
        from += count;
        return count;
    }

    /** The rest of the current part as UTF-8 text; fails with {@link FormException} if it is longer than {@code bytesMax}. */
    public String text(int bytesMax) throws IOException {
        byte[] bytes = new byte[Math.min(bytesMax, 1024) + 1];
        int size = 0;
        for (int count = read(bytes, 0, bytes.length); count > 0; count = read(bytes, size, bytes.length - size)) {
            size += count;
            if (size > bytesMax) {
                throw new FormException(413, "a field of more than " + bytesMax + " bytes");
            }
            if (size == bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.min(bytesMax + 1, 2 * size));
            }
        }
        return new String(bytes, 0, size, StandardCharsets.UTF_8);
    }

    // ------------------------------------------------------------------------------------------- bytes

    private void skip() throws IOException {
        int there = contentThere(); // moves from itself
        from += there;
    }

    /**
     * How many bytes of content lie at {@link #from}: at least one, or 0 when the part is over; the delimiter is then behind us.
     * No delimiter begins within another, so a byte is looked at once or twice.
     */
    private int contentThere() throws IOException {
        while (true) {
            int at = from;
            while (at < to && !mayBeginAt(at)) {
                at++;
            }
            if (at > from) {
                return at - from;
            }
            if (to - from >= delimiter.length) { // it is whole, and it is one
                from += delimiter.length;
                inPart = false;
                return 0;
            }
            fill();
        }
    }

    /** Whether what lies there is the delimiter, as far as it has come. */
    private boolean mayBeginAt(int at) {
        int length = Math.min(delimiter.length, to - at);
        for (int i = 0; i < length; i++) {
            if (buffer[at + i] != delimiter[i]) {
                return false;
            }
        }
        return true;
    }

    /** At least one byte more; what is unread moves to the front. */
    private void fill() throws IOException {
        if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, to - from);
            to -= from;
            from = 0;
        }
        int count = ended ? -1 : source.read(buffer, to, buffer.length - to);
        if (count < 0) {
            ended = true;
            throw new FormException(400, "the form ends without its last delimiter");
        }
        to += count;
    }

    private void need(int bytes) throws IOException {
        while (to - from < bytes) {
            fill();
        }
    }

    private byte byteAt() throws IOException {
        need(1);
        return buffer[from];
    }

    /** A line without its end. */
    private String line() throws IOException {
        int length = 0;
        while (true) {
            need(length + 2);
            if (buffer[from + length] == '\r' && buffer[from + length + 1] == '\n') {
                String line = utf8(buffer, from, length);
                from += length + 2;
                return line;
            }
            if (++length > limits.headBytesMax() || length + 2 > BUFFER_BYTES) {
                throw new FormException(413, "a line of more than " + limits.headBytesMax() + " bytes in a form");
            }
        }
    }

    private void skipRest() throws IOException {
        while (!ended) {
            ended = source.read(buffer, 0, buffer.length) < 0;
        }
    }

    private static String utf8(byte[] bytes, int from, int length) throws FormException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, from, length))
                    .toString();
        } catch (CharacterCodingException malformed) {
            throw new FormException(400, "a field of a form that is not UTF-8");
        }
    }

    // ------------------------------------------------------------------------------------------- what is said about a
    // part

    private Part head() throws IOException {
        Parameters disposition = null;
        String type = "text/plain";
        int bytes = 0;
        int fields = 0;
        for (String line = line(); !line.isEmpty(); line = line()) {
            bytes += line.length();
            if (bytes > limits.headBytesMax() || ++fields > FIELDS_MAX) {
                throw new FormException(413, "too many fields in a part of a form");
            }
            int colon = line.indexOf(':');
            if (colon <= 0 || line.charAt(0) == ' ' || line.charAt(0) == '\t') {
                throw new FormException(400, "a line that is no field in a form: " + Printable.of(line));
            }
            switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "content-disposition" -> {
                    if (disposition != null) {
                        throw new FormException(400, "two Content-Dispositions in a part of a form");
                    }
                    disposition = new Parameters(line.substring(colon + 1));
                }
                case "content-type" -> type = line.substring(colon + 1).strip();
                case "content-transfer-encoding" -> {
                    String encoding = line.substring(colon + 1).strip().toLowerCase(Locale.ROOT);
                    if (!encoding.equals("binary") && !encoding.equals("8bit") && !encoding.equals("7bit")) {
                        throw new FormException(400, "a Content-Transfer-Encoding, which forms have no more");
                    }
                }
                default -> {}
            }
        }
        if (disposition == null || !disposition.value.equalsIgnoreCase("form-data")) {
            throw new FormException(400, "a part of a form without Content-Disposition: form-data");
        }
        String name = disposition.all.get("name");
        if (name == null) {
            throw new FormException(400, "a part of a form without a name");
        }
        String fileName = disposition.all.get("filename");
        return new Part(checked(name), fileName == null ? Optional.empty() : Optional.of(checked(fileName)), type);
    }

    private String checked(String name) throws FormException {
        if (name.getBytes(StandardCharsets.UTF_8).length > limits.nameBytesMax()) {
            throw new FormException(413, "a name of more than " + limits.nameBytesMax() + " bytes in a form");
        }
        return name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
    }

    /** {@code value; name=token; name="text"}: the names in lower case. */
    private static final class Parameters {

        final String value;
        final Map<String, String> all = new HashMap<>();

        Parameters(String text) throws FormException {
            int at = text.indexOf(';');
            value = (at < 0 ? text : text.substring(0, at)).strip();
            while (at >= 0 && at < text.length()) {
                int equals = text.indexOf('=', at);
                if (equals < 0) {
                    if (!text.substring(at + 1).isBlank()) {
                        throw malformed(text);
                    }
                    return;
                }
                String name = text.substring(at + 1, equals).strip().toLowerCase(Locale.ROOT);
                StringBuilder parameter = new StringBuilder();
                at = equals + 1;
                while (at < text.length() && text.charAt(at) == ' ') {
                    at++;
                }
                if (at < text.length() && text.charAt(at) == '"') {
                    at = quoted(text, at + 1, parameter);
                } else {
                    int end = text.indexOf(';', at);
                    parameter.append(
                            text.substring(at, end < 0 ? text.length() : end).strip());
                    at = end < 0 ? text.length() : end;
                }
                if (name.isEmpty() || all.put(name, parameter.toString()) != null) {
                    throw malformed(text);
                }
            }
        }

        /** Only a quotation mark is escaped: old browsers send whole paths, with their backslashes. */
        private static int quoted(String text, int from, StringBuilder into) throws FormException {
            int at = from;
            while (at < text.length() && text.charAt(at) != '"') {
                if (text.charAt(at) == '\\' && at + 1 < text.length() && text.charAt(at + 1) == '"') {
                    at++;
                }
                into.append(text.charAt(at++));
            }
            int after = at + 1;
            while (after < text.length() && text.charAt(after) == ' ') {
                after++;
            }
            if (at >= text.length() || after < text.length() && text.charAt(after) != ';') {
                throw malformed(text);
            }
            return after;
        }

        private static FormException malformed(String text) {
            return new FormException(400, "parameters that cannot be read in a form: " + Printable.of(text));
        }
    }
}
