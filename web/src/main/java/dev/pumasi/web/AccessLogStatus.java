package dev.pumasi.web;

/**
 * Figures of an {@link AccessLog}.
 *
 * @param lines that are in the file
 * @param lost lines that are not, because the disk was slower than the requests or failed; the log says so itself
 * @param writes calls in which the lines went there
 */
public record AccessLogStatus(long lines, long lost, long writes) {}
