package dev.pumasi.http;

/**
 * Figures of an {@link HttpClient} since it was made, as of about now.
 *
 * @param requests asked for
 * @param connections made
 * @param reused how often a request found a connection that had served another
 * @param retries how often a request was sent again because a connection had ended before it said anything
 * @param redirects how many were followed
 * @param connectFailures connections that could not be made
 * @param violations how often servers broke the protocol or a limit
 * @param failures requests without an answer, or without all of it
 * @param open connections at the moment
 */
public record ClientStatus(
        long requests,
        long connections,
        long reused,
        long retries,
        long redirects,
        long connectFailures,
        long violations,
        long failures,
        int open) {

    static final ClientStatus NONE = new ClientStatus(0, 0, 0, 0, 0, 0, 0, 0, 0);

    ClientStatus plus(ClientStatus other) {
        return new ClientStatus(
                requests + other.requests,
                connections + other.connections,
                reused + other.reused,
                retries + other.retries,
                redirects + other.redirects,
                connectFailures + other.connectFailures,
                violations + other.violations,
                failures + other.failures,
                open + other.open);
    }
}
