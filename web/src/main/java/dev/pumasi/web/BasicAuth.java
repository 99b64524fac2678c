package dev.pumasi.web;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Offload;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A name and a password with each request (RFC 7617).
 *
 * <p>To compute the hash of a password takes milliseconds, on purpose; that is done on the threads of an {@link Offload}, never on a
 * loop, and what was right is remembered, as a keyed digest, until the file changes. A name that does not exist costs what a wrong
 * password costs, and hashes are compared in constant time.
 */
final class BasicAuth {

    /** How many right passwords are remembered. */
    static final int REMEMBERED_MAX = 10_000;

    /** Longer credentials are refused. */
    private static final int CREDENTIALS_CHARS_MAX = 1_024;

    private final String realm;
    private final PasswordFile file;
    private final Offload offload;
    private final SecretKeySpec key;
    private final Map<String, byte[]> remembered = new ConcurrentHashMap<>();
    private volatile Object rememberedOf = "";

    BasicAuth(String realm, PasswordFile file, Offload offload) {
        this.realm = realm;
        this.file = file;
        this.offload = offload;
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        key = new SecretKeySpec(random, "HmacSHA256");
    }

    /** @return {@link Step#GO_ON} if the password is right; the visit then has a user */
    Step check(Visit visit) throws IOException {
        String header = visit.request().header("Authorization", "");
        if (header.length() < 7
                || !header.substring(0, 6).toLowerCase(Locale.ROOT).equals("basic ")) {
            return refused();
        }
        String encoded = header.substring(6).strip();
        if (encoded.length() > CREDENTIALS_CHARS_MAX) {
            return refused();
        }
        String credentials;
        try {
            credentials = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException wrong) {
            return refused();
        }
        int colon = credentials.indexOf(':');
        if (colon < 0) {
            return refused();
        }
        String user = credentials.substring(0, colon);
        String password = credentials.substring(colon + 1);
        PasswordFile.Users users = file.users(visit.request().loop());
        if (rememberedOf != users) {
            remembered.clear();
            rememberedOf = users;
        }
        byte[] digest = digest(credentials);
        byte[] before = remembered.get(user);
        if (before != null && MessageDigest.isEqual(before, digest)) {
            visit.user(user);
            return Step.GO_ON;
        }
        boolean right;
        try {
            // Under the models without green threads the one that serves computes, as it does all else.
            right = Thread.currentThread().isVirtual()
                    ? Boolean.TRUE.equals(offload.call(() -> users.isRight(user, password)))
                    : users.isRight(user, password);
        } catch (OperationException busy) {
            if (busy.failure() == Failure.REJECTED) {
                return new Step.Refused(503, "Retry-After", "1");
            }
            throw busy;
        }
        if (!right) {
            return refused();
        }
        if (remembered.size() >= REMEMBERED_MAX) {
            remembered.clear();
        }
        remembered.put(user, digest);
        visit.user(user);
        return Step.GO_ON;
    }

    private byte[] digest(String credentials) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(credentials.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has HmacSHA256", impossible);
        }
    }

    private Step refused() {
        return new Step.Refused(401, "WWW-Authenticate", "Basic realm=\"" + realm + "\"");
    }

    @Override
    public String toString() {
        return "password from " + file;
    }
}
