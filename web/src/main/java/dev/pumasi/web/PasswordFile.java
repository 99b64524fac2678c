package dev.pumasi.web;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.OperationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.Crypt;
import org.apache.commons.codec.digest.Md5Crypt;

/**
 * Names and hashes of passwords, {@code name:hash} in each line, as {@code htpasswd} and {@code openssl passwd} write them. It is looked
 * at again each second, and read again when it has changed.
 *
 * <p>Schemes: {@code $apr1$} and {@code $1$} (MD5), {@code $5$} and {@code $6$} (SHA-256 and SHA-512 crypt), {@code {SHA}}, {@code {SSHA}},
 * {@code {PLAIN}}, and the old {@code crypt} of thirteen characters. bcrypt ({@code $2y$}) is refused.
 */
final class PasswordFile {

    /** The largest file. */
    static final int BYTES_MAX = 1024 * 1024;

    private static final System.Logger LOG = System.getLogger("dev.pumasi.web");

    private static final String APR1 = "$apr1$";

    private final Path path;
    private volatile Users users;
    private volatile long checkedNanos;
    private volatile FileVersion version;

    /** What was in it. */
    static final class Users {

        private final Map<String, String> hashes;

        Users(Map<String, String> hashes) {
            this.hashes = Map.copyOf(hashes);
        }

        int count() {
            return hashes.size();
        }

        /** Computes for milliseconds. */
        boolean isRight(String user, String password) {
            String hash = hashes.get(user);
            if (hash != null) {
                return matches(password, hash);
            }
            // As long as for a name that exists, whatever scheme that would have.
            hashes.values().stream().findFirst().ifPresent(other -> matches(password, other));
            return false;
        }

        private static boolean matches(String password, String hash) {
            byte[] octets = password.getBytes(StandardCharsets.UTF_8);
            try {
                if (hash.startsWith("{SHA}")) {
                    byte[] wanted = Base64.getDecoder().decode(hash.substring("{SHA}".length()));
                    return MessageDigest.isEqual(wanted, sha1().digest(octets));
                }
                if (hash.startsWith("{SSHA}")) {
                    byte[] wanted = Base64.getDecoder().decode(hash.substring("{SSHA}".length()));
                    if (wanted.length < 20) {
                        return false;
                    }
                    MessageDigest digest = sha1();
                    digest.update(octets);
                    digest.update(wanted, 20, wanted.length - 20);
                    return MessageDigest.isEqual(Arrays.copyOf(wanted, 20), digest.digest());
                }
                if (hash.startsWith("{PLAIN}")) {
                    return same(hash.substring("{PLAIN}".length()), password);
                }
                return same(hash, hash.startsWith(APR1) ? Md5Crypt.apr1Crypt(octets, hash) : Crypt.crypt(octets, hash));
            } catch (IllegalArgumentException | NoSuchAlgorithmException malformed) {
                return false;
            }
        }

        private static MessageDigest sha1() throws NoSuchAlgorithmException {
            return MessageDigest.getInstance("SHA-1");
        }

        private static boolean same(String one, String other) {
            return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
        }
    }

    PasswordFile(Path path, Users users) {
        this.path = path;
        this.users = users;
        version = new FileVersion(-1, 0, 0, 0);
        checkedNanos = System.nanoTime() - FileCache.FRESH_NANOS;
    }

    /** Lines that are no entries are told to {@code wrong}, with their number before them. */
    static Users parse(String text, List<String> wrong) {
        Map<String, String> hashes = new LinkedHashMap<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split(":", 3);
            if (parts.length < 2 || parts[0].isEmpty()) {
                wrong.add("line " + number + " is not name:hash");
            } else if (!isKnown(parts[1])) {
                wrong.add("line " + number + " has a hash of a scheme that is not supported");
            } else {
                hashes.put(parts[0], parts[1]);
            }
        }
        return new Users(hashes);
    }

    private static boolean isKnown(String hash) {
        return hash.startsWith(APR1)
                || hash.matches("\\$[156]\\$.+")
                || hash.matches("\\{(SHA|SSHA|PLAIN)}.*")
                || hash.matches("[./0-9A-Za-z]{13}");
    }

    /** Those of about now. Parks while the file is looked at. One that cannot be read leaves what was known. */
    Users users(Loop loop) throws IOException {
        long now = System.nanoTime();
        if (now - checkedNanos < FileCache.FRESH_NANOS) {
            return users;
        }
        checkedNanos = now;
        try {
            FileVersion current = FileVersion.of(loop.files().status(path));
            if (!current.equals(version) || !current.isSettled(System.currentTimeMillis())) {
                String text = new String(loop.files().readAll(path, BYTES_MAX), StandardCharsets.UTF_8);
                Users read = parse(text, new ArrayList<>());
                if (!read.hashes.equals(users.hashes)) {
                    users = read;
                }
                version = current;
            }
        } catch (OperationException refused) {
            LOG.log(System.Logger.Level.WARNING, "passwords as before: {0}", refused.getMessage());
        }
        return users;
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
