package dev.pumasi.web;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what a client keeps for us, so that it can be read by everyone and changed by nobody: HMAC-SHA256 (RFC 2104) over the cookie's name and value.
 *
 * <p><b>Rotation.</b> The first key signs, all verify: put a new one in front, and take the last away when what it has signed is too old. A signature says nothing
 * about time: who must know how old a value is writes that into it.
 *
 * <p>Immutable; any thread.
 */
public final class CookieKeys {

    /** Shorter keys could be guessed (RFC 2104 section 3). */
    public static final int KEY_BYTES_MIN = 32;

    public static final int KEYS_MAX = 8;

    private static final String ALGORITHM = "HmacSHA256";

    private final List<SecretKeySpec> keys;

    private CookieKeys(List<SecretKeySpec> keys) {
        this.keys = List.copyOf(keys);
    }

    /**
     * From {@value #KEY_BYTES_MIN} random bytes or more each; the newest first.
     *
     * @throws IllegalArgumentException if there are none, too many, or one is too short
     */
    public static CookieKeys of(byte[]... newestFirst) {
        if (newestFirst.length == 0 || newestFirst.length > KEYS_MAX) {
            throw new IllegalArgumentException("from 1 to " + KEYS_MAX + " keys, not " + newestFirst.length);
        }
        List<SecretKeySpec> keys = new ArrayList<>();
        for (byte[] key : newestFirst) {
            if (key.length < KEY_BYTES_MIN) {
                throw new IllegalArgumentException("a key of " + key.length + " bytes: at least " + KEY_BYTES_MIN
                        + ", for instance of `openssl rand -base64 32`");
            }
            keys.add(new SecretKeySpec(key, ALGORITHM));
        }
        return new CookieKeys(keys);
    }

    /** The cookie with its signature behind its value. */
    public Cookie sign(Cookie cookie) {
        return cookie.withValue(cookie.value() + "." + signature(keys.getFirst(), cookie.name(), cookie.value()));
    }

    /** What was signed, if it was with one of these keys and for a cookie of that name; else empty. */
    public Optional<String> verify(String name, String signed) {
        int dot = signed.lastIndexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        String value = signed.substring(0, dot);
        byte[] given = signed.substring(dot + 1).getBytes(StandardCharsets.US_ASCII);
        for (SecretKeySpec key : keys) {
            byte[] right = signature(key, name, value).getBytes(StandardCharsets.US_ASCII);
            if (MessageDigest.isEqual(right, given)) { // takes the same time wherever they differ
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    private static String signature(SecretKeySpec key, String name, String value) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            // A name has no equals sign, so no other name and value come to the same bytes.
            byte[] signature = mac.doFinal((name + "=" + value).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, impossible);
        }
    }
}
