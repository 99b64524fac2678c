package dev.pumasi.http;

import java.nio.charset.StandardCharsets;

/** The type of a body, as its Content-Type field says it (RFC 9110 section 8.3). Encoded once; keep it in a constant. */
public final class MediaType {

    public static final MediaType TEXT = of("text/plain; charset=utf-8");
    public static final MediaType HTML = of("text/html; charset=utf-8");
    public static final MediaType JSON = of("application/json");
    public static final MediaType OCTETS = of("application/octet-stream");

    private final String name;

    /** The whole field line with its line end. */
    private final byte[] line;

    private MediaType(String name) {
        this.name = name;
        line = ("Content-Type: " + name + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Fails with {@link IllegalArgumentException} unless it is {@code type/subtype}, with or without parameters. */
    public static MediaType of(String name) {
        Field checked = new Field("Content-Type", name);
        if (!isOne(name)) {
            throw new IllegalArgumentException("not a media type: " + checked.value());
        }
        return new MediaType(name);
    }

    /** Whether a field's value is {@code type/subtype}, with or without parameters. */
    static boolean isOne(String name) {
        int slash = name.indexOf('/');
        int end = name.indexOf(';');
        String subtype = slash < 0 ? "" : name.substring(slash + 1, end < 0 ? name.length() : Math.max(end, slash + 1));
        return slash >= 0
                && Octets.all(Octets.TOKEN, name.substring(0, slash))
                && Octets.all(Octets.TOKEN, subtype.stripTrailing());
    }

    /** As the field has it: {@code text/plain; charset=utf-8}. */
    public String name() {
        return name;
    }

    byte[] line() {
        return line;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MediaType type && type.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
