package dev.pumasi.web;

import dev.pumasi.http.ClientStatus;

/**
 * Figures of a {@link Proxy} since it was made, as of about now.
 *
 * @param requests that came
 * @param retries how often another server was asked because the one before had failed
 * @param failures answered with 502 or 504, or with 503 because too many waited
 * @param unserved answered with 503 because no server could be used
 * @param tunnels upgraded connections at the moment
 * @param client what the connections to the servers count
 */
public record ProxyStatus(
        long requests, long retries, long failures, long unserved, int tunnels, ClientStatus client) {}
