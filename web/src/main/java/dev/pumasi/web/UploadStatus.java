package dev.pumasi.web;

/**
 * What has become of uploads so far.
 *
 * @param stored files that are in place
 * @param broken uploads whose client went away, or sent what could not be read, in the middle
 * @param refused for want of room on the disk, or because they are too large
 * @param deleted files
 */
public record UploadStatus(long stored, long broken, long refused, long deleted) {}
