package dev.pumasi.web;

/**
 * What has become of the scripts of a {@link Cgi} so far.
 *
 * @param started processes
 * @param running processes that have not ended yet
 * @param refused requests, because too many waited
 * @param failed requests, because there was no answer that could be passed on
 */
public record CgiStatus(long started, long running, long refused, long failed) {}
