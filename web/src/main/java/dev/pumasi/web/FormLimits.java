package dev.pumasi.web;

/**
 * What a form may be made of. How long it may be is the server's limit ({@link dev.pumasi.http.HttpLimits#bodyBytesMax}).
 *
 * @param partsMax parts
 * @param headBytesMax the fields of one part, together
 * @param nameBytesMax the name of a field or of a file, in UTF-8
 */
public record FormLimits(int partsMax, int headBytesMax, int nameBytesMax) {

    /** 1000 parts, 8 KiB, 255 bytes. */
    public static final FormLimits DEFAULTS = new FormLimits(1_000, 8 * 1024, 255);

    /** Fails with {@link IllegalArgumentException} if one of them is less than 1. */
    public FormLimits {
        if (partsMax < 1 || headBytesMax < 1 || nameBytesMax < 1) {
            throw new IllegalArgumentException("each limit of a form is at least 1");
        }
    }
}
