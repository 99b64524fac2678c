package dev.pumasi.http;

/** What the connections of one loop count. Written on the loop's thread; read from anywhere, as of about now. */
final class ClientCounters {

    long requests;
    long connections;
    long reused;
    long retries;
    long redirects;
    long connectFailures;
    long violations;
    long failures;
    int open;
    int connecting;

    ClientStatus status() {
        return new ClientStatus(
                requests, connections, reused, retries, redirects, connectFailures, violations, failures, open);
    }
}
