package dev.pumasi.runtime.driver;

/**
 * How much room a file system has ({@code statfs(2)}).
 *
 * @param totalBytes all of it
 * @param freeBytes what nothing lies in
 * @param usableBytes what of that this process may use: less than what is free where some is kept for root, or a quota counts
 */
public record FileSpace(long totalBytes, long freeBytes, long usableBytes) {}
